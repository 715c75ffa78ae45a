import type { Grant, User } from './actor.ts'
import type { Artifact } from './artifact.ts'
import type { AuditRecord } from './audit.ts'
import type { Block, Lock } from './control.ts'
import type { Decision } from './decision.ts'
import type { EventStatus, ReleaseEvent } from './event.ts'
import type { Refusal } from './fault.ts'
import type { GitopsState } from './halt.ts'
import type { Sha } from './names.ts'
import type { Release } from './release.ts'

/** What an accepted command led to. Every surface says it in its own way. */
export type Outcome =
  | Refusal
  | { readonly kind: 'artifact-stored'; readonly artifact: Artifact; readonly isNew: boolean }
  | { readonly kind: 'artifact'; readonly artifact: Artifact }
  | { readonly kind: 'artifacts'; readonly artifacts: readonly Artifact[] }
  | {
      readonly kind: 'accepted'
      readonly id: string
      readonly what: 'release' | 'rollback' | 'delete' | 'cleanup'
    }
  | ControlOutcome
  | HealthReported
  | { readonly kind: 'plans'; readonly plans: readonly Plan[] }
  | { readonly kind: 'status'; readonly env: string; readonly status: StatusByEnv }
  | { readonly kind: 'history'; readonly releases: readonly Release[] }
  | { readonly kind: 'event'; readonly event: EventView }
  | { readonly kind: 'decision'; readonly decision: Decision }
  | { readonly kind: 'decisions'; readonly decisions: readonly Decision[] }
  | GitopsOutcome
  | { readonly kind: 'whoami'; readonly whoami: WhoAmI }
  | UserOutcome
  | { readonly kind: 'audit'; readonly records: readonly AuditRecord[] }

/** What is told of owners of tokens. */
export type UserOutcome =
  | { readonly kind: 'users'; readonly users: readonly User[] }
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'user-added'; readonly user: User; readonly token: string }
  | { readonly kind: 'user-removed'; readonly login: string }

/** What is told of the GitOps repository itself. */
export type GitopsOutcome =
  | { readonly kind: 'gitops-repo'; readonly url: string }
  | { readonly kind: 'gitops-state'; readonly states: readonly GitopsState[] }
  | {
      readonly kind: 'gitops-resumed'
      readonly tip: Sha
      /** The one that is given up. */
      readonly seenTip: Sha
      readonly by: string
    }

/** What the cluster said, as far as it was news. */
export type HealthReported = {
  readonly kind: 'health-reported'
  readonly env: string
  readonly apps: readonly string[]
  /** Why it says nothing of a release. */
  readonly ignored?: string
}

/** What became of an approval, a block or a lock. */
export type ControlOutcome =
  | { readonly kind: 'approved'; readonly id: string; readonly by: string }
  | {
      readonly kind: 'rejected'
      readonly id: string
      readonly by: string
      readonly what: 'rejected' | 'withdrawn'
    }
  | { readonly kind: 'blocked'; readonly block: Block; readonly isNew: boolean }
  | { readonly kind: 'unblocked'; readonly artifactId: string }
  | { readonly kind: 'locked'; readonly lock: Lock }
  | { readonly kind: 'unlocked'; readonly locks: readonly Lock[] }
  | { readonly kind: 'locks'; readonly locks: readonly Lock[] }

/** What a release would do, if it were not a dry run. */
export type Plan = {
  readonly app: string
  readonly env: string
  readonly artifactId: string
  readonly decision: Decision
  /** The change to the GitOps repository as git shows it; empty when the files cannot be written. */
  readonly diff: string
  /** Why the files cannot be written, or `null`. */
  readonly problem: string | null
}

/** What runs where: by environment, then by app; `null` where nothing does. */
export type StatusByEnv = Readonly<Record<string, Readonly<Record<string, Release | null>>>>

/** An event as the API shows it: GimletD's shape, and where it came from and led to. */
export type EventView = {
  readonly id: string
  readonly type: ReleaseEvent['kind']
  readonly status: EventStatus
  readonly statusDesc: string
  readonly env: string | null
  readonly app: string | null
  readonly artifactId: string | null
  readonly triggeredBy: string
  readonly reason: string
  /** Unix seconds. */
  readonly created: number
  /** Of a held event: when it ends as denied, in Unix seconds. */
  readonly expires: number | null
  readonly decisionId: string | null
  /** True when it passes gates and locks by force. */
  readonly forced: boolean
  /** The logins of those who approved. */
  readonly approvals: readonly string[]
  readonly gitopsHashes: readonly GitopsHash[]
  readonly releases: readonly Release[]
  /** The events that this one asked for: one for each app and environment. */
  readonly events: readonly EventView[]
}

/** A GitOps commit with what the cluster made of it, in the words that GimletD's clients wait for. */
export type GitopsHash = {
  readonly hash: Sha
  readonly status:
    | 'pushed'
    | 'Progressing'
    | 'ReconciliationSucceeded'
    | 'ReconciliationFailed'
    | 'ValidationFailed'
    | 'HealthCheckFailed'
  readonly statusDesc: string
}

export type WhoAmI = {
  readonly login: string
  readonly roles: readonly Grant[]
  readonly teams: readonly string[]
  readonly repositories: readonly string[]
  /** What these roles may do, by action. */
  readonly actions: readonly string[]
}
