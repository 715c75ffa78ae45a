import { type Closing, isTargeted, type ReleaseEvent } from '../domain/event.ts'
import { Fault, type FaultCode } from '../domain/fault.ts'
import { expand } from './expand.ts'
import type { RunPorts } from './ports.ts'
import { type PreviewPorts, Previews } from './previews.ts'
import { runEvent } from './run.ts'
import { type SchedulePorts, tellTime } from './tell-time.ts'

/** How many arrivals are expanded at once; releases are carried out one at a time. */
const sliceEvents = 32
/** After a full slice the loop rests: under a flood accepting comes before acting. */
const slicePauseMs = 20
/** From so many wake-ups a second on the pause is longer: what waits to be accepted comes first. */
const floodPerSecond = 2_000
const floodPauseMs = 250
/** How often schedules are looked at. */
const tellTimeMs = 15_000
/** The slow look behind the wake-up signal. */
const pollMs = 1_000
/** An event may be due and yet wait for an older one of its target. */
const duePauseMs = 25
/** An event that broke this often is set aside, so that it cannot stop the others. */
const attemptsMax = 5
/** The server may be ended by others, too, while it happens to carry out the same event. */
const interruptionsMax = 10
/** Each attempt waits twice as long as the one before. */
const backoffMs = 250
/** What waits for the world outside looks again this often. */
const outagePauseMs = 2_000

export type LoopPorts = RunPorts &
  SchedulePorts &
  PreviewPorts & {
    readonly events: {
      claimWide(nowMs: number, limit: number): Promise<readonly ReleaseEvent[]>
      claimTargeted(nowMs: number): Promise<ReleaseEvent | undefined>
      nextDueMs(): Promise<number | undefined>
      closeAll(all: readonly (readonly [ReleaseEvent, Closing])[]): Promise<void>
      postpone(
        event: ReleaseEvent,
        how: { statusDesc: string; dueMs: number; forgive: boolean },
      ): Promise<void>
    }
    readonly log: {
      info(fields: object, text: string): void
      warn(fields: object, text: string): void
      error(fields: object, text: string): void
    }
    /** Told of each landed release: milliseconds from the acceptance of its event to the push. */
    readonly landed?: (ms: number) => void
  }

/** Claims events in order and carries them out, one at a time, until it is stopped. */
export class Loop {
  readonly #ports: LoopPorts
  #stopping = false
  #wake: () => void = () => undefined
  #awake = false
  #wakes = 0
  #wakesSinceMs = 0
  #timeToldMs = Number.NEGATIVE_INFINITY
  readonly #previews: Previews
  /** How many wake-ups there had been when previews were looked at last. */
  #wakesPreviewed = 0
  #running: Promise<void> | undefined

  constructor(ports: LoopPorts) {
    this.#ports = ports
    this.#previews = new Previews(ports)
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Says that there is something new to do. */
  wake(): void {
    this.#awake = true
    this.#wakes++
    this.#wake()
  }

  /** Takes nothing new and waits for the step in flight. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#awake = false
      try {
        await this.#tellTime()
        await this.#lookAtPreviews()
        const wide = await this.#expandSlice()
        const targeted = await this.#runNext()
        if (wide === sliceEvents) await this.#ports.pause(this.#pauseMs())
        else if (wide === 0 && !targeted) await this.#sleep(await this.#untilDue())
      } catch (error) {
        this.#ports.log.error({ err: error }, 'the queue could not be read')
        await this.#sleep(pollMs)
      }
    }
  }

  /** Once in a while: tells the triggers whose time has come. */
  async #tellTime(): Promise<void> {
    const nowMs = this.#ports.clock.nowMs()
    if (nowMs < this.#timeToldMs + tellTimeMs) return
    this.#timeToldMs = nowMs
    await tellTime(this.#ports)
  }

  /** What cannot be looked at now, because the git host is away, keeps nothing else from being done. */
  async #lookAtPreviews(): Promise<void> {
    const wakes = this.#wakes
    try {
      if (await this.#previews.look(wakes !== this.#wakesPreviewed)) this.#wakesPreviewed = wakes
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#ports.log.warn({ err: error }, 'previews could not be looked at')
    }
  }

  async #expandSlice(): Promise<number> {
    const { events, clock } = this.#ports
    const claimed = await events.claimWide(clock.nowMs(), sliceEvents)
    if (claimed.length > 0) await this.#guarded(claimed, () => this.#expand(claimed))
    return claimed.length
  }

  async #runNext(): Promise<boolean> {
    const { events, clock, landed } = this.#ports
    const event = this.#stopping ? undefined : await events.claimTargeted(clock.nowMs())
    if (!event || !isTargeted(event)) return false
    await this.#guarded([event], async () => {
      const result = await runEvent(this.#ports, event)
      if (result.landed) landed?.(clock.nowMs() - event.createdMs)
    })
    return true
  }

  async #expand(events: readonly ReleaseEvent[]): Promise<void> {
    const tip = await this.#ports.gitops.tip()
    await this.#ports.events.closeAll(await expand(this.#ports, events, tip))
  }

  /** What breaks is kept with the events, which are tried again or, at last, set aside. */
  async #guarded(events: readonly ReleaseEvent[], work: () => Promise<void>): Promise<void> {
    try {
      const poison = events.find((event) => event.attempts > interruptionsMax)
      // It was taken that often and never came to an end, so it ended the process.
      if (poison) throw new Error('the server stopped while it was carried out')
      await work()
    } catch (error) {
      for (const event of events) await this.#broken(event, error)
    }
  }

  async #broken(event: ReleaseEvent, error: unknown): Promise<void> {
    const { events, clock, log } = this.#ports
    const forgive = error instanceof Fault && passing.has(error.code)
    const text = error instanceof Error ? error.message : String(error)
    const fields = { eventId: event.id, attempt: event.attempts, err: error }
    if (!forgive && event.attempts >= attemptsMax) {
      log.error(fields, 'event set aside')
      const statusDesc = `set aside after ${event.attempts} attempts: ${text}`
      await events.close(event, { status: 'error', statusDesc })
      return
    }
    log.warn(fields, 'event tried again later')
    const wait = forgive ? outagePauseMs : backoffMs * 2 ** event.attempts
    const dueMs = clock.nowMs() + Math.round(wait * (0.5 + Math.random() / 2))
    await events.postpone(event, { statusDesc: `waits: ${text}`, dueMs, forgive })
  }

  #pauseMs(): number {
    const nowMs = this.#ports.clock.nowMs()
    const isFlood = this.#wakes * 1000 > floodPerSecond * (nowMs - this.#wakesSinceMs)
    this.#wakes = 0
    this.#wakesSinceMs = nowMs
    return isFlood ? floodPauseMs : slicePauseMs
  }

  async #untilDue(): Promise<number> {
    const dueMs = await this.#ports.events.nextDueMs()
    const wait = dueMs === undefined ? pollMs : dueMs - this.#ports.clock.nowMs()
    return Math.max(duePauseMs, Math.min(pollMs, wait))
  }

  #sleep(ms: number): Promise<void> {
    if (this.#awake || this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Faults of the world outside: they pass, and say nothing against the event. */
const passing: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'gitops_unreachable',
  'gitops_rewound',
  'gitops_forbidden',
  'clone_broken',
  'database_busy',
  'database_broken',
  'sources_unreadable',
])
