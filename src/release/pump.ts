/** The slow look behind the wake-up signal. */
const pollMs = 1_000
/** An event may be due and yet wait for an older one of its target. */
const restMsMin = 25

type Work = {
  /** Does what there is to do now. Answers how long it may rest, at most; 0 when there may be more. */
  readonly step: () => Promise<number>
  readonly broke: (error: unknown) => void
}

/** Does one piece of work after the other until it is stopped; sleeps when there is none. */
export class Pump {
  readonly #work: Work
  #isStopping = false
  #isAwake = false
  #wake: () => void = () => undefined
  #running: Promise<void> | undefined

  constructor(work: Work) {
    this.#work = work
  }

  start(): void {
    this.#isStopping = false
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Says that there is something new to do. */
  wake(): void {
    this.#isAwake = true
    this.#wake()
  }

  /** Begins nothing new and waits for the step in flight. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#wake()
    await this.#running
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#isAwake = false
      try {
        const restMs = await this.#work.step()
        if (restMs > 0) await this.#sleep(Math.max(restMsMin, Math.min(pollMs, restMs)))
      } catch (error) {
        this.#work.broke(error)
        await this.#sleep(pollMs)
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    if (this.#isAwake || this.#isStopping) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
