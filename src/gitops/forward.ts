import { type Refusal, refuse } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { remoteFault } from './failure.ts'
import { type Git, GitFailure } from './git.ts'
import { Halted } from './halted.ts'
import type { BranchMemory } from './memory.ts'
import { fetchArgs, foundRef, remoteRef } from './refs.ts'
import type { Sign } from './signing.ts'

/** Git in the clone, and what outlives the clone. */
export type Clone = Git & {
  readonly memory?: BranchMemory
  /** What the host is shown, in words for people. */
  readonly credential?: string
  /** Keeps what the clone now holds as the remote's tip. */
  readonly remember?: () => Promise<void>
  /** What git calls ssh with, if the remote is reached so. */
  readonly ssh?: string | null
  /** Who commits are by, if it is set. */
  readonly author?: string | undefined
  /** Makes a commit anew with a signature; none where commits are not signed. */
  readonly sign?: Sign | undefined
  /** Ends when nothing is tidied. */
  readonly rest?: () => Promise<void>
}

/**
 * Fetches the branch and answers its tip. Throws `gitops_unreachable`, `gitops_forbidden`, or
 * `gitops_rewound` when the branch no longer holds the tip that was seen before.
 */
export async function fetchForward(git: Clone, branch: string): Promise<Sha> {
  try {
    await git([...fetchArgs, 'origin'])
  } catch (error) {
    const lost = await lostTip(git, branch)
    if (lost) throw new Halted(halt(git, lost))
    throw remoteFault(error, 'fetching the GitOps repository', git.credential ?? 'what it is shown')
  }
  const tip = (await git(['rev-parse', '--verify', `${remoteRef}^{commit}`])).trim()
  const { memory } = git
  if (memory?.isDue && memory.tip !== undefined && !(await holds(git, tip, memory.tip))) {
    // A new clone: what it took for the tip must not count as seen.
    await git(['update-ref', '-d', remoteRef])
    throw new Halted(memory.loses({ seenTip: memory.tip, foundTip: tip }))
  }
  if (memory) memory.isDue = false
  memory?.sees(tip)
  return tip
}

/**
 * Goes on from the tip that a person has seen, if the branch is at it now. Answers it, or what is
 * there instead. Throws what a fetch throws, but for `gitops_rewound`.
 */
export async function resumeAt(
  git: Clone,
  { branch, tip, by }: { branch: string; tip: Sha; by: string },
): Promise<Sha | Refusal> {
  try {
    await git([...fetchArgs, '--refmap=', 'origin', `+refs/heads/${branch}:${foundRef}`])
  } catch (error) {
    throw remoteFault(error, 'fetching the GitOps repository', git.credential ?? 'what it is shown')
  }
  const found = await resolve(git, `${foundRef}^{commit}`)
  if (found !== tip)
    return refuse('conflict', `The branch is at ${found} by now; look again with gimlet doctor`)
  await git(['update-ref', remoteRef, tip])
  const { memory } = git
  if (memory) memory.isDue = false
  memory?.sees(tip, by)
  return tip
}

type Lost = { readonly seenTip: Sha; readonly foundTip: Sha }

const halt = ({ memory }: Clone, lost: Lost) =>
  memory?.loses(lost) ?? { ...lost, sinceUnix: Math.floor(Date.now() / 1000) }

/** The tip that was seen, if the remote can be asked and its branch does not hold it any more. */
async function lostTip(git: Clone, branch: string): Promise<Lost | undefined> {
  try {
    // Without a refmap, or the fetch would move what was seen, too, and be refused again.
    await git([...fetchArgs, '--refmap=', 'origin', `+refs/heads/${branch}:${foundRef}`])
  } catch {
    return undefined
  }
  const [foundTip, seenTip] = [await resolve(git, foundRef), await resolve(git, remoteRef)]
  if (foundTip === undefined || seenTip === undefined) return undefined
  return (await holds(git, foundTip, seenTip)) ? undefined : { seenTip, foundTip }
}

export async function resolve(git: Git, name: string): Promise<Sha | undefined> {
  try {
    return (await git(['rev-parse', '--verify', name])).trim()
  } catch {
    return undefined
  }
}

/** True when `ref` is `tip` or one of its ancestors. */
export async function holds(git: Git, tip: Sha, ref: Sha): Promise<boolean> {
  if (tip === ref) return true
  try {
    // `merge-base --is-ancestor` prints nothing, and its answer is an exit code only.
    return (await git(['rev-list', '--count', ref, `^${tip}`])).trim() === '0'
  } catch (error) {
    if (error instanceof GitFailure) return false
    throw error
  }
}
