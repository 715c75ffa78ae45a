import type { Actor } from './actor.ts'
import type { Decision } from './decision.ts'
import type { Sha } from './names.ts'

export const eventStatuses = ['new', 'held', 'processed', 'denied', 'superseded', 'error'] as const
export type EventStatus = (typeof eventStatuses)[number]

/** Where an event may go from where it is. Four states are ends. */
const next: Readonly<Record<EventStatus, readonly EventStatus[]>> = {
  new: ['held', 'processed', 'denied', 'superseded', 'error'],
  held: ['held', 'processed', 'denied', 'superseded', 'error'],
  processed: [],
  denied: [],
  superseded: [],
  error: [],
}

/** True when nothing will happen to the event any more. */
export const isOver = (status: EventStatus): boolean => next[status].length === 0

/** The status to go to. Throws when the table of states does not know the way: a bug, not a refusal. */
export function move(from: EventStatus, to: EventStatus): EventStatus {
  if (!next[from].includes(to)) throw new Error(`an event cannot go from ${from} to ${to}`)
  return to
}

/** What can be asked of an app in an environment. */
export type RequestKind = 'release' | 'rollback' | 'delete'
/**
 * What triggers answer to: an artifact arrived, a release landed, a branch is gone, what runs became
 * healthy or failed, the time has come.
 */
export type Happening = 'artifact' | 'released' | 'branchDeleted' | 'health' | 'schedule'

/**
 * What was asked, kept before it was answered and carried out afterwards.
 * An event with `env` and `app` makes at most one commit. One without is expanded into such ones:
 * what happened by the triggers, a `release` of every app by the manifests.
 */
export type ReleaseEvent = {
  readonly seq: number
  readonly id: string
  readonly parentId: string | null
  readonly kind: RequestKind | Happening
  readonly status: EventStatus
  readonly statusDesc: string
  readonly artifactId: string | null
  readonly env: string | null
  readonly app: string | null
  /** The GitOps commit that a rollback restores; `null` stands for the release before the current one. */
  readonly toRef: Sha | null
  readonly reason: string
  readonly actor: Actor
  readonly source: EventSource
  readonly attempts: number
  readonly createdMs: number
  /** Before this moment it is not taken; zero when it was never put off. */
  readonly dueMs: number
  readonly expiresMs: number | null
  readonly decisionId: string | null
  /** Passes gates and locks; asked for by someone who may. */
  readonly forced: boolean
  /** Of what happened, but for an artifact's arrival: what it was. */
  readonly about: About | null
}

/** What happened, as the triggers see it. */
export type About =
  | {
      readonly on: 'released'
      readonly env: string
      readonly by: string
      readonly kind: 'release' | 'rollback'
    }
  | { readonly on: 'branchDeleted'; readonly repository: string; readonly branch: string }
  | { readonly on: 'health'; readonly env: string; readonly app: string }
  /** Of a request for the artifact of exactly this commit, which CI may not have posted yet. */
  | { readonly on: 'commit'; readonly repository: string; readonly sha: Sha }
  /**
   * Of a request that a manifest makes for a branch: the branch that is shown. With `days`, after which
   * it ends, it was not made for a pull request and does not end with one.
   */
  | {
      readonly on: 'preview'
      readonly repository: string
      readonly branch: string
      readonly days?: number
    }
  /** Of a request to delete what ran of a branch that is gone, and nothing else. */
  | { readonly on: 'cleanup'; readonly repository: string; readonly branch: string }
  /** The trigger whose time has come. */
  | { readonly on: 'schedule'; readonly trigger: string }

/** The surface that asked. */
export type EventSource = 'api' | 'slack' | 'github' | 'policy'

/** An event of one app in one environment: the only kind that commits. */
export type TargetedEvent = ReleaseEvent & { readonly env: string; readonly app: string }

export const isTargeted = (event: ReleaseEvent): event is TargetedEvent =>
  event.env !== null && event.app !== null

/** What a caller asks for; the store adds the rest. */
export type NewEvent = Pick<
  ReleaseEvent,
  | 'id'
  | 'parentId'
  | 'kind'
  | 'artifactId'
  | 'env'
  | 'app'
  | 'toRef'
  | 'reason'
  | 'actor'
  | 'source'
  | 'createdMs'
> &
  Partial<Pick<ReleaseEvent, 'forced' | 'about'>>

/** What an event has once it is stored; one that is only tried out never is. */
export const unstored = {
  seq: 0,
  status: 'new',
  statusDesc: '',
  attempts: 0,
  dueMs: 0,
  expiresMs: null,
  decisionId: null,
  forced: false,
  about: null,
} as const

/** How an event ends, or goes on waiting. */
export type Closing = {
  readonly status: EventStatus
  readonly statusDesc: string
  readonly decision?: Decision | undefined
  readonly children?: readonly NewEvent[]
  /** Of a held event: whether newer ones wait behind it, when it is looked at again, and when it ends. */
  readonly queues?: boolean
  readonly dueMs?: number
  readonly expiresMs?: number
}

/** A commit that an event made, or meant to make when the process died. */
export type EventCommit = {
  readonly ref: Sha
  readonly tip: Sha
  readonly decisionId: string
  readonly state: 'intended' | 'landed'
}
