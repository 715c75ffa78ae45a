import { z } from 'zod'
import type { GithubApi, GithubResult } from '../../messages/github/api.ts'
import { callMs, plainOctokit, resultOf } from './api.ts'

/** A call about one repository. Never throws, never tries again. */
export type RepositoryCall = (
  route: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<GithubResult>

/** Who asks: the app, as its installation on the repository, or whoever the token is for. */
export type Asking =
  | { readonly kind: 'app'; readonly api: GithubApi }
  | { readonly kind: 'token'; readonly token: string }

type At = {
  readonly owner: string
  readonly repo: string
  /** The API of GitHub Enterprise; `undefined` is github.com. */
  readonly baseUrl: string | undefined
}

/** The way to GitHub of one repository; `POST /graphql` is GraphQL wherever the host has it. */
export function githubCallOf(asking: Asking, at: At): RepositoryCall {
  const ask = asking.kind === 'app' ? appCall(asking.api, at) : tokenCall(asking.token, at)
  return async (route, parameters) => {
    if (route !== 'POST /graphql') return ask(route, parameters)
    return limitedOf(await ask(graphqlRoute(at.baseUrl), parameters))
  }
}

/** GitHub Enterprise has GraphQL beside the third version of REST, not below it. */
export const graphqlRoute = (baseUrl: string | undefined): string =>
  baseUrl === undefined
    ? 'POST /graphql'
    : `POST ${baseUrl.replace(/\/v3\/?$/, '').replace(/\/$/, '')}/graphql`

const graphqlError = z.looseObject({ type: z.string().default(''), message: z.string() })
const graphqlErrors = z.looseObject({ errors: z.array(graphqlError) })
/** GitHub's own advice when it does not say how long. */
const limitMs = 60_000

/** GraphQL answers 200 to whoever has asked too often, too. */
function limitedOf(result: GithubResult): GithubResult {
  const { data } = graphqlErrors.safeParse(result.kind === 'ok' ? result.data : null)
  const [error] = data?.errors ?? []
  if (error === undefined) return result
  const isLimit = error.type === 'RATE_LIMITED' || /secondary rate limit/i.test(error.message)
  return isLimit ? { kind: 'limited', afterMs: limitMs } : result
}

function tokenCall(token: string, { baseUrl }: At): RepositoryCall {
  const Octokit = plainOctokit()
  const octokit = new Octokit({ auth: { token }, ...(baseUrl === undefined ? {} : { baseUrl }) })
  return async (route, parameters) => {
    const request = { signal: AbortSignal.timeout(callMs) }
    try {
      const { status, data } = await octokit.request(route, { ...parameters, request })
      return { kind: 'ok', status, data }
    } catch (error) {
      return resultOf(error)
    }
  }
}

const installationShape = z.looseObject({
  id: z.number().int(),
  permissions: z.looseObject({ contents: z.string().optional() }).default({}),
})

type Installed = { readonly kind: 'installed'; readonly id: number; readonly writes: boolean }

function appCall(api: GithubApi, { owner, repo }: At): RepositoryCall {
  const full = `${owner}/${repo}`
  let known: Installed | undefined
  const look = async (): Promise<Installed | GithubResult> => {
    known = undefined
    const result = await api.callAsApp('GET /repos/{owner}/{repo}/installation', { owner, repo })
    if (result.kind === 'refused' && result.status === 404)
      return { ...result, message: notInstalled(full) }
    if (result.kind !== 'ok') return result
    const { data } = installationShape.safeParse(result.data)
    if (!data) return { kind: 'unreachable', problem: 'the answer is not one of GitHub’s' }
    known = { kind: 'installed', id: data.id, writes: data.permissions.contents === 'write' }
    return known
  }
  return async (route, parameters) => {
    const isRead = reads(route, parameters)
    // Somebody may have accepted by now what the app asks for.
    const found = known && (isRead || known.writes) ? known : await look()
    if (found.kind !== 'installed') return found
    if (!isRead && !found.writes)
      return { kind: 'refused', status: 403, message: mayNotWrite(full) }
    const result = await api.call(found.id, route, parameters)
    if (!isOfOthers(result)) return result
    const now = await look()
    if (now.kind !== 'installed') return now.kind === 'refused' ? now : result
    if (!isRead && !now.writes) return { kind: 'refused', status: 403, message: mayNotWrite(full) }
    return now.id === found.id ? result : api.call(now.id, route, parameters)
  }
}

const reads = (route: string, { query }: Readonly<Record<string, unknown>>): boolean =>
  typeof query === 'string' ? !query.startsWith('mutation') : route.startsWith('GET ')

/** Whoever installs the app anew gives it another id, and may give it less. */
const isOfOthers = (result: GithubResult): boolean =>
  (result.kind === 'refused' && [403, 404].includes(result.status)) ||
  (result.kind === 'unreachable' && result.problem === 'status 401')

const notInstalled = (full: string): string =>
  `the app is not installed on ${full}; install it there, in the app’s settings under Install App`

const mayNotWrite = (full: string): string =>
  `the app may not write to ${full}; set contents to write in the app’s settings under Permissions & events, and accept it where the app is installed`
