import type { Environments } from './environments.ts'
import type { Sha } from './names.ts'

/**
 * The branch of the GitOps repository no longer holds what the server saw of it: somebody rewound or
 * rewrote it. Nothing is written until a person has looked, or the branch is put back.
 */
export type Halt = {
  /** The newest tip that was seen before. */
  readonly seenTip: Sha
  /** The tip that is there instead. */
  readonly foundTip: Sha
  /** When it was noticed. */
  readonly sinceUnix: number
}

/** The halt that a look comes to: one that goes on is as old as it was. */
export const haltAt = (
  { seenTip, foundTip }: Pick<Halt, 'seenTip' | 'foundTip'>,
  before: Halt | null,
  nowUnix: number,
): Halt => ({ seenTip, foundTip, sinceUnix: before?.sinceUnix ?? nowUnix })

/** What changes, so that it is told once and not at every look. */
export type HaltTold = (change: { readonly halt: Halt | null; readonly by: string | null }) => void

/** A halt of a repository that has begun, or is over. */
export type HaltChange = {
  readonly url: string
  readonly branch: string
  /** Those that the repository has. */
  readonly environments: Environments
  readonly halt: Halt
  readonly isOver: boolean
  /** Who let writing go on; `null` when the branch was put back. */
  readonly by: string | null
}

/** A person has accepted what stands where `lostTip` was seen. */
export type Resumption = { readonly lostTip: Sha; readonly tip: Sha; readonly by: string }

/** The state of the GitOps repository, as people ask for it. */
export type GitopsState = {
  readonly url: string
  readonly branch: string
  /** The newest tip that was seen; `null` before the first. */
  readonly tip: Sha | null
  readonly halt: Halt | null
}
