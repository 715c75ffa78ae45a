import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, type Ask, message, ok, paramsOf, Refused } from './github-answers.ts'
import { jwtProblem, privateKey } from './github-auth.ts'
import { gitRoutes } from './github-git.ts'
import { readRoutes } from './github-reads.ts'
import { appRoutes, type RepositoryRoute, repositoryRoutes, tokenRoutes } from './github-routes.ts'
import { type SenderOptions, senderOf } from './github-sender.ts'
import { apiOf, installationShape, repositoryShape } from './github-shapes.ts'
import { GithubState, type Json, type Repository } from './github-state.ts'
import type { Later } from './temp.ts'

export type GithubCall = {
  /** Without `/api/v3` and the query. */
  readonly path: string
  readonly method: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Json
  readonly atMs: number
  readonly token: 'app' | 'installation' | 'none'
  readonly accept: string
  /** 0 for a call that got no answer. */
  status: number
}
export type GithubFault =
  /** The primary limit: nothing remains until `x-ratelimit-reset`. */
  | { readonly status: 403; readonly rateLimit: true; readonly retryAfter?: number }
  | { readonly status: 403; readonly secondary: true; readonly retryAfter?: number }
  | { readonly status: 429; readonly retryAfter: number }
  | { readonly status: number; readonly message?: string; readonly body?: Json }
  | { readonly html: true }
  | { readonly hang: number }
  /** Nothing is done, and the connection ends. */
  | { readonly close: true }
  /** It is done, but the connection ends before the answer. */
  | { readonly lost: true }
type Waiting = { method: string; path: RegExp; answer: GithubFault; times: number; after: number }
type Token = { token: string; installationId: number; endsMs: number; repositoryIds: number[] | undefined } // biome-ignore format: one type

const tokenMs = 60 * 60_000
const limitPerHour = 5000

/** GitHub as the app sees it: REST, GraphQL, and what sends signed webhooks. */
export class GithubStandIn extends GithubState {
  readonly privateKey = privateKey
  /** Content that may be made in a minute and in an hour; more is answered as GitHub's secondary limit. */
  limitPerMinute: number | undefined
  limitPerContentHour: number | undefined
  /** Points that may be spent in a minute: 1 for what reads, 5 for what makes content. */
  pointsPerMinute: number | undefined
  /** Looks at each call, and says what goes wrong with it; `fail` says so of some that are to come. */
  fault: (call: GithubCall) => GithubFault | undefined = () => undefined
  readonly calls: GithubCall[] = []
  /** When content was made or changed, in milliseconds. */
  readonly created: number[] = []
  /** Every installation token that it gave. */
  readonly installationTokens: string[] = []
  readonly #faults: Waiting[] = []
  readonly #tokens: Token[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #isDown = false

  /** `127.0.0.1:PORT`, for GHE_HOST; GHE_PROTOCOL is http. */
  get host(): string {
    return this.origin.replace('http://', '')
  }

  get apiUrl(): string {
    return apiOf(this)
  }

  callsOf = (method: string, path: RegExp): GithubCall[] =>
    this.calls.filter((call) => call.method === method && path.test(call.path))

  /** The most content that was made within any such time. */
  createdMax = (windowMs = 60_000): number =>
    Math.max(0, ...this.created.map((from) => this.created.filter((at) => at >= from && at < from + windowMs).length)) // biome-ignore format: one value

  /** Answers the next calls that match with a fault; the path is without `/api/v3`. */
  // biome-ignore lint/complexity/useMaxParams: a call is known by method and path, and most fail once.
  fail(method: string, path: RegExp, answer: GithubFault, times = 1): void {
    this.#faults.push({ method, path, answer, times, after: 0 })
  }

  /** A token of a person who may do what the installation may. */
  personalToken(installationId = 42): string {
    const token = `ghp_${String(this.next()).padStart(36, '0')}`
    const endsMs = Number.POSITIVE_INFINITY
    this.#tokens.push({ token, installationId, endsMs, repositoryIds: undefined })
    return token
  }

