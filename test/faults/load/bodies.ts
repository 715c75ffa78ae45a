import { connect } from 'node:net'
import { Answers } from './answers.ts'
import type { Job } from './job.ts'

/** A body that is not what a sender should send. */
export type Body = {
  /** The request's first lines, without those that say how long it is. */
  readonly head: readonly string[]
  /** What it says, or that it comes in chunks. */
  readonly says: number | 'chunked'
  /** What is sent of it, as far as the server takes it. */
  readonly bytes: number
}

export type BodiesJob = {
  readonly port: number
  readonly bodies: readonly Body[]
  readonly atOnce: number
}

/** Of each body the first status, and how much of it was sent; 0 is no answer. */
export type BodiesSent = readonly { readonly status: number; readonly sentBytes: number }[]

const chunkBytes = 65_536
const patienceMs = 60_000
const filler = Buffer.alloc(chunkBytes, 0x61)
const framed = Buffer.concat([
  Buffer.from(`${chunkBytes.toString(16)}\r\n`),
  filler,
  Buffer.from('\r\n'),
])

/** Streams bodies, many at once. */
export async function sendBodies(job: BodiesJob, { ready }: Job): Promise<BodiesSent> {
  ready()
  const left = [...job.bodies.entries()]
  const results: BodiesSent[number][] = []
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift())
      results[next[0]] = await stream(job.port, next[1])
  }
  await Promise.all(Array.from({ length: job.atOnce }, lane))
  return results
}

function stream(port: number, { head, says, bytes }: Body): Promise<BodiesSent[number]> {
  const socket = connect({ port, host: '127.0.0.1' })
  const answers = new Answers()
  const [status, sent] = [{ first: 0 }, { bytes: 0, isEnded: false }]
  const length = says === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${says}`
  const more = () => {
    while (sent.bytes < bytes && socket.writable) {
      const part = Math.min(chunkBytes, bytes - sent.bytes)
      sent.bytes += part
      const isFull = says === 'chunked' && part === chunkBytes
      const chunk = isFull ? framed : says === 'chunked' ? one(part) : filler.subarray(0, part)
      if (!socket.write(chunk)) return
    }
    if (sent.bytes < bytes || sent.isEnded) return
    sent.isEnded = true
    if (says === 'chunked') socket.write('0\r\n\r\n')
  }
  return new Promise((done) => {
    socket.once('connect', () => {
      socket.write(`${[...head, length].join('\r\n')}\r\n\r\n`)
      more()
    })
    socket.on('drain', more)
    socket.on('data', (data) => {
      status.first ||= answers.take(data)[0] ?? 0
      // What is answered needs no more of its body.
      if (status.first !== 0) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('close', () => done({ status: status.first, sentBytes: sent.bytes }))
  })
}

const one = (bytes: number): Buffer =>
  Buffer.concat([
    Buffer.from(`${bytes.toString(16)}\r\n`),
    filler.subarray(0, bytes),
    Buffer.from('\r\n'),
  ])
