import { type Actor, policyActor } from './actor.ts'
import { type Artifact, parseArtifact } from './artifact.ts'
import type { EventStatus, NewEvent } from './event.ts'
import { isRefusal } from './fault.ts'
import { isLabel, isSha, type Sha } from './names.ts'
import type { HealthState } from './release.ts'

/** A row of `events` in the database of a GimletD before us: artifacts and requests are one table there. */
export type FormerEvent = {
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  readonly type: string
  /** JSON: the artifact, or what was asked. */
  readonly blob: string
  readonly status: string
  readonly statusDesc: string
  /** JSON: the GitOps commits that it made; later versions keep them in `results`. */
  readonly gitopsHashes: string
  readonly results: string
}

/** An event that is over: the loop never takes it. */
export type ClosedEvent = NewEvent & {
  readonly status: Exclude<EventStatus, 'new' | 'held'>
  readonly statusDesc: string
  readonly refs: readonly Sha[]
}

/** What a row becomes here; or why it cannot. */
export type Brought =
  | { readonly kind: 'artifact'; readonly artifact: Artifact; readonly event: ClosedEvent }
  | { readonly kind: 'request'; readonly event: ClosedEvent }
  | { readonly kind: 'left'; readonly id: string; readonly why: string }

/** What was pending there is not carried out here: whoever still wants it asks again. */
const stillOpen = 'was still open in the GimletD before; ask for it again'
const textMax = 2_000

/** Reads a row of a GimletD before us. Never throws: what is not understood is left, with the reason. */
export function readFormer(row: FormerEvent): Brought {
  const blob = parsed(row.blob)
  if (!isObject(blob)) return left(row, 'what it holds is not JSON')
  switch (row.type) {
    case 'artifact':
      return artifactOf(row, blob)
    case 'release':
    case 'rollback':
      return requestOf(row, blob)
    case 'branchDeleted':
      return goneBranchOf(row, blob)
    default:
      return left(row, `there is no event "${oneLine(row.type)}" here`)
  }
}

/** What the cluster had said of a commit, in Flux's words; nothing when they say nothing. */
export function formerHealth(status: string): HealthState | null {
  if (status === 'ReconciliationSucceeded') return 'healthy'
  if (/Failed$/.test(status)) return 'failed'
  return status === 'Progressing' ? 'progressing' : null
}

function artifactOf(row: FormerEvent, blob: Fields): Brought {
  const posted = parseArtifact(blob)
  if (isRefusal(posted)) return left(row, posted.message)
  if (posted.id === null) return left(row, 'artifact.id: is missing')
  const { id, created } = { id: posted.id, created: row.created }
  const version = { ...posted.version, created: posted.version.created ?? created }
  const artifact: Artifact = { ...posted, id, created, version }
  // Who posted it was not kept.
  const event = closed(row, { kind: 'artifact', artifactId: id, actor: actorOf('gimletd') })
  return { kind: 'artifact', artifact, event }
}

function requestOf(row: FormerEvent, blob: Fields): Brought {
  const { env, app } = { env: textOf(blob.env), app: textOf(blob.app) }
  const names = [env, ...(app === '' ? [] : [app])]
  const wrong = names.find((name) => !isLabel(name))
  if (wrong !== undefined)
    return left(row, `"${wrong}" is no name of an environment or an app here`)
  const target = textOf(blob.targetSHA)
  const event = closed(row, {
    kind: row.type === 'rollback' ? 'rollback' : 'release',
    artifactId: textOf(blob.artifactId) || null,
    env,
    app: app || null,
    toRef: isSha(target) ? target : null,
    actor: actorOf(textOf(blob.triggeredBy)),
  })
  return { kind: 'request', event }
}

function goneBranchOf(row: FormerEvent, blob: Fields): Brought {
  const { repository, branch } = { repository: textOf(blob.Repo), branch: textOf(blob.Branch) }
  if (repository === '' || branch === '') return left(row, 'its repository or branch is missing')
  const about = { on: 'branchDeleted', repository, branch } as const
  return {
    kind: 'request',
    event: closed(row, { kind: 'branchDeleted', actor: policyActor('gimletd'), about }),
  }
}

type Told = Pick<NewEvent, 'kind' | 'actor'> & Partial<NewEvent>

function closed(row: FormerEvent, told: Told): ClosedEvent {
  const results = listOf(row.results).filter(isObject)
  const failed = results.filter(({ Status: status }) => status === 1)
  const descriptions = [row.statusDesc, ...failed.map((one) => textOf(one.StatusDesc))]
  const statusDesc = descriptions.map(oneLine).filter(Boolean).join('; ')
  const refs = [...listOf(row.gitopsHashes), ...results.map(({ GitopsRef: ref }) => ref)]
  return {
    ...{ id: row.id, parentId: null, artifactId: null, env: null, app: null, toRef: null },
    ...{ reason: '', source: 'api', createdMs: row.created * 1000 },
    ...told,
    ...endOf(row, { hasFailed: failed.length > 0, statusDesc }),
    refs: [...new Set(refs.map(textOf).filter(isSha))],
  }
}

function endOf(
  { status }: FormerEvent,
  { hasFailed, statusDesc }: { hasFailed: boolean; statusDesc: string },
): Pick<ClosedEvent, 'status' | 'statusDesc'> {
  if (status === 'error' || (status === 'processed' && hasFailed))
    return { status: 'error', statusDesc }
  if (status === 'processed') return { status: 'processed', statusDesc }
  return { status: 'superseded', statusDesc: stillOpen }
}

const left = ({ id }: FormerEvent, why: string): Brought => ({ kind: 'left', id, why })

/** What its policies asked for, they asked for as `policy`. */
function actorOf(login: string): Actor {
  if (login === 'policy') return policyActor('gimletd')
  return { login: login || 'gimletd', kind: 'token', roles: [], teams: [], repositories: [] }
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function listOf(text: string): readonly unknown[] {
  const list = parsed(text)
  return Array.isArray(list) ? list : []
}

const oneLine = (text: string) =>
  text
    .slice(0, textMax)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()

const textOf = (value: unknown): string => (typeof value === 'string' ? oneLine(value) : '')
