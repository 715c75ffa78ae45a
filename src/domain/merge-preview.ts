import type { Sha } from './names.ts'

/**
 * How a place would come out: `broken` is what nobody can let through before something is mended,
 * `unasked` what no trigger asks for.
 */
export type PreviewEnd = 'released' | 'held' | 'denied' | 'broken' | 'unasked'

/** What would become of one app in one environment. */
export type PlacePreview = {
  readonly env: string
  readonly app: string
  readonly end: PreviewEnd
  /** The trigger that would ask for it; `null` when none would. */
  readonly by: string | null
  /** Why it would end so. */
  readonly message: string
  /** The logins of those whose yes it would wait for. */
  readonly approvers: readonly string[]
  readonly warnings: readonly string[]
  /** What each policy said: a tree, indented. */
  readonly lines: readonly string[]
}

/** What a merge of a pull request would release, as things stand now. */
export type MergePreview = {
  readonly headSha: Sha
  readonly baseBranch: string
  /** Of the head commit, as CI posted it. */
  readonly artifactId: string
  /** In the order in which they would be asked for; what nobody asks for comes last. */
  readonly places: readonly PlacePreview[]
  /** More would follow from what is released than was looked at. */
  readonly isCut: boolean
  /** Unix seconds of the look. */
  readonly unix: number
}
