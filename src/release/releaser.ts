import type { Environments } from '../domain/environments.ts'
import { isTargeted, type ReleaseEvent, type TargetedEvent } from '../domain/event.ts'
import { Fault } from '../domain/fault.ts'
import { runBatch } from './batch.ts'
import { broken, type GuardPorts, refusePoison } from './guard.ts'
import { wasPushed } from './outdate.ts'
import type { RunPorts } from './ports.ts'

/** The most releases of one push: it bounds what one push that fails holds up. */
const batchMax = 100

export type ReleaserPorts = GuardPorts &
  RunPorts & {
    readonly events: GuardPorts['events'] & {
      claimTargeted(
        nowMs: number,
        limit: number,
        environments: Environments,
      ): Promise<readonly ReleaseEvent[]>
    }
    /** Those that the repository has. */
    readonly environments: Environments
    /** Told of each landed release: milliseconds from the acceptance of its event to the push. */
    readonly landed?: (ms: number) => void
  }

/** Carries out what is ready: a batch is what gathered while the last push ran. */
export class Releaser {
  readonly #ports: ReleaserPorts
  /** A batch that came to nothing is tried again smaller, or it would come to nothing again. */
  #most = batchMax

  constructor(ports: ReleaserPorts) {
    this.#ports = ports
  }

  /** Answers how many were taken. */
  async step(): Promise<number> {
    const { events, clock, environments } = this.#ports
    const claimed = await events.claimTargeted(clock.nowMs(), this.#most, environments)
    const batch = claimed.filter(isTargeted)
    if (batch.length > 0) await this.#run(batch)
    return batch.length
  }

  async #run(batch: readonly TargetedEvent[]): Promise<void> {
    const { clock, landed } = this.#ports
    try {
      refusePoison(batch)
      const result = await runBatch(this.#ports, batch)
      for (const event of result.landed) landed?.(clock.nowMs() - event.createdMs)
      for (const [event, error] of result.failed) await this.#broken(event, error)
      this.#most = Math.min(batchMax, this.#most * 2)
    } catch (error) {
      this.#most = Math.max(1, Math.floor(batch.length / 2))
      for (const event of batch) await this.#broken(event, error)
    }
  }

  /** What was pushed after all did not break, whatever came after its push. */
  async #broken(event: TargetedEvent, error: unknown): Promise<void> {
    let why = error
    try {
      // A fault of the world outside lets it be tried again, which looks by itself.
      if (!(error instanceof Fault) && (await wasPushed(this.#ports, event))) {
        const fields = { eventId: event.id, err: error }
        return this.#ports.log.warn(fields, 'an event broke after its push, which counts')
      }
    } catch (unsettled) {
      if (unsettled instanceof Fault) why = unsettled
    }
    await broken(this.#ports, event, why)
  }
}
