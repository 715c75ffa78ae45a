import type { Role, User } from './actor.ts'
import type { Artifact } from './artifact.ts'
import type { Decision } from './decision.ts'
import type { EventStatus, ReleaseEvent } from './event.ts'
import type { Refusal } from './fault.ts'
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
      readonly what: 'release' | 'rollback' | 'delete'
    }
  | { readonly kind: 'plans'; readonly plans: readonly Plan[] }
  | { readonly kind: 'status'; readonly env: string; readonly status: StatusByEnv }
  | { readonly kind: 'history'; readonly releases: readonly Release[] }
  | { readonly kind: 'event'; readonly event: EventView }
  | { readonly kind: 'decision'; readonly decision: Decision }
  | { readonly kind: 'gitops-repo'; readonly url: string }
  | { readonly kind: 'whoami'; readonly whoami: WhoAmI }
  | { readonly kind: 'users'; readonly users: readonly User[] }
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'user-added'; readonly user: User; readonly token: string }
  | { readonly kind: 'user-removed'; readonly login: string }

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
  readonly gitopsHashes: readonly {
    readonly hash: Sha
    readonly status: 'pushed'
    readonly statusDesc: string
  }[]
  readonly releases: readonly Release[]
  /** The events that this one asked for: one for each app and environment. */
  readonly events: readonly EventView[]
}

export type WhoAmI = {
  readonly login: string
  readonly roles: readonly Role[]
  readonly repositories: readonly string[]
  /** What these roles may do, by action. */
  readonly actions: readonly string[]
}
