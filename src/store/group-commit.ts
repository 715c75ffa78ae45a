import { setImmediate as nextTurn } from 'node:timers/promises'
import { Fault } from '../domain/fault.ts'
import type { InStatement, WriteResult } from './client.ts'

/** What one caller writes. */
export type Part = {
  readonly statements: readonly InStatement[]
  readonly isRepeatable: boolean
}

type Waiting = Part & {
  readonly sinceMs: number
  readonly done: (results: readonly WriteResult[]) => void
  readonly failed: (error: unknown) => void
}

/** Commits parts in one transaction; `sinceMs` is when the first of them began to wait. */
export type Commit = (parts: readonly Part[], sinceMs: number) => Promise<readonly WriteResult[]>

/** Writes that arrive while one is under way share the next transaction, in the order they came. */
export class GroupCommit {
  readonly #commit: Commit
  #waiting: Waiting[] = []
  #isFlushing = false

  constructor(commit: Commit) {
    this.#commit = commit
  }

  write(part: Part): Promise<readonly WriteResult[]> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...part, sinceMs: performance.now(), done, failed })
      if (!this.#isFlushing) void this.#flush()
    })
  }

  // One group at a time: while one waits for a lock, no later one may commit before it.
  async #flush(): Promise<void> {
    this.#isFlushing = true
    while (this.#waiting.length > 0) {
      // The turn of the event loop is the window: at rest it adds nothing, under load it fills.
      await nextTurn()
      const group = this.#waiting
      this.#waiting = []
      await this.#commitGroup(group)
    }
    this.#isFlushing = false
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(group, group[0]?.sinceMs ?? 0)
      let from = 0
      for (const one of group) {
        one.done(results.slice(from, from + one.statements.length))
        from += one.statements.length
      }
    } catch (error) {
      const shared = group.length > 1 && !(error instanceof Fault && error.code === 'database_busy')
      // One bad transaction must not fail those that only shared its flush.
      if (shared) for (const one of group) await this.#commitGroup([one])
      else for (const one of group) one.failed(error)
    }
  }
}
