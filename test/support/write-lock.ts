type Holder = { readonly who: object; readonly timeOut: () => void; readonly sinceMs: number }
type Waiting = { readonly who: object; readonly timeOut: () => void; readonly taken: () => void }

/** How long a transaction may keep others waiting, in milliseconds: what sqld grants. */
const holdMs = 5_000

/** The one right to write to a file: whoever waits gets it in turn, or from one who has it too long. */
export class WriteLock {
  #holder: Holder | undefined
  #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  /** Ends when `who` may write. `timeOut` is called when it is taken away again. */
  async take(who: object, timeOut: () => void): Promise<void> {
    if (this.#holder?.who === who) return
    await new Promise<void>((taken) => {
      this.#waiting.push({ who, timeOut, taken })
      this.#next()
    })
  }

  /** Lets go of it, or of the place in the queue for it. */
  release(who: object): void {
    this.#waiting = this.#waiting.filter((one) => one.who !== who)
    if (this.#holder?.who === who) this.#holder = undefined
    this.#next()
  }

  #next(): void {
    clearTimeout(this.#timer)
    const [first] = this.#waiting
    if (!first) return
    if (this.#holder) {
      const { timeOut, who, sinceMs } = this.#holder
      const end = () => {
        timeOut()
        this.release(who)
      }
      this.#timer = setTimeout(end, Math.max(0, sinceMs + holdMs - performance.now()))
      return
    }
    this.#waiting.shift()
    this.#holder = { who: first.who, timeOut: first.timeOut, sinceMs: performance.now() }
    first.taken()
  }
}
