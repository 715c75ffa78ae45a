/** How often is looked whether there is still something to do. */
const lookMs = 250
/** What is due so soon is waited for. */
const soonMs = 3_000
/** A shift ends by then and the next one begins: a run of an object may make so many calls only. */
const shiftMsMax = 30_000
/** When the next shift begins should this one be cut off. */
const cutOffMs = shiftMsMax + 15_000
/** What is overdue and cannot be done is tried again after this long. */
const againMs = 2_000

/** What runs from a shift's begin to its end. */
export type Term = { readonly isLeading: boolean; stop(): Promise<void> }

export type ShiftPorts = {
  readonly clock: { nowMs(): number }
  readonly pause: (ms: number) => Promise<unknown>
  /** Begins a run at a moment, in Unix milliseconds, or none; one is kept, and outlives the process. */
  readonly setAlarm: (ms: number | null) => Promise<void>
  /** Begins to lead, or to try it. */
  readonly begin: () => Term
  /** True while something is carried out that no list of what is due tells of. */
  readonly isBusy: () => boolean
  readonly nextDueMs: () => Promise<number | undefined>
  readonly log: { warn(fields: object, text: string): void }
}

/**
 * Lets the server work as long as there is something to do, and rest otherwise: nobody pays for a server
 * that waits. A shift that is cut off anywhere is followed by another, since the alarm for it is set
 * before anything is done.
 */
export class Shifts {
  readonly #ports: ShiftPorts
  #isOn = false
  #isWoken = false

  constructor(ports: ShiftPorts) {
    this.#ports = ports
  }

  /** Says that there is something new to do. Ends when it is sure that a shift looks at it. */
  async wake(): Promise<void> {
    this.#isWoken = true
    if (!this.#isOn) await this.#ports.setAlarm(this.#ports.clock.nowMs())
  }

  /** Works until there is nothing to do, and sets the alarm for what is due later. */
  async work(): Promise<void> {
    if (this.#isOn) return
    this.#isOn = true
    const { clock, setAlarm } = this.#ports
    try {
      await setAlarm(clock.nowMs() + cutOffMs)
      await this.#shift()
      do {
        const nextMs = await this.#nextShiftMs()
        this.#isWoken = false
        await setAlarm(nextMs)
      } while (this.#isWoken)
    } finally {
      this.#isOn = false
    }
  }

  async #shift(): Promise<void> {
    const { begin, clock, pause } = this.#ports
    const term = begin()
    const endMs = clock.nowMs() + shiftMsMax
    let quietLooks = 0
    // Twice, for what one part has just finished another one may begin with.
    while (quietLooks < 2 && clock.nowMs() < endMs) {
      await pause(lookMs)
      quietLooks = term.isLeading && (await this.#isQuiet()) ? quietLooks + 1 : 0
    }
    await term.stop()
  }

  async #isQuiet(): Promise<boolean> {
    const { isBusy, clock } = this.#ports
    if (this.#isWoken || isBusy()) {
      this.#isWoken = false
      return false
    }
    const dueMs = await this.#nextDueMs()
    return dueMs === undefined || dueMs > clock.nowMs() + soonMs
  }

  async #nextShiftMs(): Promise<number | null> {
    const nowMs = this.#ports.clock.nowMs()
    if (this.#isWoken || this.#ports.isBusy()) return nowMs
    const dueMs = await this.#nextDueMs()
    if (this.#isWoken) return nowMs
    return dueMs === undefined ? null : Math.max(dueMs, nowMs + againMs)
  }

  /** A database that does not answer is something to come back for. */
  async #nextDueMs(): Promise<number | undefined> {
    try {
      return await this.#ports.nextDueMs()
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'what is due next could not be read')
      return 0
    }
  }
}
