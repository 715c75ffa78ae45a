import type { Environments } from '../domain/environments.ts'
import { isTargeted, type ReleaseEvent, type TargetedEvent } from '../domain/event.ts'
import { Fault } from '../domain/fault.ts'
import { type BatchResult, runBatch } from './batch.ts'
import { askedMs, broken, type GuardPorts, refusePoison } from './guard.ts'
import { wasPushed } from './outdate.ts'
import type { RunPorts } from './ports.ts'
import { Stopwatch } from './stopwatch.ts'
import { type TellPorts, tellBatch } from './tell-batch.ts'

export type ReleaserPorts = GuardPorts &
  TellPorts &
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
    /** The most releases of one push. */
    readonly batchMax: number
  }

/** Carries out what is ready: a batch is what gathered while the last push ran. */
export class Releaser {
  readonly #ports: ReleaserPorts
  /** A batch that came to nothing is tried again smaller, or it would come to nothing again. */
  #most: number

  constructor(ports: ReleaserPorts) {
    this.#ports = ports
    this.#most = ports.batchMax
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
    try {
      refusePoison(batch)
      const result = await this.#timed(batch)
      for (const [event, error] of result.failed) await this.#broken(event, error)
      this.#most = Math.min(this.#ports.batchMax, this.#most * 2)
    } catch (error) {
      // A host that asks to wait says nothing against the batch.
      if (askedMs(error) === undefined) this.#most = Math.max(1, Math.floor(batch.length / 2))
      for (const event of batch) await this.#broken(event, error)
    }
  }

  /** Carries out a batch and tells where its time went, also when it breaks. */
  async #timed(batch: readonly TargetedEvent[]): Promise<BatchResult> {
    const { clock } = this.#ports
    const takenMs = clock.nowMs()
    const stopwatch = new Stopwatch(clock)
    let landed: BatchResult['landed'] = []
    try {
      const result = await runBatch({ ...this.#ports, stopwatch }, batch)
      landed = result.landed
      return result
    } finally {
      const endedMs = clock.nowMs()
      tellBatch(this.#ports, {
        eventId: batch[0]?.id ?? '',
        size: batch.length,
        queuedMs: batch.filter(isNew).map((event) => since(readyMs(event), takenMs)),
        landed: landed.map((event) => ({
          ms: since(event.createdMs, endedMs),
          wasHeld: event.status === 'held',
        })),
        ...stopwatch.stop(),
      })
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

/** What was held waited for a policy or for people, and how long since is not known. */
const isNew = ({ status }: TargetedEvent): boolean => status === 'new'
const readyMs = ({ createdMs, dueMs }: TargetedEvent): number => Math.max(createdMs, dueMs)
/** Another server's clock may be ahead. */
const since = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs)
