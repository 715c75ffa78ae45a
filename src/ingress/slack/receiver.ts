import type { App, Receiver } from '@slack/bolt'
import { isRefusal } from '../../domain/fault.ts'
import { Answerer } from './answerer.ts'
import { type Delivered, readPayload } from './payload.ts'
import type { SlackPorts } from './ports.ts'
import { isResponseUrl } from './response-url.ts'
import type { Verify } from './verify.ts'

/** A command that is not carried out by then is answered with a word, and its answer follows. */
const soonMs = 300
/** What could not be kept by then was not taken: Slack waits three seconds. */
const keepMs = 2_300
/** Choices that come later are not shown any more. */
const optionsMs = 2_500

type Given = {
  readonly ports: SlackPorts
  readonly verify: Verify
  readonly apiUrl: string
}

/**
 * Takes what Slack sends: verified, kept, and only then answered. Everything is handed to Bolt once,
 * however often it comes; what was taken when the process ended is handed to it at the next start.
 */
export class SlackReceiver implements Receiver {
  readonly #given: Given
  #app: App | undefined
  readonly #running = new Set<Promise<unknown>>()

  constructor(given: Given) {
    this.#given = given
  }

  init(app: App): void {
    this.#app = app
  }

  /** True while something is carried out. */
  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Carries out what this server took before its last stop, beside everything else. */
  start(): Promise<void> {
    const work = this.#resume()
    this.#track(work)
    return work
  }

  async #resume(): Promise<void> {
    const { deliveries, log } = this.#given.ports
    const open = await deliveries.open('slack')
    if (open.length > 0)
      log.info({ count: open.length }, 'carrying out what Slack sent before the stop')
    for (const one of open) this.carryOn(one)
  }

  /** Carries out what was kept, beside everything else. */
  carryOn({ key, requestId, body }: { key: string; requestId: string; body: string }): void {
    const delivered = JSON.parse(body) as Delivered
    const answerer = this.#answerer(delivered, requestId)
    answerer.waitNoLonger()
    this.#run(delivered, key, answerer)
  }

  /** Waits for what is being carried out. */
  async stop(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
  }

  /** Answers a request of Slack's. */
  async handle(request: Request): Promise<Response> {
    const body = await request.text()
    const seen = this.#given.verify(request.headers, body)
    if (seen === 'forged') return unauthorized()
    // The same bytes again are no sign of Slack, unless it says so: then it only missed the answer.
    if (seen === 'repeated')
      return request.headers.has('x-slack-retry-num') ? new Response('') : unauthorized()
    const payload = readPayload(body, request.headers.get('content-type') ?? '')
    if (isRefusal(payload)) return new Response(payload.message, { status: 400 })
    if (payload.kind === 'challenge') return Response.json({ challenge: payload.challenge })
    if (payload.kind === 'ssl-check') return new Response('')
    const isOurs = await within(this.isOurs(payload), keepMs, undefined)
    if (isOurs === false) return unauthorized()
    const answer = isOurs === undefined ? null : await this.take(payload)
    // Slack sends an event again, and shows people that a click came to nothing.
    return answer === null ? new Response('not kept', { status: 503 }) : responseOf(answer)
  }

  /** True for what comes from the bot's own workspace, or from one whose people are listed. */
  async isOurs({ teams }: Delivered): Promise<boolean> {
    const { workspace, commands } = this.#given.ports
    const { people } = await commands.sources.policies(await commands.gitops.lastTip())
    const unlisted = teams.filter((team) => !people.all().some(({ slack }) => slack?.team === team))
    if (unlisted.length === 0) return true
    const own = await workspace()
    return unlisted.every((team) => team === own)
  }

  /**
   * Keeps what Slack sent and answers the JSON to answer with, or an empty text; `null` when it could
   * not be kept in time, so that nothing will be done.
   */
  async take(delivered: Delivered): Promise<string | null> {
    if (delivered.key === null) return this.#look(delivered)
    const { ports } = this.#given
    const { key } = delivered
    const requestId = ports.commands.ids.next('event')
    const answerer = this.#answerer(delivered, requestId)
    const kept = ports.deliveries.accept({
      ...{ key, requestId, surface: 'slack', body: JSON.stringify(delivered) },
      receivedMs: ports.commands.clock.nowMs(),
    })
    const isNew = await within(kept, keepMs, undefined)
    if (isNew === undefined) {
      this.#takeBack(key, kept)
      return delivered.kind === 'command' ? JSON.stringify(notTaken) : null
    }
    if (!isNew) return (await ports.deliveries.answer(key)) ?? ''
    this.#run(delivered, key, answerer)
    const isAwaited = delivered.kind === 'command' || delivered.kind === 'submission'
    if (!isAwaited) return ''
    await within(answerer.first, soonMs, undefined)
    if (answerer.isAnswered) return answerer.told
    answerer.waitNoLonger()
    return delivered.kind === 'command' ? JSON.stringify(working) : ''
  }

  /** What changes nothing is not kept. */
  async #look(delivered: Delivered): Promise<string> {
    const answerer = this.#answerer(delivered, '')
    const { log } = this.#given.ports
    const work = this.#hand(delivered, answerer)
    this.#track(
      work.catch((error: unknown) => log.error({ err: error }, 'a look of Slack came to nothing')),
    )
    return (await within(answerer.first, optionsMs, undefined)) ?? '{"options":[]}'
  }

  /** Nobody is told yes, so nothing may happen: what is kept after all is taken back. */
  #takeBack(key: string, kept: Promise<boolean>): void {
    const { deliveries, log } = this.#given.ports
    log.error({ key }, 'a delivery of Slack could not be kept in time')
    kept.then((isNew) => (isNew ? deliveries.forget(key) : undefined)).catch(() => undefined)
  }

  #answerer(delivered: Delivered, requestId: string): Answerer {
    const { ports, apiUrl } = this.#given
    const url = delivered.body.response_url
    const responseUrl = typeof url === 'string' && isResponseUrl(url, apiUrl) ? url : null
    return new Answerer({ ports, delivered, requestId, responseUrl })
  }

  #run(delivered: Delivered, key: string, answerer: Answerer): void {
    const { deliveries, log } = this.#given.ports
    const work = this.#hand(delivered, answerer)
      // What cannot be carried out now never can be: it must not come again at every start (row F37).
      .catch((error: unknown) =>
        log.error({ err: error, key }, 'a delivery of Slack came to nothing'),
      )
      .then(() => deliveries.done(key, answerer.told))
      .catch((error: unknown) => log.error({ err: error, key }, 'a delivery of Slack stays open'))
    this.#track(work)
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work)
    const over = () => this.#running.delete(work)
    work.then(over, over)
  }

  async #hand({ body }: Delivered, answerer: Answerer): Promise<void> {
    await this.#app?.processEvent({
      body: { ...body },
      ack: (response) => answerer.answer(response),
      customProperties: { answerer },
    })
    // Who has nothing to say says so.
    await answerer.answer('')
  }
}

const unauthorized = () => new Response('unauthorized', { status: 401 })

const responseOf = (json: string) =>
  new Response(json, json === '' ? {} : { headers: { 'content-type': 'application/json' } })

const working = { response_type: 'ephemeral', text: 'Working on it: the answer comes here.' }
const notTaken = {
  response_type: 'ephemeral',
  text: 'I could not take that in time, so nothing was done. Please try again.',
}

/** What a promise answers within a while, or something else. */
async function within<T, E>(promise: Promise<T>, ms: number, otherwise: E): Promise<T | E> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<E>((done) => {
    timer = setTimeout(() => done(otherwise), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
