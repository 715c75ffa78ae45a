import type { Command } from '../domain/command.ts'
import { type RefusalCode, refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Call, Query } from './call.ts'
import { callOf } from './calls.ts'

/** What the server said: the JSON as it came, and what it means. */
export type Reply = {
  readonly json: unknown
  readonly outcome: Outcome
  /** HTTP's own. */
  readonly status: number
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | null
}

/** What a request shows, or where it is got each time: what counts once cannot be kept. */
export type Token = string | null | (() => Promise<string>)

/** Nobody answered at the server's address. */
export class Unreachable extends Error {}

/** How long the server may take to answer. */
const answerMs = 30_000

/** Speaks to the server's HTTP API. */
export class Client {
  readonly #server: string
  readonly #token: Token

  /** Told once of what everyone who works with the server should know now. */
  #notice: ((text: string) => void) | null

  constructor(server: string, token: Token, notice: ((text: string) => void) | null = null) {
    this.#server = server
    this.#notice = notice
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
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const signal = AbortSignal.timeout(answerMs)
    const sent = text === undefined ? {} : { body: text }
    let response: Response
    let answer: string
    try {
      response = await fetch(url, { method, headers, signal, ...sent })
      answer = await response.text()
    } catch (error) {
      throw new Unreachable(
        `No server answers at ${this.#server}. Start one with npm start, or name it with --server or GIMLET_SERVER`,
        { cause: error },
      )
    }
    this.#tell(response.headers.get('gimlet-notice'))
    const json = parsed(answer)
    const { status } = response
    const retryAfterMs = retryAfter(response.headers.get('retry-after'))
    const isAnswer = response.ok && json !== null
    const outcome = isAnswer ? read(json as never, status) : refusalOf(json, status)
    return { json, outcome, status, retryAfterMs }
  }

  #tell(notice: string | null): void {
    if (notice === null) return
    this.#notice?.(notice)
    this.#notice = null
  }
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return null
  }
}

/** Seconds, or a date. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? null : Math.max(0, ms)
}

function refusalOf(json: unknown, status: number): Outcome {
  const { error } = (json ?? {}) as { error?: { code?: RefusalCode; message?: string } }
  return error?.code && error.message
    ? refuse(error.code, error.message)
    : refuse('overloaded', `The server answered ${status}, and not as GimletD does`)
}

function queryText(query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) search.append(name, String(one))
  return search.size > 0 ? `?${search}` : ''
}
