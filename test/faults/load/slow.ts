import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Job } from './job.ts'

type Way = 'headers' | 'bodies' | 'readers'

export type SlowJob = {
  readonly port: number
  readonly connections: number
  /** They send their headers slowly, or their bodies, or read nothing of what they are answered. */
  readonly ways: readonly Way[]
  /** A little is sent each time; of answers nothing is read. */
  readonly everyMs: number
  readonly token: string
}

export type Slowed = {
  readonly opened: number
  readonly closedByServer: number
  /** How long those were let, at most. */
  readonly longestMs: number
}

const opensAtOnce = 100
const openMs = 20
const lookMs = 100

/** Holds connections that are slow, in turn in each way. Ends when all of them were closed. */
export async function slow(job: SlowJob, { ready, stopped }: Job): Promise<Slowed> {
  const held: Held[] = []
  const open = () => {
    for (let one = 0; one < opensAtOnce && held.length < job.connections; one++)
      held.push(new Held(job, job.ways[held.length % job.ways.length] ?? 'headers'))
    if (held.length === job.connections) clearInterval(opening)
  }
  const opening = setInterval(open, openMs)
  const dripping = setInterval(() => {
    for (const one of held) one.drip()
  }, job.everyMs)
  ready()
  const isOver = () =>
    held.length === job.connections && held.every((one) => one.closedAfterMs !== undefined)
  while (!stopped.aborted && !isOver()) await pause(lookMs)
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
  readonly #way: Way
  readonly #beganMs = performance.now()
  closedAfterMs: number | undefined
  isOpened = false

  constructor({ port, token }: SlowJob, way: Way) {
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
    // Who reads nothing learns only by writing that the connection is gone.
    if (this.closedAfterMs === undefined) this.#socket.write(this.#way === 'readers' ? '\r\n' : 'a')
  }

  end(): void {
    this.#socket.destroy()
  }
}
