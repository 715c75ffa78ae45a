import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { blockProblems } from './block-kit.ts'
import { methods, no, scopeOf } from './slack-methods.ts'
import { type SenderOptions, senderOf } from './slack-sender.ts'
import { type Json, Workspace } from './slack-workspace.ts'
import type { Later } from './temp.ts'

export type SlackCall = {
  method: string
  args: Record<string, unknown>
  token: string | undefined
  atMs: number
  /** 0 for a call that got no answer. */
  status: number
}
export type SlackFault =
  | { readonly status: 429; readonly retryAfter?: number }
  | { readonly status: 500 | 502 }
  | { readonly html: true }
  | { readonly hang: number }
  /** Nothing is done, and the connection ends. */
  | { readonly close: true }
  /** It is done, but the connection ends before the answer. */
  | { readonly lost: true }
  | { readonly error: string; readonly needed?: string; readonly provided?: string }
type Answer = { status: number; body: unknown; headers?: Record<string, string> }

const responseUsesMax = 5
const responseUrlMs = 30 * 60_000
const jsonFields = ['blocks', 'view', 'attachments', 'metadata']

/** Slack as the app sees it: the web API, response URLs, and what sends signed requests. */
export class SlackStandIn extends Workspace {
  token = 'xoxb-stand-in'
  /** The app-level token, for Socket Mode alone. */
  appToken = 'xapp-stand-in'
  scopes = [
    'commands',
    'chat:write',
    'app_mentions:read',
    'im:write',
    'channels:read',
    'users:read',
  ]
  /** Messages per second and channel; more are answered with 429. */
  limitPerChannel: number | undefined
  /** Looks at each call of the API, and says what goes wrong with it; `fail` says so of some that are to come. */
  fault: (call: SlackCall) => SlackFault | undefined = () => undefined
  readonly calls: SlackCall[] = []
  readonly responses: { id: string; body: Json; atMs: number }[] = []
  readonly rateLimited: { channel: string; atMs: number }[] = []
  readonly #posts: { channel: string; atMs: number }[] = []
  readonly #faults = new Map<string, SlackFault[]>()
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #isDown = false

  get apiUrl(): string {
    return `${this.origin}/api/`
  }

  callsOf = (method: string): SlackCall[] => this.calls.filter((call) => call.method === method)

  /** Answers the next calls of a method, or to response URLs, with a fault. */
  fail(method: string, answer: SlackFault, times = 1): void {
    const waiting = this.#faults.get(method) ?? []
    this.#faults.set(method, [...waiting, ...Array<SlackFault>(times).fill(answer)])
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
    const text = Buffer.concat(chunks).toString('utf8')
    const [, kind, name = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? []
    const { args, token } = argsOf(request, text)
    const method = kind === 'response' ? 'response' : name
    const call = { method, args, token, atMs: this.nowMs(), status: 0 }
    if (kind === 'api') this.calls.push(call)
    const fault = this.fault(call) ?? this.#faults.get(method)?.shift()
    if (fault && 'close' in fault) return void request.socket.destroy()
    // A stand-in that waits must not keep the test's process alive.
    if (fault && 'hang' in fault) await wait(fault.hang, undefined, { ref: false })
    const answer =
      (fault && faultAnswer(fault)) ??
      (method === 'response' ? this.#respond(name, text) : this.#call(method, call))
    if (fault && 'lost' in fault) return void request.socket.destroy()
    if (response.destroyed) return
    call.status = answer.status
    const isText = typeof answer.body === 'string'
    response.writeHead(answer.status, {
      'content-type': isText ? 'text/plain' : 'application/json; charset=utf-8',
      'x-oauth-scopes': this.scopes.join(','),
      ...answer.headers,
    })
    response.end(isText ? answer.body : JSON.stringify(answer.body))
  }

  #call(method: string, { args, token }: SlackCall): Answer {
    const run = methods[method]
    const needed = scopeOf[method]
    const ok = (body: Json): Answer => ({ status: 200, body })
    if (!run) return ok(no('unknown_method', { req_method: method }))
    if (token === undefined) return ok(no('not_authed'))
    const isOfApp = method === 'apps.connections.open'
    if (token !== (isOfApp ? this.appToken : this.token)) return ok(no('invalid_auth'))
    if (needed && !this.scopes.includes(needed))
      return ok(no('missing_scope', { needed, provided: this.scopes.join(',') }))
    if (method === 'chat.postMessage' && this.#isOverLimit(String(args.channel)))
      return faultAnswer({ status: 429, retryAfter: 1 }) as Answer
    return ok(run(this, args))
  }

  #isOverLimit(name: string): boolean {
    if (this.limitPerChannel === undefined) return false
    const post = { channel: this.channelId(name), atMs: this.nowMs() }
    const recent = this.#posts.filter(
      ({ channel, atMs }) => channel === post.channel && atMs > post.atMs - 1000,
    )
    const isOver = recent.length >= this.limitPerChannel
    const list = isOver ? this.rateLimited : this.#posts
    list.push(post)
    return isOver
  }

  #respond(id: string, text: string): Answer {
    const place = this.responseOf(id)
    const atMs = this.nowMs()
    if (!place || place.uses >= responseUsesMax) return { status: 404, body: 'used_url' }
    if (atMs - place.madeMs > responseUrlMs) return { status: 404, body: 'expired_url' }
    const body = parsed(text)
    if (typeof body !== 'object' || body === null) return { status: 400, body: 'invalid_payload' }
    const found = blockProblems(body)
    this.problems.push(...found.map((problem) => `response: ${problem}`))
    if (found.length > 0) return { status: 400, body: 'invalid_blocks' }
    place.uses++
    this.responses.push({ id, body: body as Json, atMs })
    this.respond(place, body as Json)
    return { status: 200, body: 'ok' }
  }
}

/** Starts a stand-in for Slack on a free port. */
export async function slackStandIn(later: Later): Promise<SlackStandIn> {
  const standIn = new SlackStandIn()
  await standIn.start()
  later(() => standIn.stop())
  return standIn
}

/** Throws when the app sent something that Slack would not have taken. */
export function noProblems({ problems }: Workspace): void {
  if (problems.length > 0) throw new Error(`Slack would refuse:\n${problems.join('\n')}`)
}

function faultAnswer(fault: SlackFault): Answer | undefined {
  if ('html' in fault)
    return { status: 200, body: '<!DOCTYPE html><title>Slack</title>', headers: { 'content-type': 'text/html' } } // biome-ignore format: one value
  if ('error' in fault) return { status: 200, body: { ok: false, ...fault } }
  if (!('status' in fault)) return undefined
  if (fault.status !== 429) return { status: fault.status, body: 'upstream error' }
  const { retryAfter } = fault
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return { status: 429, body: no('ratelimited'), headers }
}

function argsOf({ headers }: IncomingMessage, text: string) {
  const isJson = headers['content-type']?.includes('json')
  const sent = isJson ? parsed(text) : Object.fromEntries(new URLSearchParams(text))
  const { token: field, ...args } = (sent ?? {}) as Record<string, unknown>
  for (const name of jsonFields) if (typeof args[name] === 'string') args[name] = parsed(args[name])
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  return { args, token: bearer ?? (field === undefined ? undefined : String(field)) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
