import { setTimeout as pause } from 'node:timers/promises'
import { SocketModeReceiver, webApi } from '@slack/bolt'
import { z } from 'zod'
import { clientOptions } from './api.ts'

/** A connection over which Slack has not said hello by then is given up. */
const helloMs = 10_000
/** How long Slack may take to close a connection together with us. */
const closeMs = 200
/** Slack closes what it has announced to leave within seconds; this is for when that gets lost. */
const leaveMs = 60_000

type Client = SocketModeReceiver['client']

type Given = {
  readonly appToken: string
  readonly apiUrl: string
  /** Gets each message that is about more than the connection. */
  readonly hear: (message: unknown) => void
}

/** What keeps us from a connection: by a name, whether a person must do something, and a pause. */
export type Problem = {
  readonly code: string
  readonly isLasting: boolean
  readonly afterMs: number
}

/** One connection of Socket Mode, from its opening to its end. It makes no second one. */
export class SocketLink {
  /** Why another connection is needed, as soon as it is. */
  readonly leaving: Promise<string>
  /** Settles when nothing comes by this connection any more. */
  readonly over: Promise<void>
  readonly #client: Client
  readonly #closing = new AbortController()
  #leave: (reason: string) => void = () => undefined

  constructor({ appToken, apiUrl, hear }: Given) {
    this.#client = clientOf({ appToken, apiUrl, signal: this.#closing.signal })
    this.leaving = new Promise((leave) => {
      this.#leave = leave
    })
    this.over = new Promise((end) => {
      this.#client.on('disconnected', () => {
        this.#leave('dropped')
        end()
      })
    })
    // Its own listener closes as soon as Slack announces that it will, when envelopes may still come,
    // and it throws where nobody catches at an event that it cannot read.
    this.#client.removeAllListeners('ws_message')
    this.#client.on('ws_message', (text: unknown) => this.#read(text, hear))
  }

  /** Connects and waits for Slack's hello; answers what is in the way. */
  async open(): Promise<Problem | null> {
    const late = setTimeout(() => void this.close(), helloMs)
    try {
      await this.#client.start()
      return null
    } catch (error) {
      await this.close()
      return problemOf(error)
    } finally {
      clearTimeout(late)
    }
  }

  /** Sends a message, and answers whether there was a connection to send it by. */
  send(message: object): boolean {
    const { websocket } = this.#client
    if (!websocket?.isActive()) return false
    let isSent = true
    websocket.send(JSON.stringify(message), (error) => {
      isSent = error === undefined
    })
    return isSent
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const { websocket } = this.#client
    if (!websocket) return
    const isOpen = websocket.isActive()
    websocket.disconnect()
    if (isOpen) await Promise.race([this.over, pause(closeMs, undefined, { ref: false })])
    // Once more ends it without waiting for Slack, and takes the timers of the client along.
    websocket.disconnect()
  }

  #read(text: unknown, hear: Given['hear']): void {
    const message = parsed(text)
    const about = aboutLink.safeParse(message).data
    if (about?.type === 'hello') this.#client.emit('connected')
    else if (about?.type === 'disconnect') {
      this.#leave(about.reason)
      void this.#closeLater()
    } else hear(message)
  }

  async #closeLater(): Promise<void> {
    const { signal } = this.#closing
    await pause(leaveMs, undefined, { ref: false, signal }).catch(() => undefined)
    await this.close()
  }
}

const aboutLink = z.looseObject({
  type: z.enum(['hello', 'disconnect']).optional().catch(undefined),
  reason: z
    .string()
    .regex(/^[a-z_]{1,40}$/)
    .catch('unknown'),
})

type ClientGiven = Omit<Given, 'hear'> & { readonly signal: AbortSignal }

/** The client that Bolt has for Socket Mode, for one connection. */
function clientOf({ appToken, apiUrl, signal }: ClientGiven): Client {
  const { logger, ...options } = clientOptions(apiUrl)
  const ask: webApi.FetchFunction = (url, init) => {
    const signals = [signal, init?.signal].flatMap((one) => one ?? [])
    return fetch(url, { ...init, signal: AbortSignal.any(signals) })
  }
  const { client } = new SocketModeReceiver({
    appToken,
    // It tries again where nobody can catch what goes wrong: we do that.
    autoReconnectEnabled: false,
    // Its words hold what people type, and repeat at every attempt.
    logger,
    installerOptions: { clientOptions: { ...options, fetch: ask } },
  })
  // It may have been closed while it asked for an address: what this throws, `start` does.
  client.on('authenticated', () => signal.throwIfAborted())
  return client
}

/** What Slack says of itself, and not of the app. */
const passing = [
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
]

function problemOf(error: unknown): Problem {
  const unreachable = { isLasting: false, afterMs: 0 }
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { ...unreachable, code: 'ratelimited', afterMs: Math.max(1, error.retryAfter) * 1000 }
  if (error instanceof webApi.WebAPIPlatformError) {
    const { error: code } = error.data
    // What is no code of Slack's is a page of something between Slack and us.
    if (typeof code === 'string' && /^[a-z0-9_]{1,80}$/.test(code))
      return { ...unreachable, code, isLasting: !passing.includes(code) }
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no_hello'
  return { ...unreachable, code }
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
