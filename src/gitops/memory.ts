import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { type Halt, type HaltTold, haltAt } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'

type Place = { readonly file: string; readonly url: string; readonly branch: string }

/**
 * What was seen of the remote's branch. It lies beside the clone, which may go at any time: whoever
 * rewinds the branch while the clone is made anew is noticed all the same.
 */
export class BranchMemory {
  readonly #place: Place
  #tip: Sha | undefined
  #halt: Halt | null = null
  #writing: Promise<void> = Promise.resolve()
  #told: HaltTold = () => undefined
  /** True when another repository or branch was written before: its clone says nothing of this one. */
  readonly isOfAnother: boolean
  /** True until the branch was asked whether it still holds the tip. */
  isDue = false

  constructor(place: Place) {
    this.#place = place
    const kept = read(place.file)
    this.isOfAnother =
      kept !== undefined && (kept.url !== place.url || kept.branch !== place.branch)
    if (this.isOfAnother) return
    this.#tip = kept?.tip
    this.#halt = kept?.halt ?? null
  }

  get tip(): Sha | undefined {
    return this.#tip
  }

  get halt(): Halt | null {
    return this.#halt
  }

  /** Says whom to tell of a halt, of its end, and at once of one that stands. */
  tell(told: HaltTold): void {
    this.#told = told
    if (this.#halt) told({ halt: this.#halt, by: null })
  }

  /** The branch holds this tip, and what was seen before. `by` is the person who says so. */
  sees(tip: Sha, by: string | null = null): void {
    const wasHalted = this.#halt !== null
    if (tip === this.#tip && !wasHalted) return
    this.#tip = tip
    this.#halt = null
    this.#write()
    if (wasHalted) this.#told({ halt: null, by })
  }

  /** The branch no longer holds what was seen. */
  loses(lost: { seenTip: Sha; foundTip: Sha }): Halt {
    const halt = haltAt(lost, this.#halt, Math.floor(Date.now() / 1000))
    const isNews = this.#halt?.foundTip !== halt.foundTip
    this.#halt = halt
    if (isNews) {
      this.#write()
      this.#told({ halt, by: null })
    }
    return halt
  }

  /** Ends when what is known lies on the disk. */
  async kept(): Promise<void> {
    await this.#writing
  }

  /** Nobody waits for it: without it only a rewind during a fault of the clone would go unnoticed. */
  #write(): void {
    const { file, url, branch } = this.#place
    const text = JSON.stringify({ url, branch, tip: this.#tip, halt: this.#halt })
    this.#writing = this.#writing
      .then(() => writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 }))
      .then(() => rename(`${file}.new`, file))
      .catch(() => undefined)
  }
}

type Kept = {
  readonly url: unknown
  readonly branch: unknown
  readonly tip: Sha
  readonly halt: Halt | null
}

function read(file: string): Kept | undefined {
  try {
    const { url, branch, tip, halt } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      unknown
    >
    return isSha(tip) ? { url, branch, tip, halt: haltOf(halt) } : undefined
  } catch {
    return undefined
  }
}

function haltOf(value: unknown): Halt | null {
  const { seenTip, foundTip, sinceUnix } = (value ?? {}) as Record<string, unknown>
  return isSha(seenTip) && isSha(foundTip) && typeof sinceUnix === 'number'
    ? { seenTip, foundTip, sinceUnix }
    : null
}

const isSha = (value: unknown): value is Sha =>
  typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
