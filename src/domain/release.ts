import type { Version } from './artifact.ts'
import type { Sha } from './names.ts'

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
}
