import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { hintOf, isBroken, isFull, isThere, sweepLocks } from './damage.ts'
import { holds, resolve } from './forward.ts'
import { type Git, GitFailure } from './git.ts'
import { Halted } from './halted.ts'
import type { BranchMemory } from './memory.ts'
import { fetchArgs, remoteRef } from './refs.ts'

/** A clone that was found sound is not looked at again so soon without a hint. */
const soundMs = 5_000
/** A clone whose tip can be read is made anew on git's word alone at most this often. */
const remakeMs = 60_000
/** What writes to the clone. */
const writing: readonly string[] = ['fetch', 'fast-import']
/** What may move what was seen of the branch. */
const moving: readonly string[] = ['fetch', 'push']

type Place = {
  readonly git: Git
  readonly folder: string
  readonly branch: string
  readonly memory: BranchMemory
  /** Makes an empty clone in a folder. */
  readonly lay: (folder: string) => Promise<Git>
  /** Told when the branch has moved. */
  readonly moved: () => void
}

/**
 * Git in a clone that mends itself: when a command breaks on what the clone does not hold, the clone is
 * made anew from the remote beside the old one, takes its place, and the command runs once more.
 * Throws what git throws, and `clone_broken` when there is no new clone or a push has lost its commits.
 */
export function mending(place: Place): Git & { remember(): Promise<void> } {
  const { git, memory } = place
  const mender = new Mender(place)
  const mended: Git = async (args, input) => {
    const [command = ''] = args
    const { generation } = mender
    try {
      const printed = await git(args, input)
      if (moving.includes(command)) await remember()
      return printed
    } catch (error) {
      if (writing.includes(command) && (await isFull(place.folder)))
        throw new Fault(
          'clone_broken',
          'writing the clone: the disk of the data folder is full; make room',
          { cause: error },
        )
      if (generation === mender.generation && !(await mender.mend(error))) throw error
      if (memory.halt) throw new Halted(memory.halt)
      // What was to be pushed was built in the old clone.
      if (command === 'push')
        throw new Fault('clone_broken', 'pushing from a clone that had to be made anew', {
          cause: error,
        })
      return await git(args, input)
    }
  }
  const remember = async () => {
    if (!memory.isDue) await mender.remember()
  }
  return Object.assign(mended, { remember })
}

class Mender {
  readonly #place: Place
  #running: Promise<boolean> | undefined
  #soundAtMs = Number.NEGATIVE_INFINITY
  #madeAtMs = Number.NEGATIVE_INFINITY
  /** Grows with each new clone: who began in an older one need not look. */
  generation = 0

  constructor(place: Place) {
    this.#place = place
  }

  /** Keeps what git now holds as the remote's tip. */
  async remember(): Promise<void> {
    const { git, folder, memory, moved } = this.#place
    // Not by asking git: it would start a program for each release.
    const read = await readFile(join(folder, remoteRef), 'latin1').catch(() => undefined)
    const tip = read?.trim() ?? (await resolve(git, remoteRef))
    if (tip === undefined || tip === memory.tip || memory.halt !== null) return
    const isFirst = memory.tip === undefined
    memory.sees(tip)
    if (!isFirst) moved()
  }

  /** Makes the clone anew if this error comes of it. Answers whether it did. */
  mend(error: unknown): Promise<boolean> {
    this.#running ??= this.#mend(error).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #mend(error: unknown): Promise<boolean> {
    if (!(await this.#isDamage(error)))
      // A lock that nobody holds any more is as good as damage, and easier to mend.
      return (
        error instanceof GitFailure && hintOf(error) === 'look' && sweepLocks(this.#place.folder)
      )
    try {
      await this.#makeAnew()
    } catch (cause) {
      throw new Fault('clone_broken', 'making the clone of the GitOps repository anew', { cause })
    }
    this.#madeAtMs = performance.now()
    this.generation++
    return true
  }

  async #isDamage(error: unknown): Promise<boolean> {
    const { git, folder, memory } = this.#place
    if (!isThere(folder)) return true
    if (!(error instanceof GitFailure)) return false
    const hint = hintOf(error)
    const nowMs = performance.now()
    if (hint === 'none' && nowMs < this.#soundAtMs + soundMs) return false
    // Until the first fetch there is nothing that could be broken.
    if (memory.tip !== undefined && !memory.isDue && (await isBroken(git))) return true
    this.#soundAtMs = nowMs
    return hint === 'corrupt' && nowMs > this.#madeAtMs + remakeMs
  }

  async #makeAnew(): Promise<void> {
    const { folder, branch, lay } = this.#place
    const aside = `${folder}.new`
    await rm(aside, { recursive: true, force: true })
    const fresh = await lay(aside)
    await fresh([...fetchArgs, 'origin', `refs/heads/${branch}:${remoteRef}`])
    if (await isBroken(fresh)) throw new Error('what the remote sent cannot be read')
    await this.#check(fresh)
    await rm(`${folder}.broken`, { recursive: true, force: true })
    if (isThere(folder)) await rename(folder, `${folder}.broken`)
    else await rm(folder, { recursive: true, force: true })
    await rename(aside, folder)
    await rm(`${folder}.broken`, { recursive: true, force: true })
  }

  /** Whether the branch still holds what was seen before the old clone broke. */
  async #check(fresh: Git): Promise<void> {
    const { memory } = this.#place
    const foundTip: Sha = (await resolve(fresh, remoteRef)) ?? ''
    if (memory.tip === undefined || (await holds(fresh, foundTip, memory.tip))) return
    memory.loses({ seenTip: memory.tip, foundTip })
    memory.isDue = true
    await fresh(['update-ref', '-d', remoteRef])
  }
}
