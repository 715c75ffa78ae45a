import type { Version } from './artifact.ts'
import type { Lock } from './control.ts'
import type { Decision } from './decision.ts'
import type { NewEvent, ReleaseEvent } from './event.ts'
import type { Sha } from './names.ts'

/** What the cluster says of a release. `progressing` may still become either. */
export const healthStates = ['progressing', 'healthy', 'failed'] as const
export type HealthState = (typeof healthStates)[number]

/**
 * What a state is known from: what was said of the release itself; the failure of a later commit that
 * nothing was blamed for; or of a commit that had a newer release of the app already.
 */
export type HealthBasis = 'own' | 'later' | 'overtaken'

export type Health = {
  readonly state: HealthState
  /** Unix seconds since when it is so. */
  readonly since: number
  /** Unix seconds of the report that it is from. */
  readonly reported: number
  /** The GitOps commit that the report was about: the release's, or a later one. */
  readonly commit: Sha
  readonly basis: HealthBasis
  /** The cluster's own word for it, such as `HealthCheckFailed`. */
  readonly reason: string
  readonly message: string
  /** Of what is healthy again: its last failure. */
  readonly recoveredFrom?: { readonly since: number; readonly message: string }
}

/** What stands, or stood, in the GitOps repository: the shape that the API answers with. */
export type Release = {
  readonly id: string
  readonly app: string
  readonly env: string
  readonly artifactId: string
  readonly triggeredBy: string
  readonly version: Version
  readonly gitopsRef: Sha
  readonly gitopsRepo: string
  /** Unix seconds. */
  readonly created: number
  readonly status: 'pushed'
  /** True once a rollback went to an older release. */
  readonly rolledBack: boolean
  /** Of a rollback: the GitOps commit whose folder was restored. */
  readonly rollbackTo?: Sha
  readonly decisionId: string
  readonly policyVersion: string
  /** Absent until the cluster has said something. */
  readonly health?: Health
  /** What people changed by hand since, oldest first; absent when nothing, and in answers about the past. */
  readonly drift?: { readonly commits: readonly DriftCommit[] }
}

/** A commit that a person made over a release. */
export type DriftCommit = {
  readonly ref: Sha
  readonly author: string
  readonly subject: string
  /** Unix seconds. */
  readonly created: number
}

/** A commit that is about to be pushed, and what it was decided on. */
export type Intent = {
  readonly event: ReleaseEvent
  readonly ref: Sha
  readonly decision: Decision
  /** The version of the controls that it was decided on. */
  readonly controlVersion: number
}

/** A push that is known to be on the remote, and what it means for the index. */
export type Landing = {
  readonly event: ReleaseEvent
  readonly ref: Sha
  readonly statusDesc: string
  /** Absent when the app was deleted. */
  readonly release?: Release | undefined
  /** Of the artifact that was released: the app is bound to it from now on. */
  readonly repository?: string | undefined
  /** Of a rollback: keeps what policies ask for away until someone unlocks. */
  readonly lock?: Lock | undefined
  /** Asks the triggers what follows from the release. */
  readonly follow?: NewEvent | undefined
}
