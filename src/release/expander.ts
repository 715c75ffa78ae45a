import type { Closing, ReleaseEvent } from '../domain/event.ts'
import { Fault } from '../domain/fault.ts'
import { expand } from './expand.ts'
import { broken, type GuardPorts, refusePoison } from './guard.ts'
import type { ProposalPorts, RunPorts } from './ports.ts'
import { type PreviewPorts, Previews } from './previews.ts'
import { type SchedulePorts, tellTime } from './tell-time.ts'

/** How many arrivals are expanded at once. */
const sliceEvents = 32
/** After a full slice it rests: under a flood accepting comes before acting. */
const slicePauseMs = 20
/** From so many wake-ups a second on the pause is longer: what waits to be accepted comes first. */
const floodPerSecond = 2_000
const floodPauseMs = 250
/** How often schedules are looked at. */
const tellTimeMs = 15_000

export type ExpanderPorts = GuardPorts &
  SchedulePorts &
  PreviewPorts &
  ProposalPorts &
  Pick<RunPorts, 'pause'> & {
    readonly gitops: Pick<RunPorts['gitops'], 'tip'>
    readonly events: GuardPorts['events'] & {
      claimWide(nowMs: number, limit: number): Promise<readonly ReleaseEvent[]>
      closeAll(all: readonly (readonly [ReleaseEvent, Closing])[]): Promise<void>
    }
  }

/** Turns what happened, and what was asked for several apps, into requests of one app each. */
export class Expander {
  readonly #ports: ExpanderPorts
  readonly #previews: Previews
  #wakes = 0
  #wakesSinceMs = 0
  #timeToldMs = Number.NEGATIVE_INFINITY
  /** How many wake-ups there had been when previews were looked at last. */
  #wakesPreviewed = 0
  #wakesInAll = 0

  constructor(ports: ExpanderPorts) {
    this.#ports = ports
    this.#previews = new Previews(ports)
  }

  woken(): void {
    this.#wakes++
    this.#wakesInAll++
  }

  /** Answers how many were expanded. */
  async step(): Promise<number> {
    await this.#tellTime()
    await this.#lookAtPreviews()
    const { events, clock, pause } = this.#ports
    const claimed = await events.claimWide(clock.nowMs(), sliceEvents)
    if (claimed.length > 0) await this.#expand(claimed)
    if (claimed.length === sliceEvents) await pause(this.#pauseMs())
    return claimed.length
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
    const wakes = this.#wakesInAll
    try {
      if (await this.#previews.look(wakes !== this.#wakesPreviewed)) this.#wakesPreviewed = wakes
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#ports.log.warn({ err: error }, 'previews could not be looked at')
    }
  }

  async #expand(claimed: readonly ReleaseEvent[]): Promise<void> {
    const { events, gitops } = this.#ports
    try {
      refusePoison(claimed)
      await events.closeAll(await expand(this.#ports, claimed, await gitops.tip()))
    } catch (error) {
      for (const event of claimed) await broken(this.#ports, event, error)
    }
  }

  #pauseMs(): number {
    const nowMs = this.#ports.clock.nowMs()
    const isFlood = this.#wakes * 1000 > floodPerSecond * (nowMs - this.#wakesSinceMs)
    this.#wakes = 0
    this.#wakesSinceMs = nowMs
    return isFlood ? floodPauseMs : slicePauseMs
  }
}
