import type { Role } from './actor.ts'
import type { NewArtifact } from './artifact.ts'
import type { AuditQuery } from './audit.ts'
import type { HealthReport } from './health.ts'
import type { Sha } from './names.ts'

/** What a person or a program asks for, whatever the surface: the only way into the product. */
export type Command = Readonly<
  | { verb: 'push-artifact'; artifact: NewArtifact }
  | { verb: 'artifacts'; filter: ArtifactQuery }
  | { verb: 'artifact'; id: string }
  | ReleaseCommand
  | { verb: 'rollback'; env: string; app: string; sha?: string; reason?: string }
  | { verb: 'delete'; env: string; app: string; reason?: string }
  | { verb: 'branch-deleted'; repository: string; branch: string }
  | HealthCommand
  | ControlCommand
  /** `env` may be `*`: every environment. `atUnix` asks for what ran then. */
  | { verb: 'status'; env: string; app?: string; atUnix?: number }
  | { verb: 'history'; filter: HistoryQuery }
  | { verb: 'event'; id: string }
  | { verb: 'decision'; id: string }
  | { verb: 'decisions'; filter: DecisionQuery }
  | { verb: 'gitops-repo' }
  | { verb: 'gitops-state' }
  /** `tip` is the one that a person has looked at. */
  | { verb: 'resume-gitops'; tip: Sha }
  | { verb: 'whoami' }
  | { verb: 'users' }
  | { verb: 'user'; login: string }
  | AddUserCommand
  /** Gives a user a new token; the one before it goes on for a while. */
  | { verb: 'renew-token'; login: string; overlapSeconds: number; expires?: Expiry }
  | { verb: 'remove-user'; login: string }
  | { verb: 'audit'; filter: AuditQuery }
>

/** When something ends: at a moment, or so long after it was asked for. */
export type Expiry = { readonly unix: number } | { readonly seconds: number }

export type AddUserCommand = Readonly<{
  verb: 'add-user'
  login: string
  roles: readonly Role[]
  repositories: readonly string[]
  /** The commands that the token is for; without it, all that the roles allow. */
  verbs?: readonly string[]
  expires?: Expiry
}>

/** Names the artifact by its id, or lets `app` stand for its newest one on the default branch. */
export type ReleaseCommand = Readonly<{
  verb: 'release'
  env: string
  app?: string
  artifactId?: string
  /** Of `app@sha`: the newest artifact of this source commit, which may be abbreviated. */
  sha?: string
  /** Of a pull request: the artifact of exactly this commit, waited for when CI has not posted it. */
  commit?: Readonly<{ repository: string; sha: Sha }>
  /** Of a promotion: the environment whose running artifact is meant. */
  from?: string
  reason?: string
  dryRun?: boolean
  /** Passes gates and locks; needs a reason. */
  force?: boolean
}>

/** Times are Unix seconds. */
export type ArtifactQuery = Readonly<{
  repository?: string
  app?: string
  branch?: string
  sourceBranch?: string
  event?: string
  shas?: readonly string[]
  sinceUnix?: number
  untilUnix?: number
  limit: number
  offset: number
}>

/** Approvals, blocks and locks. */
export type ControlCommand = Readonly<
  | { verb: 'approve'; id: string }
  | { verb: 'reject'; id: string; reason?: string }
  | { verb: 'block'; artifactId: string; reason: string }
  | { verb: 'unblock'; artifactId: string }
  | { verb: 'lock'; env: string; app?: string; reason: string; untilUnix?: number }
  /** By its id, or every lock on exactly this environment or app. */
  | { verb: 'unlock'; id: string }
  | { verb: 'unlock'; env: string; app?: string }
  | { verb: 'locks' }
>

/** What a cluster says of a GitOps commit that it applied, or could not. */
export type HealthCommand = Readonly<{
  verb: 'report-health'
  env: string
  app?: string
  /** The report, or why what was said is none. */
  said: SaidOfCommit | Readonly<{ ignored: string }>
}>

/** A report of which only the GitOps repository knows the commit: that of several sources may be any of these. */
export type SaidOfCommit = Readonly<
  Omit<HealthReport, 'env' | 'app' | 'commit' | 'at'> & {
    commits: readonly Sha[]
    /** When it was so. */
    unix?: number
  }
>

/** Decisions about an app in an environment, oldest first; the time is in Unix seconds. */
export type DecisionQuery = Readonly<{ sinceUnix: number; limit: number; offset: number }>

/** Times are Unix seconds. */
export type HistoryQuery = Readonly<{
  env: string
  app?: string
  sinceUnix?: number
  untilUnix?: number
  /** Of the source code. */
  repository?: string
  filter?: string
  limit: number
  offset?: number
}>

/** The most rows that one answer holds: contract, section 2. */
export const limitMax = 500
export const limitDefault = 50
