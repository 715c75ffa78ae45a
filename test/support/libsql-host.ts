import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import Native from 'libsql'
import { Connections, HranaStream, type StreamRequest } from './hrana-stream.ts'
import { WriteLock } from './write-lock.ts'

/**
 * What goes wrong with a call. `dropped`: it is carried out, and its answer is lost; `forsaken`: its
 * answer is lost before it is carried out; `cut`: it is not carried out.
 */
export type HostFault =
  | 'dropped'
  | 'forsaken'
  | 'cut'
  | 'busy'
  | { readonly status: number; readonly message?: string }
  | { readonly slowMs: number }

/** A call that a client made: the statements that it brought. */
export type HostCall = { readonly sql: readonly string[]; readonly isWrite: boolean }

type Given = {
  /** What clients have to show; everybody is let in without it. */
  readonly token?: string | undefined
  readonly port?: number
  /** How long a stream may be silent, in milliseconds. */
  readonly expiryMs?: number
}

type Pipeline = { readonly baton?: string | null; readonly requests: readonly StreamRequest[] }

/**
 * A libSQL server over HTTP on a real file: Hrana 2 in JSON, as its documentation has it. Streams go on
 * by a baton that is good once; of transactions that write one is open at a time.
 */
export class LibsqlHost {
  readonly #file: string
  readonly #connections: Connections
  readonly #given: Given
  readonly #lock = new WriteLock()
  readonly #streams = new Map<string, { stream: HranaStream; timer: NodeJS.Timeout }>()
  readonly #expired = new Set<string>()
  readonly #server: Server
  /** Every call so far, but for those that were turned away. */
  readonly calls: HostCall[] = []
  /** How many calls are being carried out. */
  openCalls = 0
  /** Looks at each call, with how many there were before, and says what goes wrong with it. */
  fault: (call: HostCall, at: number) => HostFault | undefined = () => undefined

  constructor(file: string, given: Given = {}) {
    this.#file = file
    this.#connections = new Connections(file)
    this.#given = given
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<this> {
    const { port = 0 } = this.#given
    const first = new Native(this.#file)
    first.exec('pragma journal_mode = wal')
    first.close()
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
    for (const { stream, timer } of this.#streams.values()) {
      clearTimeout(timer)
      stream.close()
    }
    this.#connections.close()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { token } = this.#given
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return answer(response, 401, { error: 'the token is not valid' })
    if (request.method === 'GET' && request.url === '/v2') return answer(response, 200, {})
    if (request.method === 'PUT' && request.url === '/faults') return this.#plan(request, response)
    if (request.method !== 'POST' || request.url !== '/v2/pipeline')
      return answer(response, 404, { error: 'there is nothing here' })
    await this.#pipeline((await json(request)) as Pipeline, response)
  }

  /** Faults from outside: by the number of the call from now on, the next one being 0. */
  async #plan(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const planned = (await json(request)) as Record<number, HostFault>
    const from = this.calls.length
    this.fault = (_, at) => planned[at - from]
    answer(response, 200, {})
  }

  async #pipeline({ baton, requests }: Pipeline, response: ServerResponse): Promise<void> {
    const call = callOf(requests)
    const fault = this.fault(call, this.calls.length)
    this.calls.push(call)
    if (fault === 'cut' || fault === 'forsaken') response.destroy()
    if (fault === 'cut') return
    if (typeof fault === 'object' && 'status' in fault)
      return answer(response, fault.status, { error: fault.message ?? 'as the test wants it' })
    if (typeof fault === 'object') await pause(fault.slowMs)
    if (fault === 'busy') return answer(response, 200, busy(requests))
    const stream = this.#streamOf(baton ?? null)
    if (stream === 'expired')
      return answer(response, 500, { message: 'The stream has expired', code: 'STREAM_EXPIRED' })
    if (!stream) return answer(response, 400, { error: 'the baton is not good, or not any more' })
    const results: object[] = []
    this.openCalls++
    for (const request of requests) results.push(await stream.answer(request))
    this.openCalls--
    const next = this.#keep(stream)
    if (fault === 'dropped') return void response.destroy()
    if (fault === 'forsaken') return
    answer(response, 200, { baton: next, base_url: null, results })
  }

  #streamOf(baton: string | null): HranaStream | 'expired' | undefined {
    if (baton === null) return new HranaStream(this.#connections, this.#lock)
    if (this.#expired.has(baton)) return 'expired'
    const kept = this.#streams.get(baton)
    clearTimeout(kept?.timer)
    this.#streams.delete(baton)
    return kept?.stream
  }

  #keep(stream: HranaStream): string | null {
    if (stream.isClosed) return null
    const baton = randomUUID()
    const expire = () => {
      this.#streams.delete(baton)
      this.#expired.add(baton)
      stream.close()
    }
    const timer = setTimeout(expire, this.#given.expiryMs ?? 10_000)
    this.#streams.set(baton, { stream, timer })
    return baton
  }
}

function callOf(requests: readonly StreamRequest[]): HostCall {
  const sql = requests.flatMap((request) => {
    if (request.type === 'batch') return request.batch.steps.flatMap(({ stmt }) => stmt.sql ?? [])
    if (request.type === 'execute') return request.stmt.sql ?? []
    return 'sql' in request ? (request.sql ?? []) : []
  })
  return { sql, isWrite: sql.some((text) => /^\s*begin immediate/i.test(text)) }
}

/** The first statement of each request finds the database locked, and what hangs on it is not run. */
function busy(requests: readonly StreamRequest[]): object {
  const error = { message: 'SQLite error: database is locked', code: 'SQLITE_BUSY' }
  const results = requests.map((request) => {
    if (request.type === 'execute') return { type: 'error', error }
    if (request.type !== 'batch') return { type: 'ok', response: { type: request.type } }
    const none = request.batch.steps.map(() => null)
    const result = { step_results: none, step_errors: [error, ...none.slice(1)] }
    return { type: 'ok', response: { type: 'batch', result } }
  })
  return { baton: null, base_url: null, results }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