  /** Answers only that one of the calls to come with a fault, counted from 1. */
  // biome-ignore lint/complexity/useMaxParams: as `fail`.
  failNth(method: string, path: RegExp, answer: GithubFault, nth: number): void {
    this.#faults.push({ method, path, answer, times: 1, after: nth - 1 })
  }

  expireTokens(): void {
    this.#tokens.length = 0
  }

  down(): void {
    this.#isDown = true
    for (const socket of this.#sockets) socket.destroy()
  }

  up(): void {
    this.#isDown = false
  }

  sender = (url: string, options: SenderOptions) => senderOf(this, url, options)

  async start(): Promise<void> {
    this.#server.on('connection', (socket) => {
      if (this.#isDown) return void socket.destroy()
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.down()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return // The client, or `down`, has ended the connection.
    }
    const url = new URL(request.url ?? '/', 'http://github.test')
    const path = url.pathname.replace(/^\/api(?:\/v3)?(?=\/)/, '')
    const body = parsed(Buffer.concat(chunks).toString('utf8'))
    const bearer = /^(?:bearer|token) (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const kind = bearer === undefined ? 'none' : bearer.includes('.') ? 'app' : 'installation'
    const query = Object.fromEntries(url.searchParams)
    const [method, accept] = [request.method ?? 'GET', request.headers.accept ?? '']
    const call: GithubCall = { method, path, query, body: body ?? {}, atMs: this.nowMs(), token: kind, accept, status: 0 } // biome-ignore format: one value
    this.calls.push(call)
    const fault = this.fault(call) ?? this.#faultOf(call)
    if (fault && 'close' in fault) return void request.socket.destroy()
    // A stand-in that waits must not keep the test's process alive.
    if (fault && 'hang' in fault) await wait(fault.hang, undefined, { ref: false })
    const answer =
      (fault && this.#faultAnswer(fault)) ??
      (body ? await this.#answer(call, bearer) : message(400, 'Problems parsing JSON'))
    if (fault && 'lost' in fault) return void request.socket.destroy()
    if (!response.destroyed) this.#write(response, call, answer)
  }

  #write(response: ServerResponse, call: GithubCall, { status, body, headers }: Answer): void {
    call.status = status
    const isText = typeof body === 'string'
    const used = this.calls.length
    response.writeHead(status, {
      'content-type': isText ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
      'x-github-request-id': `0000:${used}`,
      'x-ratelimit-limit': limitPerHour,
      'x-ratelimit-remaining': Math.max(limitPerHour - used, 1),
      'x-ratelimit-reset': Math.floor(this.nowMs() / 1000) + 3600,
      'x-ratelimit-resource': 'core',
      ...headers,
    })
    response.end(status === 204 ? undefined : isText ? body : JSON.stringify(body))
  }

  #faultOf({ method, path }: GithubCall): GithubFault | undefined {
    const isMeant = (one: Waiting) => one.times > 0 && one.method === method && one.path.test(path)
    const waiting = this.#faults.find(isMeant)
    if (waiting && waiting.after-- > 0) return undefined
    if (waiting) waiting.times--
    return waiting?.answer
  }

  #faultAnswer(fault: GithubFault): Answer | undefined {
    if ('html' in fault) return ok('<!DOCTYPE html><title>Unicorn! · GitHub</title>')
    if (!('status' in fault)) return undefined
    const { status } = fault
    const retry: Record<string, string> = 'retryAfter' in fault ? { 'retry-after': String(fault.retryAfter) } : {} // biome-ignore format: one value
    if ('rateLimit' in fault) {
      const reset = String(Math.floor(this.nowMs() / 1000) + (fault.retryAfter ?? 60))
      const headers = { ...retry, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
      return { ...message(403, 'API rate limit exceeded for installation ID 42.'), headers }
    }
    if ('secondary' in fault || 'retryAfter' in fault)
      return { ...message(status, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'), headers: retry } // biome-ignore format: one value
    if (status >= 500 && !fault.body) return ok('<html><body>Server Error</body></html>', status)
    return message(status, fault.message ?? 'Validation Failed', fault.body)
  }

  async #answer(call: GithubCall, bearer: string | undefined): Promise<Answer> {
    let answer: Answer
    try {
      answer = await this.#route(call, bearer)
    } catch (error) {
      answer = error instanceof Refused ? error.answer : message(500, String(error))
    }
    const { method, path } = call
    if ([400, 422, 500].includes(answer.status)) this.problems.push(`${method} ${path}: ${JSON.stringify(answer.body)}`) // biome-ignore format: one line
    return answer
  }

  #route(call: GithubCall, bearer: string | undefined): Answer | Promise<Answer> {
    const { method, path, body, accept } = call
    const query = new URLSearchParams(call.query)
    const ask = { state: this, path, query, body, accept, params: {}, installationId: 0 }
    if (/^\/app(\/|$)/.test(path) || /^\/repos\/[^/]+\/[^/]+\/installation$/.test(path)) {
      const problem = bearer ? jwtProblem(bearer, this.appId) : 'A JSON web token could not be decoded' // biome-ignore format: one value
      if (problem) return message(401, problem)
      return this.#appRoute(ask, method)
    }
    const token = this.#tokens.find((one) => one.token === bearer && one.endsMs > this.nowMs())
    if (!token) return message(401, bearer ? 'Bad credentials' : 'Requires authentication')
    const { installationId } = token
    const installation = this.installations.find(({ id }) => id === installationId)
    if (installation?.isSuspended) return message(403, 'This installation has been suspended')
    if (this.#isTooMuch(call))
      return this.#faultAnswer({ status: 403, secondary: true, retryAfter: 60 }) as Answer
    if (makesContent(call)) this.created.push(this.nowMs())
    for (const [of, template, run] of tokenRoutes) {
      const params = of === method && paramsOf(template, path)
      if (params) return run({ ...ask, installationId, params })
    }
    return this.#repositoryRoute({ ...ask, installationId }, method, token)
  }

  #isTooMuch(call: GithubCall): boolean {
    const no = Number.POSITIVE_INFINITY
    const createdIn = (ms: number) => this.created.filter((at) => at > this.nowMs() - ms).length
    const points = this.calls
      .filter(({ atMs, token }) => token === 'installation' && atMs > this.nowMs() - 60_000)
      .reduce((sum, one) => sum + (makesContent(one) ? 5 : 1), 0)
    if (points > (this.pointsPerMinute ?? no)) return true
    if (!makesContent(call)) return false
    const isOver = createdIn(60_000) >= (this.limitPerMinute ?? no)
    return isOver || createdIn(60 * 60_000) >= (this.limitPerContentHour ?? no)
  }

  #appRoute(ask: Ask, method: string): Answer {
    for (const [of, template, run] of appRoutes) {
      const params = of === method && paramsOf(template, ask.path)
      if (params) return run({ ...ask, params })
    }
    const id = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(ask.path)?.[1]
    if (method === 'POST' && id) return this.#issueToken(Number(id), ask.body)
    const [, name] = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(ask.path) ?? []
    const repository = this.repositories.find(({ fullName }) => isSame(fullName, name))
    const installation = this.installations.find((one) => one.id === repository?.installationId)
    if (name !== undefined && !installation) return message(404, 'Not Found')
    return installation ? ok(installationShape(this, installation)) : this.#unknown(ask, method)
  }

  #issueToken(installationId: number, body: Json): Answer {
    const installation = this.installations.find(({ id }) => id === installationId)
    if (!installation) return message(404, 'Not Found')
    if (installation.isSuspended) return message(403, 'This installation has been suspended')
    const own = this.repositories.filter((one) => one.installationId === installationId)
    const [ids, names] = [body.repository_ids, body.repositories] as [number[]?, string[]?]
    const asked = own.filter(({ id, name }) => ids?.includes(id) || names?.includes(name))
    const isPart = ids !== undefined || names !== undefined
    if (isPart && asked.length < (ids ?? names ?? []).length)
      return message(422, 'There is at least one repository that does not exist or is not accessible to the parent installation.') // biome-ignore format: one line
    const wanted = (body.permissions ?? this.permissions) as Record<string, string>
    const isTooMuch = Object.entries(wanted).some(([name, level]) => !this.#isGranted(name, level))
    if (isTooMuch) return message(422, 'The permissions requested are not granted to this installation.') // biome-ignore format: one line
    const token = `ghs_${randomBytes(18).toString('hex')}`
    this.installationTokens.push(token)
    const endsMs = this.nowMs() + tokenMs
    const repositoryIds = isPart ? asked.map(({ id }) => id) : undefined
    this.#tokens.push({ token, installationId, endsMs, repositoryIds })
    const repositories = isPart ? { repositories: asked.map((one) => repositoryShape(this, one)) } : {} // biome-ignore format: one value
    const expires_at = new Date(endsMs).toISOString().replace(/\.\d+Z$/, 'Z')
    return ok({ token, expires_at, permissions: wanted, repository_selection: 'selected', ...repositories }, 201) // biome-ignore format: one value
  }

  #isGranted = (name: string, level: string): boolean =>
    this.permissions[name] !== undefined && (level === 'read' || this.permissions[name] === 'write')

  #repositoryRoute(ask: Ask, method: string, token: Token): Answer | Promise<Answer> {
    const [, byName, byId, rest = ''] = /^\/(?:repos\/([^/]+\/[^/]+)|repositories\/(\d+))(\/.*)?$/.exec(ask.path) ?? [] // biome-ignore format: one value
    if (!byName && !byId) return this.#unknown(ask, method)
    const moved = this.repositories.find(({ formerNames }) => formerNames.some((one) => isSame(one, byName))) // biome-ignore format: one value
    const repository = this.repositories.find(
      ({ id, fullName }) => (byId ? id === Number(byId) : isSame(fullName, byName)), // biome-ignore format: one value
    )
    if (!repository && moved) return this.#moved(moved, `${rest}${ask.query.size > 0 ? `?${ask.query}` : ''}`, method) // biome-ignore format: one line
    const isSeen = repository?.installationId === token.installationId && (token.repositoryIds?.includes(repository.id) ?? true) // biome-ignore format: one value
    if (!repository || !isSeen) return message(404, 'Not Found')
    const routes = repository.folder
      ? [...readRoutes, ...gitRoutes, ...repositoryRoutes]
      : repositoryRoutes
    for (const [of, template, needs, run] of routes) {
      const params = of === method && paramsOf(template, rest)
      if (!params) continue
      return this.#refusal(method, needs) ?? run({ ...ask, params, repository })
    }
    return this.#unknown(ask, method)
  }

