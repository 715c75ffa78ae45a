import { Fault } from '../domain/fault.ts'
import { Expander, type ExpanderPorts } from './expander.ts'
import { Pump } from './pump.ts'
import { Releaser, type ReleaserPorts } from './releaser.ts'

export type LoopPorts = ExpanderPorts & {
  readonly clock: { nowMs(): number; monotonicMs(): number }
  readonly events: {
    nextWideMs(): Promise<number | undefined>
    /** Lets nothing wait any longer that waits to be tried again. */
    tryAgainNow(nowMs: number): Promise<void>
  }
}

/** What releases to one repository. */
export type RepositoryPorts = ReleaserPorts & {
  readonly events: {
    nextTargetedMs(of: ReleaserPorts['environments']): Promise<number | undefined>
  }
  /** Ends when nothing can land any more that another server began, or throws when it is to stop. */
  readonly ready?: (stop: AbortSignal) => Promise<void>
}

/** Far longer than anything rests. */
const farMs = 60_000
/** A clock that is set back by less makes nobody wait for long. */
const backMsMin = 1_000

/**
 * Claims events in order and carries them out until it is stopped: one part expands what is asked, and
 * for each repository one releases, so that a push that takes long holds up no arrival and no other
 * repository.
 */
export class Loop {
  readonly #ports: LoopPorts
  readonly #expander: Expander
  readonly #expanding: Pump
  readonly #repositories: readonly { readonly ports: RepositoryPorts; readonly pump: Pump }[]
  readonly #stopping = new AbortController()
  #starting: Promise<unknown> = Promise.resolve()
  /** How far the clock on the wall is ahead of the one that measures. */
  #aheadMs: number

  constructor(ports: LoopPorts, repositories: readonly RepositoryPorts[]) {
    this.#ports = ports
    this.#aheadMs = aheadMs(ports)
    this.#expander = new Expander(ports)
    // Each makes work for the others: requests are to be released, and triggers may follow a release.
    this.#expanding = this.#pump(this.#expander, () => ports.events.nextWideMs())
    this.#repositories = repositories.map((own) => {
      const next = () => own.events.nextTargetedMs(own.environments)
      return { ports: own, pump: this.#pump(new Releaser(own), next) }
    })
  }

  start(): void {
    this.#expanding.start()
    this.#starting = Promise.all(this.#repositories.map((one) => this.#begin(one)))
  }

  /** Says that there is something new to do. */
  wake(): void {
    this.#expander.woken()
    for (const pump of this.#pumps()) pump.wake()
  }

  /** Takes nothing new and waits for the steps in flight. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#starting
    await Promise.all(this.#pumps().map((pump) => pump.stop()))
  }

  async #begin({ ports, pump }: { ports: RepositoryPorts; pump: Pump }): Promise<void> {
    const { signal } = this.#stopping
    await ports.ready?.(signal)
    if (!signal.aborted) pump.start()
  }

  /** What waits was told until when by the clock as it was: row F23. */
  async #followClock(): Promise<void> {
    const { clock, events } = this.#ports
    const now = aheadMs(this.#ports)
    if (now < this.#aheadMs - backMsMin) await events.tryAgainNow(clock.nowMs())
    this.#aheadMs = now
  }

  readonly #pumps = () => [this.#expanding, ...this.#repositories.map(({ pump }) => pump)]

  #pump(part: { step(): Promise<number> }, next: () => Promise<number | undefined>): Pump {
    const step = async () => {
      await this.#followClock()
      if ((await part.step()) > 0) {
        for (const other of this.#pumps()) if (other !== pump) other.wake()
        return 0
      }
      const dueMs = await next()
      return dueMs === undefined ? farMs : Math.max(1, dueMs - this.#ports.clock.nowMs())
    }
    const broke = (error: unknown) => {
      // The server that leads now says so itself.
      if (error instanceof Fault && error.code === 'lease_lost') return
      this.#ports.log.error({ err: error }, 'the queue could not be read')
    }
    const pump = new Pump({ step, broke })
    return pump
  }
}

const aheadMs = ({ clock }: Pick<LoopPorts, 'clock'>): number => clock.nowMs() - clock.monotonicMs()
