import type { Sha } from './names.ts'

/** Files by their name below an app's folder. */
export type Files = ReadonlyMap<string, string>

/**
 * What one commit does to one app's folder, and to nothing else.
 * `replace` leaves no file of before; `restore` takes the folder of an older commit and lays `files`
 * over it; `remove` takes the folder away.
 */
export type FolderChange =
  | { readonly kind: 'replace'; readonly folder: string; readonly files: Files }
  | { readonly kind: 'restore'; readonly folder: string; readonly from: Sha; readonly files: Files }
  | { readonly kind: 'remove'; readonly folder: string }

/** A commit before it is made. The time comes from the event, so that the commit tells when it was asked. */
export type PlannedCommit = {
  readonly change: FolderChange
  readonly message: string
  readonly unix: number
}

/**
 * `landed`: the remote branch holds the commits. `moved`: someone else's commit came first; decide again.
 * `blocked`: one of them cannot be written, whatever the others do. `refused`: the host says no to the
 * push as a whole, in its own words.
 */
export type CommitResult =
  | { readonly kind: 'landed'; readonly refs: readonly Sha[] }
  | { readonly kind: 'moved' }
  | { readonly kind: 'blocked'; readonly at: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