  #refusal(method: string, needs: RepositoryRoute[2]): Answer | undefined {
    const level = method === 'GET' ? 'read' : 'write'
    const names = needs.split('|')
    if (names.some((name) => this.#isGranted(name, level))) return undefined
    const accepted = names.map((name) => `${name}=${level}`).join('; ')
    const headers = { 'x-accepted-github-permissions': accepted }
    return { ...message(403, 'Resource not accessible by integration'), headers }
  }

  #moved({ id }: Repository, rest: string, method: string): Answer {
    const url = `${this.apiUrl}/repositories/${id}${rest}`
    const status = method === 'GET' ? 301 : 307
    return { ...message(status, 'Moved Permanently', { url }), headers: { location: url } }
  }

  #unknown({ path }: Ask, method: string): Answer {
    this.problems.push(`${method} ${path}: the stand-in knows no such route`)
    return message(404, 'Not Found')
  }
}

/** Starts a stand-in for GitHub on a free port. */
export async function githubStandIn(later: Later): Promise<GithubStandIn> {
  const standIn = new GithubStandIn()
  await standIn.start()
  later(() => standIn.stop())
  return standIn
}

/** Throws when the app sent something that GitHub would not have taken. */
export function noProblems({ problems }: GithubState): void {
  if (problems.length > 0) throw new Error(`GitHub would refuse:\n${problems.join('\n')}`)
}

const makesContent = ({ method, path, body }: GithubCall): boolean =>
  path === '/graphql' ? /\bmutation\b/.test(String(body.query)) : method !== 'GET'

const isSame = (one: string, other: string | undefined): boolean =>
  one.toLowerCase() === other?.toLowerCase()

function parsed(text: string): Json | undefined {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
