import { eventually } from './eventually.ts'

export type Answer = {
  readonly status: number
  readonly body: unknown
  readonly text: string
  readonly headers: Headers
}

/** What the API says of an event. */
export type EventSeen = {
  readonly status: string
  readonly statusDesc: string
  readonly decisionId: string
  readonly gitopsHashes: readonly { readonly hash: string }[]
}

/** The API as the administrator calls it, unless another token is given, or none. */
export function apiClient({ url, adminToken }: { url: string; adminToken: string }) {
  const call = async (
    path: string,
    init: RequestInit & { token?: string | null } = {},
  ): Promise<Answer> => {
    const { token = adminToken, ...rest } = init
    const headers = new Headers(rest.headers)
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    const response = await fetch(`${url}${path}`, { ...rest, headers })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    const body = isJson ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, text, body }
  }
  const post = (path: string, body: unknown, token?: string | null) =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(token === undefined ? {} : { token }),
    })
  return {
    ...{ call, post },
    /** Waits for the end of a request and answers its event. */
    ended: (id: string) =>
      eventually(async () => {
        const { body } = await call(`/api/event?id=${encodeURIComponent(id)}`)
        const event = body as EventSeen
        if (event.status === 'new') throw new Error(`${id} is new`)
        return event
      }),
  }
}
