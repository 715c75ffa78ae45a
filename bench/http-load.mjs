import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { artifactOf, shaOf } from './artifact.mjs'

/**
 * Closed-loop HTTP load from a process of its own: sockets that are kept alive, each with one
 * request under way. A request is bytes made beforehand; only the digits of the commit id, of which
 * the artifact's id is made, are written anew. Of an answer it reads the status and the length.
 */

const bucketsPerMs = 100
const bucketsMax = 2_000 * bucketsPerMs
const readBytes = 16_384
const graceMs = 5_000

/**
 * Runs one load and answers its figures; a server that goes away ends it early.
 * Job: { port, connections, warmUpMs, measureMs, method, path, token, artifact: {repository, branch} | null, run, from }
 */
export function load(job) {
  return new Promise((done, failed) => {
    const child = fork(fileURLToPath(import.meta.url), ['--load'], { serialization: 'advanced' })
    const limitMs = job.warmUpMs + job.measureMs + graceMs
    const late = setTimeout(() => child.kill('SIGKILL'), limitMs)
    let result
    child.once('message', (message) => {
      result = message
    })
    child.once('close', () => {
      clearTimeout(late)
      if (result) done(result)
      else failed(new Error('the load generator ended without figures'))
    })
    child.send(job)
  })
}

class Load {
  #job
  #next
  #buckets = new Uint32Array(bucketsMax)
  #accepted = []
  #answered = 0
  #refused = 0
  #measureFrom = 0
  #end = 0

  constructor(job) {
    this.#job = job
    this.#next = job.from
  }

  async run() {
    const { connections, warmUpMs, measureMs } = this.#job
    this.#measureFrom = performance.now() + warmUpMs
    this.#end = this.#measureFrom + measureMs
    const cpu = process.cpuUsage()
    await Promise.all(Array.from({ length: connections }, () => this.#connection()))
    const seconds = (performance.now() - this.#measureFrom) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return {
      perSecond: this.#answered / seconds,
      p50Ms: this.#latency(0.5),
      p99Ms: this.#latency(0.99),
      refused: this.#refused,
      accepted: this.#accepted,
      cpuShare: (user + system) / 1e6 / (seconds + warmUpMs / 1000),
    }
  }

  /** One socket until the time is over or the server is gone. */
  #connection() {
    const request = prepare(this.#job)
    const answer = { missing: 0, head: '' }
    let number = 0
    let sentAt = 0
    return new Promise((done) => {
      const onread = {
        buffer: Buffer.allocUnsafe(readBytes),
        callback: (count, bytes) => {
          const status = readAnswer(answer, bytes, count)
          if (status === 0) return true
          this.#note(status, number, sentAt)
          if (performance.now() >= this.#end) socket.destroy()
          else send()
          return true
        },
      }
      const socket = connect({ port: this.#job.port, host: '127.0.0.1', noDelay: true, onread })
      const send = () => {
        number = this.#next++
        request.number(number)
        sentAt = performance.now()
        socket.write(request.bytes)
      }
      socket.on('connect', send)
      socket.on('error', () => undefined)
      socket.on('close', done)
    })
  }

  #note(status, number, sentAt) {
    const now = performance.now()
    if (status === 201) this.#accepted.push(number)
    else if (status !== 200) this.#refused++
    if (now < this.#measureFrom) return
    this.#answered++
    this.#buckets[Math.min(bucketsMax - 1, Math.floor((now - sentAt) * bucketsPerMs))]++
  }

  #latency(share) {
    let left = this.#answered * share
    const at = this.#buckets.findIndex((count) => {
      left -= count
      return left <= 0
    })
    return (at + 1) / bucketsPerMs
  }
}

/** The bytes of a request, and how to make them those of another artifact. */
function prepare({ method, path, token, artifact, run }) {
  const sha = shaOf(0, run)
  const body = artifact ? JSON.stringify(artifactOf({ ...artifact, sha })) : ''
  const lines = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1']
  if (token) lines.push(`authorization: Bearer ${token}`)
  if (artifact) lines.push('content-type: application/json', `content-length: ${body.length}`)
  const text = `${lines.join('\r\n')}\r\n\r\n${body}`
  const bytes = Buffer.from(text)
  const places = [...text.matchAll(new RegExp(sha, 'g'))].map(({ index }) => index)
  const number = (value) => {
    const digits = places.length > 0 ? shaOf(value, run) : ''
    for (const place of places) bytes.latin1Write(digits, place)
  }
  return { bytes, number }
}

/** Answers the status when an answer is whole, else 0. */
function readAnswer(answer, bytes, count) {
  if (answer.missing > 0) {
    answer.missing -= count
    return answer.missing > 0 ? 0 : answer.status
  }
  answer.head += bytes.latin1Slice(0, count)
  const headEnd = answer.head.indexOf('\r\n\r\n')
  if (headEnd < 0) return 0
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.head.slice(0, headEnd + 2))
  if (!length) throw new Error(`an answer without content-length: ${answer.head}`)
  answer.status = Number(answer.head.slice(9, 12))
  answer.missing = headEnd + 4 + Number(length[1]) - answer.head.length
  answer.head = ''
  return answer.missing > 0 ? 0 : answer.status
}

if (process.argv[2] === '--load')
  process.once('message', async (job) => {
    const result = await new Load(job).run()
    process.send(result, () => process.disconnect())
  })
