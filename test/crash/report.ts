import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { proofsFolder } from '../support/figures.ts'

/** Counts what was tried, and prints what is broken when it is found. */
export class Report {
  readonly #seed: number
  #passed = 0
  #failed = 0
  readonly #tried = new Map<string, { passed: number; failed: number }>()
  readonly #proofs: { readonly name: string; readonly passed: boolean }[] = []

  constructor(seed: number) {
    this.#seed = seed
  }

  get isGood(): boolean {
    return this.#failed === 0
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** One run of a part, by what makes it happen again. */
  count(name: string, problems: readonly string[], part = ''): void {
    const tried = this.#tried.get(part) ?? { passed: 0, failed: 0 }
    tried[problems.length === 0 ? 'passed' : 'failed']++
    this.#tried.set(part, tried)
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

  /** How many runs of a part there were. */
  runsOf(part: string): number {
    const { passed, failed } = this.#tried.get(part) ?? { passed: 0, failed: 0 }
    return passed + failed
  }

  /** Keeps what a part proves, with the rows in its name; a part that was not tried proves nothing. */
  prove(part: string, name: string): void {
    const tried = this.#tried.get(part)
    if (!tried) return
    this.#proofs.push({ name, passed: tried.failed === 0 })
    this.say(name)
  }

  /** Says how it went, and leaves what it proves for `docs/proofs.md`. */
  end(): void {
    mkdirSync(proofsFolder, { recursive: true })
    writeFileSync(join(proofsFolder, 'crash.json'), JSON.stringify(this.#proofs, null, 2))
    this.say(`${this.#passed} passed, ${this.#failed} failed`)
  }
}
