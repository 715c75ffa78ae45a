import type { Version } from './artifact.ts'
import type { EventView } from './outcome.ts'
import type { Release } from './release.ts'

/** An approval that a request waits for: from whom, and how many. */
export type ApprovalWish = {
  readonly count: number
  readonly role: string | null
  readonly team: string | null
}

/** A request with everything that a message about it shows. */
export type RequestCard = {
  readonly event: EventView
  /** Of its artifact; `null` when that is not known. */
  readonly version: Version | null
  /** What landed; `null` before that, and of a delete. */
  readonly release: Release | null
  /** What it replaces, or replaced. */
  readonly before: Release | null
  /** True while what it released runs. */
  readonly isRunning: boolean
  /** What its gates wait for, of people. */
  readonly wishes: readonly ApprovalWish[]
  /** The logins of those who may approve it and have not, of those whose yes would count. */
  readonly approvers: readonly string[]
  readonly warnings: readonly string[]
  /** The policy that denied or holds it. */
  readonly policy: string | null
  /** Of a request of several apps: one for each. */
  readonly parts: readonly RequestCard[]
}

/** Why a request went, waits or was refused. */
export type Explanation = {
  readonly id: string
  readonly card: RequestCard | null
  readonly message: string
  /** What each policy said: a tree, indented. */
  readonly lines: readonly string[]
  readonly policyVersion: string
}

/** What a rollback would do, before anyone asks for it. */
export type RollbackPlan = {
  readonly env: string
  readonly app: string
  readonly from: Release
  readonly to: Release
}
