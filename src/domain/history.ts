import type { Sha } from './names.ts'
import type { Release } from './release.ts'

/** The folder of an app in an environment. */
export type Place = { readonly env: string; readonly app: string }

/** A commit as git's log tells it, whoever made it. */
export type LoggedCommit = {
  readonly ref: Sha
  readonly authorName: string
  readonly authorEmail: string
  readonly subject: string
  /** When it was committed, in Unix seconds. */
  readonly unix: number
  readonly changes: readonly PathChange[]
}

/** A path as a commit leaves it; without an id it is gone. */
export type PathChange = {
  readonly path: string
  readonly id: Sha | null
  readonly isFolder: boolean
}

/** A commit that a person made on the folder of an app that was released. */
export type ForeignCommit = Place & {
  readonly ref: Sha
  readonly authorName: string
  readonly authorEmail: string
  readonly subject: string
  /** Unix seconds. */
  readonly created: number
}

/** An app was taken away from an environment. */
export type Removal = Place & {
  readonly ref: Sha
  /** Unix seconds. */
  readonly created: number
}

/** What history adds to the index, in its order. */
export type Step =
  | { readonly kind: 'release'; readonly release: Release }
  | { readonly kind: 'removal'; readonly removal: Removal }

/** What a place comes to at the end of a walk: the release that stands there, and what came over it. */
export type Settled = Place & {
  /** The id of the release that stands there; `null` when none does. */
  readonly releaseId: string | null
  readonly foreign: readonly ForeignCommit[]
}

/** Up to where the repository is indexed; `version` grows whenever that is set. */
export type IndexPosition = { readonly ref: Sha | null; readonly version: number }

/** The folder of an app in the tree of a commit, and the id of its `release.json`. */
export type FolderAt = { readonly folder: string; readonly tree: Sha; readonly marker: Sha | null }

/** The commits that `to` has and `from` has not; without `from` all that are known. */
export type HistoryRange = { readonly from: Sha | null; readonly to: Sha }

/** A commit before which history is not read, and when it was made, in Unix seconds. */
export type Beginning = { readonly ref: Sha; readonly unix: number }

/** What is read of a GitOps repository's past, by a clone or by GitHub's API. */
export type HistoryPort = {
  /** Where history begins for whoever reads all of it; `null` when that is its first commit. */
  knownFrom(tip: Sha): Promise<Beginning | null>
  /** How many commits each end of a range has that the other has not. */
  distance(range: HistoryRange): Promise<{ ahead: number; behind: number }>
  /** The commits of a range, parents first, as `git log --topo-order -c` has them. */
  commits(range: HistoryRange): AsyncIterable<LoggedCommit>
  /** The texts of files by their ids; what is not there or too large is left out. */
  texts(ids: readonly Sha[]): Promise<ReadonlyMap<Sha, string>>
  /** The ids of what is there by names such as `<commit>:<env>/<app>`. */
  ids(names: readonly string[]): Promise<ReadonlyMap<string, Sha>>
  /** Every folder `<env>/<app>` of a commit, by its path. */
  folders(tip: Sha): Promise<ReadonlyMap<string, FolderAt>>
  /** The same of some folders only. */
  foldersOf(tip: Sha, paths: readonly string[]): Promise<ReadonlyMap<string, FolderAt>>
}

/** Who changed something by hand, as people call them. */
export const authorOf = ({
  authorName,
  authorEmail,
}: Pick<ForeignCommit, 'authorName' | 'authorEmail'>): string =>
  authorName.trim() || authorEmail.trim() || 'someone'
