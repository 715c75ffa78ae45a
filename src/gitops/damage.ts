import { existsSync } from 'node:fs'
import { readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { buildRef } from './fast-import.ts'
import { type Git, GitFailure } from './git.ts'
import { remoteRef } from './refs.ts'

/** What git ends with when it gives up. */
const fatal = 128
/** With less than this git cannot write a release. */
const roomBytesMin = 256 * 1024

/**
 * True when git cannot read the tip that was seen with all its folders, such as after a power cut
 * (fault F12), or when there is none: such a clone is worth nothing. A git that cannot be started, or
 * that is silent, says nothing about the clone, which remembers what was seen.
 */
export async function isBroken(git: Git): Promise<boolean> {
  try {
    await git(['rev-list', '--objects', '--count', '--no-walk', remoteRef, '--'])
    return false
  } catch (error) {
    return error instanceof GitFailure && error.exitCode === fatal
  }
}

export const isThere = (folder: string): boolean => existsSync(join(folder, 'HEAD'))

/** True when the disk has no room for a release: then it is not the clone that is broken. */
export async function isFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize < roomBytesMin
  } catch {
    return false
  }
}

/**
 * Whether git's words are such as it has for what it cannot read: a hint to look at the clone, or, when
 * they leave no doubt, to make it anew, which harms nothing. What the host said counts for nothing.
 */
export function hintOf({ stderr }: GitFailure): 'none' | 'look' | 'corrupt' {
  const own = stderr.replaceAll(/^remote:.*$/gm, '')
  if (/corrupt|inflate|hash mismatch|too short|bad signature|premature end|garbage/i.test(own))
    return 'corrupt'
  return /bad |missing |unable to |could not |not a |invalid |unexpected |No such file|died/i.test(
    own,
  )
    ? 'look'
    : 'none'
}

/** git holds a lock on a ref for milliseconds; whoever held one for this long was killed. */
const lockMsMost = 60_000

/** Takes away the locks of refs that their owner can no longer hold. Answers whether there were any. */
export async function sweepLocks(folder: string): Promise<boolean> {
  const places = [folder, join(folder, 'refs')]
  const [top = [], refs = []] = await Promise.all(
    places.map((place, at) => readdir(place, { recursive: at === 1, withFileTypes: true })),
  )
  let isAny = false
  for (const entry of [...top, ...refs]) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !entry.name.endsWith('.lock')) continue
    if (Date.now() - (await stat(file)).mtimeMs < lockMsMost) continue
    await rm(file, { force: true })
    isAny = true
  }
  return isAny
}

/** What a git that was killed leaves behind: the clone is this process's alone (fault F12). */
const leftovers = /\.lock$|^tmp_|\.keep$|^fast_import_crash_/

/** Takes it away, and the build that was under way. */
export async function sweep(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const left = entries.filter((entry) => entry.isFile() && leftovers.test(entry.name))
  for (const entry of left) await rm(join(entry.parentPath, entry.name), { force: true })
  await rm(join(folder, buildRef), { force: true })
}
