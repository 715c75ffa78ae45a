import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * What happens to a connection. `hang`: taken, and nothing ever answers; `reset`: ended at once; `drop
 * answer`: what is sent arrives, the answer does not, and its end is a reset; `cut`: reset after so many
 * bytes to the server, or from it; `delayMs`: each piece comes so much later.
 */
export type TcpFault =
  | 'none'
  | 'hang'
  | 'reset'
  | 'drop answer'
  | { readonly cut: { readonly up?: number; readonly down?: number } }
  | { readonly delayMs: number }

type Pair = { readonly client: Socket; readonly server: Socket }
type Address = { readonly host?: string; readonly port: number }

/** A network in front of a server, in which something goes wrong: for all connections, or for those to come. */
export class TcpProxy {
  readonly #target: Address
  readonly #sockets = new Set<Socket>()
  #next: TcpFault[] = []
  #fault: TcpFault = 'none'
  #listener: Server | undefined
  /** How many connections came so far. */
  connections = 0
  port = 0

  constructor(target: Address) {
    this.#target = target
  }

  /** Takes connections, on the same port as before. */
  async open(): Promise<this> {
    if (this.#listener) return this
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#take(client))
    await new Promise<void>((done, failed) => {
      listener.once('error', failed)
      listener.listen(this.port, '127.0.0.1', done)
    })
    const address = listener.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    this.#listener = listener
    return this
  }

  /** Refuses what comes, and resets what is there: nobody listens any more. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    const closed = new Promise<void>((done) => (listener ? listener.close(() => done()) : done()))
    this.resetAll()
    await closed
  }

  /** From now on this happens to every connection. One that is there hangs, or is reset. */
  async all(fault: TcpFault): Promise<void> {
    this.#fault = fault
    if (fault === 'hang') for (const socket of this.#sockets) silence(socket)
    else if (fault !== 'none') this.resetAll()
    await this.open()
  }

  /** Happens to the next connections, one each. */
  next(...faults: readonly TcpFault[]): void {
    this.#next.push(...faults)
  }

  /** All goes well again. What hung is reset, as the peer of one that hangs would be some time. */
  async heal(): Promise<void> {
    this.#next = []
    this.#fault = 'none'
    this.resetAll()
    await this.open()
  }

  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #take(client: Socket): void {
    this.connections++
    const fault = this.#next.shift() ?? this.#fault
    this.#keep(client)
    if (fault === 'reset') client.resetAndDestroy()
    else if (fault === 'hang') silence(client)
    else this.#connect(client, fault)
  }

  #connect(client: Socket, fault: TcpFault): void {
    const server = tcpConnect({ host: '127.0.0.1', ...this.#target, allowHalfOpen: true })
    this.#keep(server)
    const pair = { client, server }
    client.once('close', () => server.destroy())
    server.once('close', () => client.destroy())
    join(pair, fault)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // What breaks is seen by the other end, when its peer is gone.
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** A proxy that takes connections until the test is over. */
export async function tcpProxy(target: Address, later: (end: () => Promise<void>) => void) {
  const proxy = await new TcpProxy(target).open()
  later(() => proxy.refuse())
  return proxy
}

/** Reads on and answers nothing, so that the other end sees a peer that is there. */
function silence(socket: Socket): void {
  socket.removeAllListeners('data')
  socket.removeAllListeners('end')
  socket.unpipe()
  socket.resume()
}

function join({ client, server }: Pair, fault: TcpFault): void {
  const cut = typeof fault === 'object' && 'cut' in fault ? fault.cut : {}
  const delayMs = typeof fault === 'object' && 'delayMs' in fault ? fault.delayMs : 0
  const reset = (): void => {
    client.resetAndDestroy()
    server.resetAndDestroy()
  }
  carry({ from: client, to: server }, { bytesMost: cut.up, delayMs, reset })
  // All of the request has arrived and was carried out when the answer begins.
  if (fault === 'drop answer') server.once('data', reset)
  else carry({ from: server, to: client }, { bytesMost: cut.down, delayMs, reset })
}

type Way = { readonly from: Socket; readonly to: Socket }
type Limits = {
  readonly bytesMost?: number | undefined
  readonly delayMs: number
  readonly reset: () => void
}

/** Hands on what comes, in its order, as far as it may. */
function carry(
  { from, to }: Way,
  { bytesMost = Number.POSITIVE_INFINITY, delayMs, reset }: Limits,
) {
  let left = bytesMost
  let sent = Promise.resolve()
  const afterwards = (work: () => void) => {
    sent = sent.then(() => (delayMs > 0 ? pause(delayMs) : undefined)).then(work)
  }
  from.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, left)
    left -= chunk.length
    from.pause()
    afterwards(() => {
      if (to.writable) to.write(part, left < 0 ? reset : undefined)
      from.resume()
    })
  })
  from.on('end', () => afterwards(() => to.end()))
}
