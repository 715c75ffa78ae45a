import { Unreachable } from '../client.ts'
import type { Environment } from './build.ts'

/** How long the CI system may take to answer with a token. */
const answerMs = 10_000

/**
 * Where a build gets its own token, made for this server: GitHub’s is asked for anew each time, since
 * it counts once; GitLab’s stands in `GIMLET_ID_TOKEN`. Nothing where a build has no identity.
 */
export function idTokenSource(
  environment: Environment,
  server: string,
): (() => Promise<string>) | undefined {
  const { GIMLET_ID_TOKEN: ready } = environment
  if (ready) return async () => ready
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = environment
  return url && secret ? () => askGithub({ url, secret, audience: server }) : undefined
}

type Request = { readonly url: string; readonly secret: string; readonly audience: string }

async function askGithub({ url, secret, audience }: Request): Promise<string> {
  const address = new URL(url)
  address.searchParams.set('audience', audience)
  let answer: unknown
  try {
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${secret}`, accept: 'application/json' },
      signal: AbortSignal.timeout(answerMs),
      redirect: 'error',
    })
    answer = await response.json()
  } catch (error) {
    throw new Unreachable('The CI system did not answer with an id token', { cause: error })
  }
  const { value } = (answer ?? {}) as { value?: unknown }
  if (typeof value === 'string' && value !== '') return value
  throw new Unreachable(
    'The CI system gave no id token: give the job "permissions: id-token: write", or set GIMLET_TOKEN',
  )
}
