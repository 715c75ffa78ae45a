import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
// biome-ignore lint/correctness/noUndeclaredDependencies: it comes with @libsql/client, and is a server for tests only.
import { WebSocket, WebSocketServer } from 'ws'
import type { Json, Workspace } from './slack-workspace.ts'
import type { Later } from './temp.ts'

type Kind = 'slash_commands' | 'interactive' | 'events_api'
export type Ack = { readonly envelope_id: string; readonly payload?: Json }
type Sent = {
  readonly envelope: Json & { readonly envelope_id: string }
  readonly isAcked: (ack: Ack) => void
  /** The connection that it was sent by last. */
  link: WebSocket | undefined
  attempts: number
}

/**
 * Slack's side of Socket Mode, over a real WebSocket. What is not acknowledged is sent again by the
 * next connection. A sender for `url` speaks to the app through the socket as one speaks over HTTP.
 */
export class SocketStandIn {
  /** All that were sent, of envelopes and of nothing known. */
  readonly acks: Ack[] = []
  /** Those that are open and were greeted, the oldest first. */
  readonly links: WebSocket[] = []
  /** How many connections there have been. */
  opened = 0
  /** A Slack that lets in and then says nothing. */
  saysHello = true
  /** Called as soon as an acknowledgement arrives. */
  onAck: (ack: Ack) => void = () => undefined
  pongs = 0
  readonly #sent = new Map<string, Sent>()
  readonly #waiting = new Set<string>()
  #ackLost = false
  readonly #server = createServer((request, response) => void this.#relay(request, response))
  readonly #sockets = new WebSocketServer({ server: this.#server, path: '/link' })

  async start(): Promise<void> {
    this.#sockets.on('connection', (link) => this.#greet(link))
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.drop()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  get #place(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get link(): string {
    return `ws://${this.#place}/link`
  }

  /** Where a sender's requests become envelopes, and acknowledgements its answers. */
  get url(): string {
    return `http://${this.#place}/relay`
  }

  /** Sends an envelope, now or when there is a connection; answers its acknowledgement. */
  deliver(type: Kind, payload: unknown, more: Json = {}): Promise<Ack> {
    const about = { type, payload, accepts_response_payload: type !== 'events_api' }
    const envelope = { envelope_id: randomUUID(), ...about, ...more }
    return new Promise((isAcked) => {
      const sent: Sent = { envelope, isAcked, link: undefined, attempts: 0 }
      this.#sent.set(envelope.envelope_id, sent)
      this.#waiting.add(envelope.envelope_id)
      this.#send(sent)
    })
  }

  /** Sends an envelope once more, though it was acknowledged. */
  again(id: string): void {
    const sent = this.#sent.get(id)
    if (!sent) throw new Error(`${id} was never sent`)
    this.#send(sent)
  }

  /** Sends any text at all, by the newest connection. */
  say(text: string): void {
    this.links.at(-1)?.send(text)
  }

  /** Announces by the oldest connection that it ends, as Slack does every few hours. */
  announce(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void {
    this.links[0]?.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'a' } }))
  }

  /** How many connections are open, greeted or not. */
  get open(): number {
    return this.#sockets.clients.size
  }

  /** Ends all connections without a word. */
  drop(): void {
    for (const link of this.#sockets.clients) link.terminate()
  }

  /** The connection ends just before the next acknowledgement gets here. */
  loseNextAck(): void {
    this.#ackLost = true
  }

  ping(): void {
    this.links.at(-1)?.ping('Ping from Slack')
  }

  #greet(link: WebSocket): void {
    this.opened++
    link.on('message', (text) => this.#hear(link, JSON.parse(String(text))))
    link.on('pong', () => void this.pongs++)
    link.on('close', () => {
      const at = this.links.indexOf(link)
      if (at >= 0) this.links.splice(at, 1)
    })
    if (!this.saysHello) return
    const about = { num_connections: this.links.length + 1, connection_info: { app_id: 'A0001' } }
    link.send(JSON.stringify({ type: 'hello', ...about, debug_info: { host: 'a' } }))
    this.links.push(link)
    for (const id of this.#waiting) {
      const sent = this.#sent.get(id)
      if (sent?.link?.readyState !== WebSocket.OPEN && sent) this.#send(sent)
    }
  }

  #send(sent: Sent): void {
    const link = this.links.at(-1)
    if (!link) return
    const retry = { retry_attempt: sent.attempts, retry_reason: 'timeout' }
    link.send(JSON.stringify({ ...sent.envelope, ...(sent.attempts > 0 ? retry : {}) }))
    sent.link = link
    sent.attempts++
  }

  #hear(link: WebSocket, ack: Ack): void {
    if (this.#ackLost) {
      this.#ackLost = false
      link.terminate()
      return
    }
    this.acks.push(ack)
    this.onAck(ack)
    this.#waiting.delete(ack.envelope_id)
    this.#sent.get(ack.envelope_id)?.isAcked(ack)
  }

  async #relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const isEvent = request.headers['content-type']?.includes('json') ?? false
    const [type, payload] = unwrapped(Buffer.concat(chunks).toString('utf8'), isEvent)
    const { payload: answer } = await this.deliver(type, payload)
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
    response.end(answer === undefined ? '' : JSON.stringify(answer))
  }
}

/** What a request over HTTP holds, as it comes in an envelope. */
function unwrapped(body: string, isEvent: boolean): [Kind, unknown] {
  if (isEvent) return ['events_api', JSON.parse(body)]
  const form = Object.fromEntries(new URLSearchParams(body))
  if (form.payload !== undefined) return ['interactive', JSON.parse(form.payload)]
  return ['slash_commands', form]
}

/** Turns Socket Mode on in a workspace. */
export async function socketStandIn(workspace: Workspace, later: Later): Promise<SocketStandIn> {
  const standIn = new SocketStandIn()
  await standIn.start()
  later(() => standIn.stop())
  workspace.socketUrl = standIn.link
  return standIn
}
