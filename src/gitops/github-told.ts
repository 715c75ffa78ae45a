import type { Sha } from '../domain/names.ts'
import {
  faultOf,
  type GithubCall,
  odd,
  part,
  shaOf,
  type Tree,
  type TreeEntry,
  textIn,
  treeIn,
} from './github-git.ts'

export type ReadCommit = {
  readonly sha: Sha
  readonly parents: readonly Sha[]
  readonly tree: Sha
  readonly authorName: string
  readonly authorEmail: string
  readonly message: string
  /** When it was committed, in Unix seconds. */
  readonly unix: number
}

export type Compared = {
  readonly ahead: number
  readonly behind: number
  readonly mergeBase: Sha
  /** The first of the commits that the head has and the base has not, at most a page of them. */
  readonly commits: readonly ReadCommit[]
}

/** What lies below a tree, by its whole path; `bytes` is told of files only. */
export type DeepEntry = TreeEntry & { readonly bytes: number }
export type Listing = {
  readonly entries: readonly DeepEntry[]
  /** False when GitHub cut the list short. */
  readonly isWhole: boolean
}

/** Asks GitHub about one repository, and answers what it tells. Throws faults that say what was being done. */
export type GithubAsk = (doing: string, route: string, parameters: object) => Promise<unknown>

export function asking(call: GithubCall, at: { owner: string; repo: string }): GithubAsk {
  return async (doing, route, parameters) => {
    const answer = await call(route, { ...at, ...parameters })
    if (answer.kind === 'ok') return answer.data
    throw faultOf(answer, doing)
  }
}

/** The commits of a list. */
export function commitsIn(value: unknown, doing: string): readonly ReadCommit[] {
  if (!Array.isArray(value)) throw odd(doing)
  return value.map((one) => commitIn(one, doing))
}

function commitIn(value: unknown, doing: string): ReadCommit {
  const commit = part(value, 'commit')
  const author = part(commit, 'author')
  const parents = part(value, 'parents')
  const unix = Date.parse(textIn(part(commit, 'committer'), 'date')) / 1000
  if (!Array.isArray(parents) || !Number.isSafeInteger(unix)) throw odd(doing)
  return {
    sha: shaOf(value, doing),
    parents: parents.map((one) => shaOf(one, doing)),
    tree: shaOf(part(commit, 'tree'), doing),
    authorName: textIn(author, 'name'),
    authorEmail: textIn(author, 'email'),
    message: textIn(commit, 'message'),
    unix,
  }
}

/** What a comparison says. */
export function comparedIn(value: unknown, doing: string): Compared {
  const [ahead, behind] = [part(value, 'ahead_by'), part(value, 'behind_by')]
  if (typeof ahead !== 'number' || typeof behind !== 'number') throw odd(doing)
  const mergeBase = shaOf(part(value, 'merge_base_commit'), doing)
  return { ahead, behind, mergeBase, commits: commitsIn(part(value, 'commits'), doing) }
}

/** A list of all that lies below a tree. */
export function listingIn(value: unknown, doing: string): Listing {
  const listed = part(value, 'tree')
  if (!Array.isArray(listed)) throw odd(doing)
  const { entries } = treeIn({ sha: part(value, 'sha'), tree: listed }, doing)
  const bytes = new Map(listed.map((one) => [part(one, 'path'), numberIn(one, 'size')]))
  return {
    entries: [...entries.values()].map((one) => ({ ...one, bytes: bytes.get(one.path) ?? 0 })),
    isWhole: part(value, 'truncated') !== true,
  }
}

/** A tree as GraphQL tells it. */
export function toldTree(sha: Sha, told: unknown, doing: string): Tree {
  const listed = part(told, 'entries')
  if (!Array.isArray(listed)) throw odd(doing)
  const tree = listed.map((one) => ({
    path: part(one, 'name'),
    mode: numberIn(one, 'mode').toString(8).padStart(6, '0'),
    type: part(one, 'type'),
    sha: part(one, 'oid'),
  }))
  return treeIn({ sha, tree }, doing)
}

/** The bytes of a file. */
export function bytesIn(value: unknown, doing: string): Uint8Array {
  const content = part(value, 'content')
  const isBase64 = part(value, 'encoding') === 'base64' && typeof content === 'string'
  const packed = isBase64 ? content.replaceAll('\n', '') : '?'
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed) || packed.length % 4 !== 0) throw odd(doing)
  return Uint8Array.from(atob(packed), (one) => one.charCodeAt(0))
}

const numberIn = (value: unknown, name: string): number => {
  const found = part(value, name)
  return typeof found === 'number' ? found : 0
}
