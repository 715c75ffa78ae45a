import type { ArtifactQuery, Command, HistoryQuery } from '../domain/command.ts'
import { assertNever, type RefusalCode, refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'

/** What the server said: the JSON as it came, and what it means. */
export type Reply = { readonly json: unknown; readonly outcome: Outcome }

/** Nobody answered at the server's address. */
export class Unreachable extends Error {}

/** How long the server may take to answer. */
const answerMs = 30_000

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>
type Call = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** Turns the JSON of a 2xx answer into what it means. */
  readonly read: (json: never, status: number) => Outcome
}

/** Speaks to the server's HTTP API. */
export class Client {
  readonly #server: string
  readonly #token: string | null

  constructor(server: string, token: string | null) {
    this.#server = server
    this.#token = token
  }

  /** Sends a command. Throws Unreachable. */
  async send(command: Command): Promise<Reply> {
    return this.#call(callOf(command))
  }

  /** Posts an artifact as it stands in a file: the server reads both of its forms. */
  async pushArtifact(body: string): Promise<Reply> {
    return this.#call({
      method: 'POST',
      path: '/api/artifact',
      body,
      read: (artifact, status) => ({ kind: 'artifact-stored', artifact, isNew: status === 201 }),
    })
  }

  async #call({ method, path, query = {}, body, read }: Call): Promise<Reply> {
    const url = `${this.#server}${path}${queryText(query)}`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const token = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
    const headers = {
      ...token,
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const signal = AbortSignal.timeout(answerMs)
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers,
        signal,
        ...(text === undefined ? {} : { body: text }),
      })
    } catch (error) {
      throw new Unreachable(
        `No server answers at ${this.#server}. Start one with npm start, or name it with --server or GIMLET_SERVER`,
        { cause: error },
      )
    }
    const json: unknown = await response.json().catch(() => null)
    if (response.ok) return { json, outcome: read(json as never, response.status) }
    return { json, outcome: refusalOf(json, response.status) }
  }
}

function refusalOf(json: unknown, status: number): Outcome {
  const { error } = (json ?? {}) as { error?: { code?: RefusalCode; message?: string } }
  return error?.code && error.message
    ? refuse(error.code, error.message)
    : refuse('overloaded', `The server answered ${status}, and not as GimletD does`)
}

function callOf(command: Command): Call {
  switch (command.verb) {
    case 'artifacts':
      return {
        ...get('/api/artifacts', artifactQuery(command.filter)),
        read: (artifacts) => ({ kind: 'artifacts', artifacts }),
      }
    case 'artifact':
      return {
        ...get(`/api/artifacts/${encodeURIComponent(command.id)}`),
        read: (artifact) => ({ kind: 'artifact', artifact }),
      }
    case 'release': {
      const { verb, ...body } = command
      return {
        ...post('/api/releases'),
        body,
        read: command.dryRun ? readPlans : accepted('release'),
      }
    }
    case 'rollback':
    case 'delete': {
      const { verb, ...query } = command
      return { ...post(`/api/${verb}`, query), read: accepted(verb) }
    }
    case 'status': {
      const { env, app } = command
      return {
        ...get('/api/status', { env, app }),
        read: (status) => ({
          kind: 'status',
          env,
          status: env === '*' ? status : { [env]: status },
        }),
      }
    }
    case 'history':
      return {
        ...get('/api/releases', historyQuery(command.filter)),
        read: (releases) => ({ kind: 'history', releases }),
      }
    case 'event':
      return {
        ...get('/api/event', { id: command.id }),
        read: (event) => ({ kind: 'event', event }),
      }
    case 'decision':
      return {
        ...get(`/api/decisions/${encodeURIComponent(command.id)}`),
        read: (decision) => ({ kind: 'decision', decision }),
      }
    case 'whoami':
      return { ...get('/api/whoami'), read: (whoami) => ({ kind: 'whoami', whoami }) }
    case 'push-artifact':
    case 'gitops-repo':
    case 'users':
    case 'user':
    case 'add-user':
    case 'remove-user':
      throw new Error(`${command.verb} has no words in the command line yet`)
    default:
      return assertNever(command)
  }
}

const get = (path: string, query: Query = {}) => ({ method: 'GET', path, query }) as const
const post = (path: string, query: Query = {}) => ({ method: 'POST', path, query }) as const

const accepted =
  (what: 'release' | 'rollback' | 'delete') =>
  ({ id }: { id: string }): Outcome => ({ kind: 'accepted', id, what })

const readPlans = ({ plans }: { plans: never }): Outcome => ({ kind: 'plans', plans })

const time = (unix: number | undefined) =>
  unix === undefined ? undefined : new Date(unix * 1000).toISOString()

const artifactQuery = ({ shas, sinceUnix, untilUnix, ...rest }: ArtifactQuery): Query => ({
  ...rest,
  sha: shas,
  since: time(sinceUnix),
  until: time(untilUnix),
})

const historyQuery = ({ sinceUnix, untilUnix, gitopsRepo, ...rest }: HistoryQuery): Query => ({
  ...rest,
  since: time(sinceUnix),
  until: time(untilUnix),
  'git-repo': gitopsRepo,
})

function queryText(query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) search.append(name, String(one))
  return search.size > 0 ? `?${search}` : ''
}
