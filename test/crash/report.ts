/** Counts what was tried, and prints what is broken when it is found. */
export class Report {
  readonly #seed: number
  #passed = 0
  #failed = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  get isGood(): boolean {
    return this.#failed === 0
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** One run, by what makes it happen again. */
  count(name: string, problems: readonly string[]): void {
    if (problems.length === 0) {
      this.#passed++
      return
    }
    this.#failed++
    const lines = problems.map((problem) => `    ${problem}\n`).join('')
    this.say(`BROKEN: npm run test:crash -- --seed ${this.#seed} ${name}\n${lines}`)
  }

  /** One run; what breaks it is a problem, too. */
  async guarded(name: string, run: () => Promise<readonly string[]>): Promise<void> {
    try {
      this.count(name, await run())
    } catch (error) {
      this.count(name, [error instanceof Error ? (error.stack ?? error.message) : String(error)])
    }
  }

  end(): void {
    this.say(`${this.#passed} passed, ${this.#failed} failed`)
  }
}
