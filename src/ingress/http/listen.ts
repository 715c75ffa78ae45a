import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Hono } from 'hono'

/** Slow senders are cut off, and connections are bounded: fault F34. */
const headersMs = 10_000
const requestMs = 30_000
/** How often those two are looked at: Node looks every 30 s, by which time 10 s have become 40. */
const lookMs = 1_000
/** A connection on which nothing moves, such as one whose answer nobody reads, is hung up on. */
const stillMs = 60_000
const connectionsMax = 4_096
/** So many requests of one connection may be unanswered: nobody we know sends one before the last is answered. */
const unansweredMax = 8

export type Listener = {
  /** The port that is listened on, which is another one than was asked for when that was 0. */
  readonly port: number
  /** Takes nothing new; ends when every answer under way is sent. */
  close(): Promise<void>
  /** Hangs up on whoever is still there. */
  closeNow(): void
}

/** Listens on Node. Rejects when the port is taken. */
export async function listen(
  app: Hono,
  { port, host }: { port: number; host: string },
): Promise<Listener> {
  const server = createAdaptorServer({
    // What came with one packet comes here even when its connection was hung up on meanwhile.
    fetch: (request, { incoming }) =>
      incoming.socket?.destroyed ? new Response(null) : app.fetch(request),
    serverOptions: {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: lookMs,
    },
  })
  if ('closeIdleConnections' in server) {
    server.maxConnections = connectionsMax
    server.setTimeout(stillMs)
    server.prependListener('request', boundUnanswered())
  }
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(port, host, done)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => closed(server),
    closeNow: () => ('closeAllConnections' in server ? server.closeAllConnections() : undefined),
  }
}

/**
 * Hangs up on who asks on and on and reads no answer: Node keeps them all in memory, however many come
 * with one packet.
 */
function boundUnanswered() {
  const unanswered = new WeakMap<Socket, number>()
  const add = (socket: Socket, count: number): number => {
    const now = (unanswered.get(socket) ?? 0) + count
    unanswered.set(socket, now)
    return now
  }
  return ({ socket }: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => add(socket, -1))
    if (add(socket, 1) > unansweredMax) socket.destroy()
  }
}

function closed(server: ServerType): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}
