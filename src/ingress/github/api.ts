import { Probot, ProbotOctokit } from 'probot'
import type { GithubApi, GithubResult } from '../../messages/github/api.ts'
import { pkcs8 } from './pkcs8.ts'
import type { GithubPorts } from './ports.ts'

/** No call may take longer: a comment is waiting for it. */
export const callMs = 10_000
const shownCharsMax = 300

type Given = {
  readonly appId: string
  readonly privateKey: string
  readonly secret: string
  /** Of GitHub Enterprise; `undefined` is github.com. */
  readonly baseUrl: string | undefined
  readonly log: GithubPorts['log']
}

/**
 * Probot, which knows what kind of thing happened and speaks as an installation of the app. Its own
 * pauses of seconds between calls and its second tries are off: who calls keeps the pace.
 */
export function probotOf({ appId, privateKey, secret, baseUrl, log }: Given): Probot {
  const Octokit = plainOctokit()
  return new Probot({
    ...{ appId, privateKey: pkcs8(privateKey), secret, Octokit },
    ...(baseUrl === undefined ? {} : { baseUrl }),
    log: namedLog(log) as never,
  })
}

/** Our log as Probot and Octokit use one: named anew for each use, and told with or without fields. */
function namedLog(log: GithubPorts['log']) {
  const told =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (given: object | string, text = '') => {
      if (typeof given === 'string') log[level]({ from: 'probot' }, given)
      else if (given instanceof Error) log[level]({ err: given }, text || given.message)
      else log[level](given, text)
    }
  const own = {
    ...{ debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') },
    child: () => own,
  }
  return own
}

/** Octokit that asks once, and says at once what came of it. */
export const plainOctokit = () =>
  ProbotOctokit.defaults((options: object) => ({
    ...options,
    throttle: { enabled: false },
    retry: { enabled: false },
    request: { signal: undefined, timeout: callMs },
  }))

/**
 * GitHub's API as the app and as its installations, with every error as a value. A token that was revoked
 * would be kept for an hour: then a Probot is made anew, which has none.
 */
export function githubApi(make: () => Probot): GithubApi {
  let probot = make()
  const ask = async (installation: number | undefined, route: string, parameters: object) => {
    const octokit = await probot.auth(installation)
    const request = { signal: AbortSignal.timeout(callMs) }
    const { status, data, headers } = await octokit.request(route, { ...parameters, request })
    return { kind: 'ok', status, data, next: nextPage(headers.link) } as const
  }
  const call = async (installation: number | undefined, route: string, parameters: object) => {
    const used = probot
    try {
      return await ask(installation, route, parameters)
    } catch (error) {
      if (!isExpired(error)) return resultOf(error)
      if (probot === used) probot = make()
      return ask(installation, route, parameters).catch(resultOf)
    }
  }
  return { call, callAsApp: (route, parameters) => call(undefined, route, parameters) }
}

/** What GitHub's Link header asks to add to a question for the page that follows. */
function nextPage(link: string | undefined): Readonly<Record<string, string>> | null {
  const next = /<([^<>]+)>;\s*rel="next"/.exec(link ?? '')?.[1]
  if (next === undefined || !URL.canParse(next)) return null
  const { searchParams } = new URL(next)
  const pages = [...searchParams].filter(([name]) => name === 'page' || name === 'cursor')
  return pages.length > 0 ? Object.fromEntries(pages) : null
}

const isExpired = (error: unknown): boolean =>
  error instanceof Error && 'status' in error && error.status === 401

type Failure = {
  readonly status?: unknown
  readonly message?: unknown
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> }
}

/** An error of Octokit as a value. */
export function resultOf(error: unknown): GithubResult {
  const { status, message, response }: Failure = error instanceof Error ? (error as Failure) : {}
  const words = String(message).slice(0, shownCharsMax)
  // Octokit calls it 500 when nobody answers.
  if (typeof status !== 'number' || response === undefined)
    return { kind: 'unreachable', problem: 'no answer' }
  if (status >= 500) return { kind: 'unreachable', problem: `status ${status}` }
  const wait = waitOf(status, response.headers ?? {}, words)
  if (wait !== null) return { kind: 'limited', afterMs: wait }
  if (status === 401) return { kind: 'unreachable', problem: 'status 401' }
  return { kind: 'refused', status, message: words }
}

/** How long GitHub asks to wait, for either of its limits. */
function waitOf(
  status: number,
  headers: Readonly<Record<string, string | number | undefined>>,
  message: string,
): number | null {
  if (status !== 403 && status !== 429) return null
  const after = Number(headers['retry-after'])
  if (after > 0) return after * 1000
  const reset = Number(headers['x-ratelimit-reset'])
  if (headers['x-ratelimit-remaining'] === '0' && reset > 0)
    return Math.max(1_000, reset * 1000 - Date.now())
  // GitHub's own advice when it does not say how long.
  return status === 429 || /secondary rate limit/i.test(message) ? 60_000 : null
}
