import { Fault } from '../domain/fault.ts'
import type { Git } from './git.ts'
import { isTooMuch, type Proposed, type PullHead } from './proposed.ts'
import { remoteRef } from './refs.ts'
import { branchSources } from './sources.ts'

/** The head of a pull request as it was fetched last. */
const pullRef = 'refs/gimlet/pull'

/**
 * Reads a folder of the GitOps repository at the head of a pull request. Nothing of it is checked out
 * or run. One at a time. Throws `gitops_unreachable` and `sources_unreadable`.
 */
export function proposedSources(git: Git, folder: string): (pull: PullHead) => Promise<Proposed> {
  return async ({ number, headSha }) => {
    if ((await fetchHead(git, number)) !== headSha) return { kind: 'moved' }
    const base = await ask(git, ['merge-base', remoteRef, headSha])
    const [before, tree] = [
      base && (await treeOf(git, base, folder)),
      await treeOf(git, headSha, folder),
    ]
    if (before === tree) return { kind: 'same' }
    if (tree === undefined)
      return { kind: 'changed', sources: { version: headSha, files: new Map() } }
    if (isTooMuch(await sizesOf(git, tree))) return { kind: 'too-much' }
    return { kind: 'changed', sources: await branchSources(git, folder)(headSha) }
  }
}

async function fetchHead(git: Git, number: number): Promise<string | undefined> {
  const from = `+refs/pull/${number}/head:${pullRef}`
  try {
    await git(['fetch', '--no-tags', '--no-write-fetch-head', 'origin', from])
  } catch (error) {
    const doing = `fetching pull request ${number} of the GitOps repository`
    throw new Fault('gitops_unreachable', doing, { cause: error })
  }
  return ask(git, ['rev-parse', '--verify', `${pullRef}^{commit}`])
}

const treeOf = (git: Git, commit: string, folder: string) =>
  ask(git, ['rev-parse', '--verify', `${commit}:${folder}`])

/** What git answers in one line; nothing when it says that there is no such thing. */
async function ask(git: Git, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await git(args)).trim()
  } catch {
    return undefined
  }
}

async function sizesOf(git: Git, tree: string): Promise<number[]> {
  const listed = await git(['ls-tree', '-r', '-l', '-z', '--full-tree', tree])
  return listed
    .split('\0')
    .filter(Boolean)
    .map((line) => Number(/^\S+ \S+ \S+ +(\d+)\t/.exec(line)?.[1] ?? 0))
}
