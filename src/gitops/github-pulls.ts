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
    if ((await reader.pullHead(number)) !== headSha) return { kind: 'moved' }
    const base = await reader.mergeBaseWith(headSha)
    const [old, own] = [`${base}:${folder}`, `${headSha}:${folder}`]
    const ids = await reader.ids(base === undefined ? [own] : [old, own])
    const tree = ids.get(own)
    if (ids.get(old) === tree) return { kind: 'same' }
    if (tree === undefined)
      return { kind: 'changed', sources: { version: headSha, files: new Map() } }
    const { entries, isWhole } = await reader.listing(tree)
    const files = entries.filter(({ type }) => type !== 'tree')
    if (!isWhole || isTooMuch(files.map(({ bytes }) => bytes))) return { kind: 'too-much' }
    return { kind: 'changed', sources: await githubSources(reader, folder)(headSha) }
  }
}
