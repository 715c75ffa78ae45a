import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Answers } from './answers.ts'
import type { Job } from './job.ts'
import { type Mix, type Prepared, prepare } from './requests.ts'

export type SendJob = {
  readonly port: number
  readonly connections: number
  readonly mix: Mix
  /** At this rate, whatever the answers do; `null` is as fast as they come. */
  readonly perSecond: number | null
  /** Ends after so long and begins again with the first when there are no more; else all are sent once. */
  readonly forMs?: number
}

export type Sent = {
  /** What was answered with a 2xx, by its id. */
  readonly accepted: readonly string[]
  /** How often each status was answered; 0 is no answer. */
  readonly statuses: Readonly<Record<string, number>>
  readonly answered: number
  readonly perSecond: number
  /** From the moment when a request was due to the end of its answer. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** After the last one, answers are waited for so long. */
const answerMsMax = 120_000
const tickMs = 5

/** Sends requests on connections that are kept, one under way on each. */
export async function send(job: SendJob, { ready, stopped }: Job): Promise<Sent> {
  const sender = new Sender(job, prepare(job.mix))
  ready()
  return sender.run(stopped)
}

class Sender {
  readonly #job: SendJob
  readonly #requests: readonly Prepared[]
  readonly #accepted: string[] = []
  readonly #statuses: Record<string, number> = {}
  readonly #waits: number[] = []
  #next = 0
  #beganMs = 0
  #endMs = Number.POSITIVE_INFINITY

  constructor(job: SendJob, requests: readonly Prepared[]) {
    this.#job = job
    this.#requests = requests
  }

  async run(stopped: AbortSignal): Promise<Sent> {
    const { connections, forMs } = this.#job
    this.#beganMs = performance.now()
    if (forMs !== undefined) this.#endMs = this.#beganMs + forMs
    stopped.addEventListener('abort', () => {
      this.#endMs = 0
    })
    await Promise.all(Array.from({ length: connections }, () => this.#lane()))
    const seconds = (performance.now() - this.#beganMs) / 1000
    const waits = Float64Array.from(this.#waits).sort()
    const at = (share: number) =>
      waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
    return {
      ...{ accepted: this.#accepted, statuses: this.#statuses, answered: waits.length },
      ...{ perSecond: waits.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
    }
  }

  /** One connection after the other, until nothing is left to send. */
  async #lane(): Promise<void> {
    let line: Line | undefined
    for (let due = await this.#due(); due; due = await this.#due()) {
      if (!line?.isOpen) line = new Line(this.#job.port)
      const status = await line.ask(due.request.bytes)
      this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
      if (status === 0) continue
      this.#waits.push(performance.now() - due.atMs)
      if (status >= 200 && status < 300) this.#accepted.push(due.request.id)
    }
    line?.close()
  }

  /** The next request, at its time. */
  async #due(): Promise<{ request: Prepared; atMs: number } | undefined> {
    const { perSecond, forMs } = this.#job
    const at = this.#next++
    const isAgain = forMs !== undefined
    const request = this.#requests[isAgain ? at % this.#requests.length : at]
    const atMs = perSecond === null ? performance.now() : this.#beganMs + (at * 1000) / perSecond
    while (performance.now() < Math.min(atMs, this.#endMs))
      await pause(Math.min(tickMs, Math.max(1, atMs - performance.now())))
    return request && atMs < this.#endMs ? { request, atMs } : undefined
  }
}

/** A connection with at most one request under way. */
class Line {
  readonly #socket: Socket
  readonly #answers = new Answers()
  #answered: (status: number) => void = () => undefined
  isOpen = true

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (bytes) => {
      for (const status of this.#answers.take(bytes)) this.#answered(status)
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.isOpen = false
      this.#answered(0)
    })
    this.#socket.setTimeout(answerMsMax, () => this.#socket.destroy())
  }

  /** The answer's status; 0 when the connection ended without one. */
  ask(bytes: Buffer): Promise<number> {
    return new Promise((done) => {
      this.#answered = done
      this.#socket.write(bytes)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
