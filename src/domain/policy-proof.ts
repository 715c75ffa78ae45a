/** A line of a file that something is wrong with. */
export type PolicySpot = {
  /** From the root of the repository. */
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly message: string
}

/** What checking and testing the policies of a pull request came to. */
export type PolicyProof = {
  readonly kind: 'proof'
  readonly policies: number
  readonly cases: number
  /** Files, or parts of them, that cannot be used. */
  readonly problems: readonly PolicySpot[]
  /** Cases that came out otherwise than they say. */
  readonly failures: readonly (PolicySpot & {
    readonly name: string
    /** What each policy said: a tree, indented. */
    readonly lines: readonly string[]
  })[]
  /** The policies that no case touches. */
  readonly untouched: readonly string[]
}
