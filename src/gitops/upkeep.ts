import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'

/** After so many moves of the branch the repository is tidied. */
export const movesBetween = 50
/** Every so many times what nobody needs any more is let go, too. */
const roundsBetweenFull = 20
/** With more packs, or more loose objects (guessed by one of 256 folders), it is tidied at the start. */
const packsMost = 20
const looseOfOneMost = 8

/** Rolls small packs and loose objects up into larger ones; drops nothing. */
const roll = ['-c', 'pack.threads=1', 'repack', '--geometric=2', '-d']
/** Packs everything, and drops what was built or previewed and hangs on nothing for a day. */
const full = ['-c', 'pack.threads=1', 'repack', '--cruft', '--cruft-expiration=1.day.ago', '-d']

type Given = { readonly git: Git; readonly folder: string; readonly every: number }

/**
 * Keeps a bare repository fast that only plumbing writes to, which never tidies by itself: with each
 * release a pack or loose objects are added, and every git command reads all of them. It runs beside
 * builds and pushes, which is safe: git drops a pack only when another one holds its objects, looks
 * for packs again when one is gone, and leaves alone what a running fast-import keeps. A repack that
 * ends with an error changes nothing, and is tried again after as many moves.
 */
export class Upkeep {
  readonly #given: Given
  #moves = 0
  #rounds = 0
  #running: Promise<void> | undefined

  constructor(given: Given) {
    this.#given = given
  }

  /** Told of each move of the branch. */
  moved(): void {
    this.#moves++
    if (this.#moves >= this.#given.every) this.#tidy()
  }

  /** At the start: tidies what another process left, if that is much. */
  async begin(): Promise<void> {
    if (await isMuch(this.#given.folder)) this.#tidy()
  }

  /** Ends when it does not tidy. */
  async rest(): Promise<void> {
    await this.#running
  }

  #tidy(): void {
    if (this.#running) return
    this.#moves = 0
    this.#rounds++
    const args = this.#rounds % roundsBetweenFull === 0 ? full : roll
    this.#running = this.#given
      .git(args)
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined
      })
  }
}

async function isMuch(folder: string): Promise<boolean> {
  const objects = join(folder, 'objects')
  const count = async (place: string, end: string) =>
    (await readdir(join(objects, place)).catch(() => [])).filter((name) => name.endsWith(end))
      .length
  return (await count('pack', '.pack')) > packsMost || (await count('17', '')) > looseOfOneMost
}
