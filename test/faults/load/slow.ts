import { connect, type Socket } from 'node:net'
import type { Job } from './job.ts'

export type SlowJob = {
  readonly port: number
  readonly connections: number
  /** A byte of it is sent, or of the answer read, each time. */
  readonly everyMs: number
  readonly token: string
}

export type Slowed = {
  readonly opened: number
  readonly closedByServer: number
  /** How long those were let, at most. */
  readonly longestMs: number
}

const ways = ['headers', 'bodies', 'readers'] as const
const opensAtOnce = 100
const openMs = 20

/** Holds connections, a third of which send their headers slowly, their bodies, or read slowly. */
export async function slow(job: SlowJob, { ready, stopped }: Job): Promise<Slowed> {
  const held: Held[] = []
  const open = () => {
    for (let one = 0; one < opensAtOnce && held.length < job.connections; one++)
      held.push(new Held(job, ways[held.length % ways.length] ?? 'headers'))
    if (held.length === job.connections) clearInterval(opening)
  }
  const opening = setInterval(open, openMs)
  const dripping = setInterval(() => {
    for (const one of held) one.drip()
  }, job.everyMs)
  ready()
  await new Promise((done) => stopped.addEventListener('abort', done, { once: true }))
  clearInterval(opening)
  clearInterval(dripping)
  const closed = held.flatMap(({ closedAfterMs }) => closedAfterMs ?? [])
  for (const one of held) one.end()
  return {
    opened: held.filter(({ isOpened }) => isOpened).length,
    ...{ closedByServer: closed.length, longestMs: Math.max(0, ...closed) },
  }
}

/** One connection that is in no hurry. */
class Held {
  readonly #socket: Socket
  readonly #way: (typeof ways)[number]
  readonly #beganMs = performance.now()
  closedAfterMs: number | undefined
  isOpened = false

  constructor({ port, token }: SlowJob, way: (typeof ways)[number]) {
    this.#way = way
    this.#socket = connect({ port, host: '127.0.0.1' })
    const begin = `POST /api/artifact HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`
    this.#socket.once('connect', () => {
      this.isOpened = true
      if (way === 'headers') this.#socket.write('GET / HTTP/1.1\r\nx-a: ')
      else if (way === 'bodies') this.#socket.write(`${begin}content-length: 100000\r\n\r\n`)
      // More is asked for than the kernel takes off the server's hands.
      else this.#socket.write('GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(400))
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.closedAfterMs ??= performance.now() - this.#beganMs
    })
    if (way === 'readers') this.#socket.pause()
    else this.#socket.resume()
  }

  drip(): void {
    if (this.closedAfterMs !== undefined) return
    if (this.#way === 'readers') this.#socket.read(1)
    else this.#socket.write('a')
  }

  end(): void {
    this.#socket.destroy()
  }
}
