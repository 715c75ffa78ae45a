import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { isRefusal } from '../../domain/fault.ts'
import { readParsed } from './payload.ts'
import type { SlackPorts } from './ports.ts'
import type { SlackReceiver } from './receiver.ts'
import { type Problem, SocketLink } from './socket-link.ts'

/** The first pause before another attempt; each one that came to nothing doubles it. */
const firstPauseMs = 250
const pauseMsMax = 30_000
/** How soon Slack is asked again when a person must do something first. */
const lastingPauseMs = 60_000
/** A connection that held this long was no failure. */
const steadyMs = 30_000
/** How long a stop waits for what is being kept. */
const stopMs = 600

type Given = {
  readonly appToken: string
  readonly apiUrl: string
  readonly receiver: Pick<SlackReceiver, 'isOurs' | 'take'>
  readonly log: SlackPorts['log']
}

const envelopeShape = z.looseObject({
  envelope_id: z.string().min(1),
  type: z.string().max(40).catch('unknown'),
  payload: z.unknown(),
  accepts_response_payload: z.boolean().optional(),
})
type Envelope = z.output<typeof envelopeShape>

/**
 * Slack by a connection that we open, for a server that Slack cannot reach. Whatever comes is
 * acknowledged when it is kept, and not before: until then Slack sends it again.
 */
export class SocketMode {
  readonly #given: Given
  readonly #links = new Set<SocketLink>()
  readonly #taking = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #staying: Promise<void> | undefined
  /** The problem that the log knows of. */
  #told: string | undefined

  constructor(given: Given) {
    this.#given = given
  }

  /** Connects, and stays connected, beside everything else: Slack may be away. */
  start(): void {
    this.#staying ??= this.#stay()
  }

  /** Takes nothing any more, waits a moment for what is being kept, and closes. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const late = pause(stopMs, undefined, { ref: false })
    await Promise.race([Promise.allSettled([...this.#taking]), late])
    await Promise.all([...this.#links].map((link) => link.close()))
    await this.#staying
  }

  async #stay(): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      const startMs = performance.now()
      const problem = await this.#connect()
      const isSteady = problem === null && performance.now() - startMs >= steadyMs
      failures = isSteady ? 0 : failures + 1
      const againMs = pauseMsAfter(problem, failures)
      if (problem !== null && !signal.aborted) this.#tell(problem, againMs)
      await pause(againMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Connects, and waits until another connection is needed; answers what was in the way. */
  async #connect(): Promise<Problem | null> {
    const { appToken, apiUrl } = this.#given
    const link: SocketLink = new SocketLink({
      ...{ appToken, apiUrl },
      hear: (message) => this.#hear(message, link),
    })
    this.#links.add(link)
    void link.over.then(() => this.#links.delete(link))
    const problem = await link.open()
    if (problem !== null) this.#links.delete(link)
    else if (this.#stopping.signal.aborted) await link.close()
    else await this.#stayOn(link)
    return problem
  }

  async #stayOn(link: SocketLink): Promise<void> {
    const { log } = this.#given
    this.#told = undefined
    log.info({}, 'connected to Slack by its socket')
    const reason = await link.leaving
    if (!this.#stopping.signal.aborted) log.info({ reason }, 'Slack’s socket ends; opening another')
  }

  /** Logs what is in the way once, however often it is met. */
  #tell({ code, isLasting }: Problem, againMs: number): void {
    if (this.#told === code) return
    this.#told = code
    const { log } = this.#given
    if (isLasting) log.error({ code, againMs }, refused)
    else log.warn({ code, againMs }, 'Slack’s socket cannot be opened; trying on')
  }

  #hear(message: unknown, link: SocketLink): void {
    const { data } = envelopeShape.safeParse(message)
    // What is not taken is not acknowledged, so that Slack sends it again.
    if (!data || this.#stopping.signal.aborted) return
    const work = this.#take(data, link)
      .catch((error: unknown) =>
        this.#given.log.error({ err: error, type: data.type }, 'an envelope of Slack was not kept'),
      )
      .finally(() => this.#taking.delete(work))
    this.#taking.add(work)
  }

  async #take(envelope: Envelope, link: SocketLink): Promise<void> {
    const json = await this.#answerTo(envelope)
    if (json === null) return
    const { envelope_id, accepts_response_payload: mayAnswer = true } = envelope
    const answer = json === '' || !mayAnswer ? {} : { payload: JSON.parse(json) }
    // Any connection of the app will do, when the one that it came by has ended.
    const isSent = [link, ...this.#links].some((one) => one.send({ envelope_id, ...answer }))
    if (!isSent)
      this.#given.log.warn({ type: envelope.type }, 'Slack left before it was acknowledged')
  }

  /** Keeps what came and answers the JSON to acknowledge it with; `null` when it was not kept. */
  async #answerTo({ type, payload }: Envelope): Promise<string | null> {
    const { receiver, log } = this.#given
    const delivered = readParsed(payload)
    // Both are acknowledged: Slack would go on sending them for ever.
    if (isRefusal(delivered) || !('key' in delivered)) {
      log.warn({ type }, 'Slack sent something that nobody here knows')
      return ''
    }
    if (!(await receiver.isOurs(delivered))) {
      log.warn({ type, teams: delivered.teams }, 'Slack sent something of another workspace')
      return ''
    }
    return receiver.take(delivered)
  }
}

const refused =
  'Slack does not take SLACK_APP_TOKEN: make an app-level token with the scope connections:write ' +
  '(Basic Information of the app), turn Socket Mode on, and restart with that token'

function pauseMsAfter(problem: Problem | null, failures: number): number {
  if (failures === 0) return 0
  if (problem?.isLasting) return lastingPauseMs
  const grown = Math.min(pauseMsMax, firstPauseMs * 2 ** (failures - 1))
  return Math.max(grown, problem?.afterMs ?? 0)
}
