import type { BatchStep, StepTime } from '../domain/batch.ts'

/** Tells how long each step of a batch takes: one ends where the next begins. */
export class Stopwatch {
  readonly #clock: { monotonicMs(): number }
  readonly #times: StepTime[] = []
  #step: BatchStep | undefined
  #sinceMs = 0
  /** Where the attempt began: among the times, and by the clock. */
  #attempt = { at: 0, sinceMs: 0 }
  #races = 0

  constructor(clock: { monotonicMs(): number }) {
    this.#clock = clock
  }

  /** Begins an attempt, with its first step. */
  attempt(step: BatchStep): void {
    this.enter(step)
    this.#attempt = { at: this.#times.length, sinceMs: this.#sinceMs }
  }

  enter(step: BatchStep): void {
    this.#end()
    this.#step = step
  }

  /** Says how much of the step that runs was another one. */
  within(step: BatchStep, ms: number): void {
    this.#sinceMs += ms
    const last = this.#times.at(-1)
    if (last?.step === step) this.#times[this.#times.length - 1] = { step, ms: last.ms + ms }
    else this.#times.push({ step, ms })
  }

  /** The attempt comes to nothing: all its time, and what goes by until the next, is for `retry`. */
  lost(): void {
    this.#races++
    this.#times.length = this.#attempt.at
    this.#sinceMs = this.#attempt.sinceMs
    this.#step = 'retry'
  }

  /** Ends the last step, also when it broke. */
  stop(): { steps: readonly StepTime[]; races: number } {
    this.#end()
    return { steps: this.#times, races: this.#races }
  }

  #end(): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#step) this.#times.push({ step: this.#step, ms: nowMs - this.#sinceMs })
    this.#step = undefined
    this.#sinceMs = nowMs
  }
}
