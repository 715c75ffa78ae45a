import { z } from 'zod'

const callMs = 10_000

const answerSchema = z.object({
  id: z.int().positive(),
  pem: z.string().includes('-----BEGIN'),
  webhook_secret: z.string(),
  html_url: z.string(),
  slug: z.string(),
})

/** The new app as GitHub tells it, once. */
export type NewApp = z.output<typeof answerSchema>

/** Exchanges the code that GitHub sent a browser back with for the app's keys; every error is a value. */
export async function convert(
  apiUrl: string,
  code: string,
): Promise<NewApp | { readonly problem: string }> {
  try {
    const url = `${apiUrl}/app-manifests/${encodeURIComponent(code)}/conversions`
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/vnd.github+json', 'user-agent': 'gimletd' },
      redirect: 'error',
      signal: AbortSignal.timeout(callMs),
    })
    if (!response.ok) return { problem: problemOf(response.status) }
    const answer = answerSchema.safeParse(await response.json())
    return answer.success ? answer.data : { problem: 'Its answer was not one that can be used' }
  } catch (error) {
    const isText = error instanceof SyntaxError
    return { problem: isText ? 'Its answer was not one that can be used' : 'It did not answer' }
  }
}

const problemOf = (status: number): string =>
  status === 404 || status === 422
    ? `It does not know this code any more (${status})`
    : `It answered ${status}`
