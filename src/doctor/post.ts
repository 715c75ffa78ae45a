/** How long whoever is asked may take to answer. */
const answerMs = 5_000

export type Posted = {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  /** `null` when it is not JSON. */
  readonly json: unknown
}

/** A POST and its answer; `null` when nobody answers in time. Why is not told: it may quote an address. */
export async function post(url: string, { headers, body }: Posted): Promise<Answer | null> {
  try {
    const signal = AbortSignal.timeout(answerMs)
    const init = { method: 'POST', headers, redirect: 'manual', signal } as const
    const response = await fetch(url, body === undefined ? init : { ...init, body })
    const json: unknown = await response.json().catch(() => null)
    return { status: response.status, headers: response.headers, json }
  } catch {
    return null
  }
}
