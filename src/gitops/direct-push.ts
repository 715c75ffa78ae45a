import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha } from '../domain/names.ts'
import { remoteRef } from './clone.ts'
import { packsFile } from './fast-import.ts'
import { directPush, type PushResult, type Visit } from './receive-pack.ts'

/** How often in a row nobody knew what became of a push before `git push` does it alone. */
const unknownMax = 3

/** Pushes what the last build has written by visiting the remote's `git receive-pack`. */
export class DirectPush {
  readonly #visits: () => Visit
  readonly #branch: string
  readonly #folder: string
  #open: Visit | undefined
  #unknowns = 0

  constructor(visits: () => Visit, { branch, folder }: { branch: string; folder: string }) {
    this.#visits = visits
    this.#branch = branch
    this.#folder = folder
  }

  /** Goes to the remote already, while there is still something to build. */
  open(): void {
    if (this.#unknowns < unknownMax) this.#open ??= this.#visits()
  }

  /** Leaves the remote if nothing was pushed. */
  close(): void {
    this.#open?.end()
    this.#open = undefined
  }

  async push(move: { tip: Sha; newTip: Sha }): Promise<PushResult> {
    const pack = await packOf(this.#folder, move.newTip)
    this.open()
    const visit = this.#open
    if (pack === undefined || visit === undefined) return { kind: 'unknown', cause: 'not tried' }
    this.#open = undefined
    const result = await directPush(visit, { branch: this.#branch, ...move, pack })
    this.#unknowns = result.kind === 'unknown' ? this.#unknowns + 1 : 0
    if (result.kind === 'landed') await remember(this.#folder, move.newTip)
    return result
  }
}

/** The pack that the last build wrote, if it wrote one and it ends with this commit. */
async function packOf(folder: string, newTip: string): Promise<Buffer | undefined> {
  try {
    const lines = (await readFile(join(folder, packsFile), 'utf8')).trimEnd().split('\n')
    await rm(join(folder, packsFile))
    const [path = '', tip] = (lines.at(-1) ?? '').split(': ')
    return tip === newTip ? await readFile(join(folder, path)) : undefined
  } catch {
    return undefined
  }
}

/** What git does itself after a push of its own: the tip that was seen is moved on. */
async function remember(folder: string, tip: string): Promise<void> {
  const file = join(folder, remoteRef)
  try {
    await writeFile(`${file}.lock`, `${tip}\n`, { flag: 'wx' })
    await rename(`${file}.lock`, file)
  } catch {
    // The next fetch moves it.
  }
}
