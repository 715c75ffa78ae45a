import { fork } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { requestOf } from './slack-command.mjs'

/**
 * Slash commands from a process of its own. A closed loop keeps each connection busy and tells the
 * rate; an open loop sends at planned times, whatever the answers do, and counts from the planned
 * time on, so that a stall is seen by everyone who would have waited in it.
 */

/** What is not answered by then is not: Slack has given up after three seconds. */
const answerMs = 3_200
const graceMs = 5_000
/** How often the disk is asked meanwhile, and how much it is to keep. */
const diskPauseMs = 100
const diskBytes = 4_096

/**
 * Runs one load and answers its figures.
 * Job: { port, slackOrigin, run, from, connections | perSecond, warmUpMs, measureMs }
 */
export function load(job) {
  return new Promise((done, failed) => {
    const child = fork(fileURLToPath(import.meta.url), ['--load'], { serialization: 'advanced' })
    const limitMs = job.warmUpMs + job.measureMs + answerMs + graceMs
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

/** A socket that is kept alive, with one request under way. */
class Connection {
  #port
  #socket
  #text = ''
  #settle = () => undefined

  constructor(port) {
    this.#port = port
  }

  /** Answers the status and the body; the status is 0 when there was no answer. */
  send(request) {
    return new Promise((done) => {
      const late = setTimeout(() => this.#socket.destroy(), answerMs)
      this.#settle = (answer) => {
        clearTimeout(late)
        this.#settle = () => undefined
        done(answer)
      }
      this.#socket ??= this.#open()
      this.#socket.write(request)
    })
  }

  close() {
    this.#socket?.destroy()
  }

  #open() {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    socket.setEncoding('utf8')
    socket.on('data', (text) => {
      this.#text += text
      const answer = readAnswer(this.#text)
      if (!answer) return
      this.#text = ''
      this.#settle(answer)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#socket = undefined
      this.#text = ''
      this.#settle({ status: 0, body: '' })
    })
    return socket
  }
}

/** An answer that is whole, with a length or in chunks. */
function readAnswer(text) {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [head, body] = [text.slice(0, headEnd + 2), text.slice(headEnd + 4)]
  const length = /\r\ncontent-length: (\d+)/i.exec(head)
  const isWhole = length
    ? Buffer.byteLength(body) >= Number(length[1])
    : body === '0\r\n\r\n' || body.endsWith('\r\n0\r\n\r\n')
  return isWhole ? { status: Number(head.slice(9, 12)), body } : undefined
}

/** What an answer is worth to the person who typed. */
function kindOf({ status, body }) {
  if (status === 0) return 'silent'
  if (status !== 200) return 'refused'
  if (body.includes('I could not take that in time')) return 'notTaken'
  if (body.includes('"text":"Working on it')) return 'deferred'
  return /had trouble|could not do that|"There is no/.test(body) ? 'broken' : 'answered'
}

class Load {
  #job
  #number
  #latencies = []
  #kinds = { answered: 0, deferred: 0, broken: 0, notTaken: 0, refused: 0, silent: 0 }
  #measureFrom
  #end
  #example = ''

  constructor(job) {
    this.#job = job
    this.#number = job.from
    this.#measureFrom = performance.now() + job.warmUpMs
    this.#end = this.#measureFrom + job.measureMs
  }

  async run() {
    const { connections, warmUpMs } = this.#job
    const cpu = process.cpuUsage()
    const disk = this.#disk()
    if (connections) await Promise.all(Array.from({ length: connections }, () => this.#closed()))
    else await this.#open()
    const seconds = (performance.now() - this.#measureFrom) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return {
      perSecond: (this.#latencies.length - this.#kinds.silent) / seconds,
      latencies: this.#latencies,
      kinds: this.#kinds,
      example: this.#example,
      diskMs: await disk,
      cpuShare: (user + system) / 1e6 / (seconds + warmUpMs / 1000),
    }
  }

  async #closed() {
    const connection = new Connection(this.#job.port)
    while (performance.now() < this.#end) await this.#one(connection, performance.now())
    connection.close()
  }

  async #open() {
    const idle = []
    const running = []
    const everyMs = 1000 / this.#job.perSecond
    const first = performance.now()
    for (let plannedAt = first; plannedAt < this.#end; plannedAt += everyMs) {
      await pause(Math.max(0, plannedAt - performance.now()))
      const connection = idle.pop() ?? new Connection(this.#job.port)
      running.push(this.#one(connection, plannedAt).then(() => idle.push(connection)))
    }
    await Promise.all(running)
    for (const connection of idle) connection.close()
  }

  /** How long the same disk takes to keep a page meanwhile: a server that keeps waits as long. */
  async #disk() {
    const path = join(tmpdir(), `gimletd-bench-${process.pid}`)
    const file = await open(path, 'w')
    const taken = []
    while (performance.now() < this.#end) {
      const startedAt = performance.now()
      await file.write(Buffer.alloc(diskBytes, taken.length))
      await file.datasync()
      taken.push(performance.now() - startedAt)
      await pause(diskPauseMs)
    }
    await file.close()
    await rm(path)
    return taken
  }

  async #one(connection, plannedAt) {
    const { run, slackOrigin } = this.#job
    const request = requestOf({ number: this.#number++, run, slackOrigin })
    const answer = await connection.send(request)
    if (plannedAt < this.#measureFrom) return
    const kind = kindOf(answer)
    this.#kinds[kind]++
    if (!['answered', 'deferred'].includes(kind))
      this.#example ||= `${answer.status} ${answer.body}`
    this.#latencies.push(performance.now() - plannedAt)
  }
}

if (process.argv[2] === '--load')
  process.once('message', async (job) => {
    const result = await new Load(job).run()
    process.send(result, () => process.disconnect())
  })
