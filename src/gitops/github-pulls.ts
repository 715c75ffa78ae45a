import type { GithubReader } from './github-read.ts'
import { githubSources } from './github-sources.ts'
import { isTooMuch, type Proposed, type PullHead } from './proposed.ts'

/**
 * Reads a folder of a GitOps repository on GitHub at the head of a pull request. Throws
 * `gitops_unreachable`, `gitops_forbidden` and `sources_unreadable`.
 */
export function proposedOnGithub(
  reader: GithubReader,
  folder: string,
): (pull: PullHead) => Promise<Proposed> {
  return async ({ number, headSha }) => {
    if ((await reader.commits.pullHead(number)) !== headSha) return { kind: 'moved' }
    const base = await reader.commits.mergeBaseWith(headSha)
    const before = base === undefined ? undefined : await reader.folderId(base, folder)
    const tree = await reader.folderId(headSha, folder)
    if (before === tree) return { kind: 'same' }
    if (tree === undefined)
      return { kind: 'changed', sources: { version: headSha, files: new Map() } }
    const { entries, isWhole } = await reader.listing(tree)
    const files = entries.filter(({ type }) => type !== 'tree')
    if (!isWhole || isTooMuch(files.map(({ bytes }) => bytes))) return { kind: 'too-much' }
    return { kind: 'changed', sources: await githubSources(reader, folder)(headSha) }
  }
}
