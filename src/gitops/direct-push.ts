import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha } from '../domain/names.ts'
import type { Remote } from './clone-config.ts'
import { buildRef, packsFile } from './fast-import.ts'
import type { From } from './git.ts'
import { directPush, type PushResult, type Visit } from './receive-pack.ts'
import { remoteRef } from './refs.ts'
import { visitsTo } from './visit.ts'

/** How often in a row it may be unknown what became of a push; then `git push` does it alone. */
const unknownMax = 3

/** Pushes the pack that the last build wrote, without `git push`; undefined where only that knows the way. */
export function directPushFrom(remote: Remote, from: From): DirectPush | undefined {
  // fast-import's pack has the commits without their signatures.
  if (remote.signingKeyFile) return undefined
  const visit = visitsTo(remote, from)
  return visit && new DirectPush(visit, { branch: remote.branch, folder: from.folder })
}

/**
 * What builds leave in the clone, and their way to the remote. A build writes what the clone does not
 * hold, and its pack is whole only if the clone holds nothing that the remote lacks.
 */
export class DirectPush {
  readonly #visit: () => Visit
  readonly #branch: string
  readonly #folder: string
  #unknowns = 0

  constructor(visit: () => Visit, { branch, folder }: { branch: string; folder: string }) {
    this.#visit = visit
    this.#branch = branch
    this.#folder = folder
  }

  /** Never throws; undefined when it was not tried. A pack that is not whole is refused by the host. */
  async push({ tip, newTip }: { tip: Sha; newTip: Sha }): Promise<PushResult | undefined> {
    const last = (await this.#packs()).at(-1)
    if (last?.tip !== newTip || this.#unknowns >= unknownMax) return undefined
    // The clone's upkeep may have rolled it up, or the clone was made anew.
    const pack = await readFile(join(this.#folder, last.path)).catch(() => undefined)
    if (!pack) return undefined
    const result = await directPush(this.#visit, { branch: this.#branch, tip, newTip, pack })
    this.#unknowns = result.kind === 'unknown' ? this.#unknowns + 1 : 0
    return result
  }

  /** Before a build: takes away the packs of those before that the remote does not hold. */
  async sweep(isOnRemote: (ref: Sha) => Promise<boolean>): Promise<void> {
    for (const { path, tip } of await this.#packs()) {
      if (await isOnRemote(tip)) continue
      await rm(join(this.#folder, buildRef), { force: true })
      for (const end of ['idx', 'rev', 'pack'])
        await rm(join(this.#folder, path.replace(/pack$/, end)), { force: true })
    }
    await rm(join(this.#folder, packsFile), { force: true })
  }

  /** After a push: keeps what was built, and moves the tip that was seen on, as `git push` does. */
  async keep(newTip: Sha): Promise<void> {
    await rm(join(this.#folder, packsFile), { force: true })
    const file = join(this.#folder, remoteRef)
    try {
      await writeFile(`${file}.lock`, `${newTip}\n`, { flag: 'wx' })
      await rename(`${file}.lock`, file)
    } catch {
      // Somebody holds its lock: the next fetch moves it.
    }
  }

  /** The packs that were written since the last push, with the commit that each ends with. */
  async #packs(): Promise<{ path: string; tip: string }[]> {
    try {
      const noted = await readFile(join(this.#folder, packsFile), 'utf8')
      return [...noted.matchAll(/^(.*\.pack): ([0-9a-f]{40})$/gm)].map(
        ([, path = '', tip = '']) => ({ path, tip }),
      )
    } catch {
      return []
    }
  }
}
