import { Expander, type ExpanderPorts } from './expander.ts'
import { Pump } from './pump.ts'
import { Releaser, type ReleaserPorts } from './releaser.ts'

export type LoopPorts = ExpanderPorts &
  ReleaserPorts & {
    readonly events: {
      nextDueMs(): Promise<number | undefined>
    }
  }

/** Far longer than anything rests. */
const farMs = 60_000

/**
 * Claims events in order and carries them out until it is stopped: one part expands what is asked, the
 * other releases, so that a push that takes long holds up no arrival.
 */
export class Loop {
  readonly #ports: LoopPorts
  readonly #expander: Expander
  readonly #expanding: Pump
  readonly #releasing: Pump

  constructor(ports: LoopPorts) {
    this.#ports = ports
    const broke = (error: unknown) => ports.log.error({ err: error }, 'the queue could not be read')
    const expander = new Expander(ports)
    const releaser = new Releaser(ports)
    // Each makes work for the other: requests are to be released, and triggers may follow a release.
    const expanding = new Pump({ step: () => this.#step(expander, releasing), broke })
    const releasing = new Pump({ step: () => this.#step(releaser, expanding), broke })
    this.#expander = expander
    this.#expanding = expanding
    this.#releasing = releasing
  }

  start(): void {
    this.#expanding.start()
    this.#releasing.start()
  }

  /** Says that there is something new to do. */
  wake(): void {
    this.#expander.woken()
    this.#expanding.wake()
    this.#releasing.wake()
  }

  /** Takes nothing new and waits for the steps in flight. */
  async stop(): Promise<void> {
    await Promise.all([this.#expanding.stop(), this.#releasing.stop()])
  }

  async #step(part: { step(): Promise<number> }, other: Pump): Promise<number> {
    if ((await part.step()) > 0) {
      other.wake()
      return 0
    }
    const dueMs = await this.#ports.events.nextDueMs()
    return dueMs === undefined ? farMs : Math.max(1, dueMs - this.#ports.clock.nowMs())
  }
}
