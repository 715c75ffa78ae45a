import { z } from 'zod'
import type { EventView, Outcome } from '../../domain/outcome.ts'
import type { Health } from '../../domain/release.ts'
import { artifactId, requestId } from './parameters.ts'
import { type Route, route } from './route.ts'

/** What later clients of GimletD follow a request with. They know three statuses, and wait on the first. */
type Tracked = {
  readonly type: string
  readonly status: 'new' | 'processed' | 'error'
  readonly statusDesc: string
  readonly results: readonly Result[]
}

type Result = {
  readonly app: string
  readonly env: string
  readonly status: 'success' | 'failure' | 'pending'
  readonly statusDesc: string
  readonly hash?: string
  readonly gitopsCommitStatus?: string
  readonly gitopsCommitStatusDesc?: string
}

const shown = (outcome: Outcome): Tracked | undefined =>
  outcome.kind === 'event' ? trackedOf(outcome.event) : undefined

/** `/api/event` in the shape of GimletD's later versions, for their `release track` and `artifact track`. */
export const trackRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/eventReleaseTrack',
    summary: 'What became of a request, for clients of GimletD',
    answer: 'Type, status (new, processed or error) and a result for each app and environment',
    query: z.object({ id: requestId }),
    body: null,
    command: ({ query }) => ({ verb: 'event', id: query.id }),
    shown,
  }),
  route({
    method: 'get',
    path: '/api/eventArtifactTrack',
    summary: 'What became of an artifact’s arrival, for clients of GimletD',
    answer: 'Type, status (new, processed or error) and a result for each app and environment',
    query: z.object({ artifactId }),
    body: null,
    command: ({ query }) => ({ verb: 'event', id: query.artifactId }),
    shown,
  }),
]

function trackedOf(event: EventView): Tracked {
  const { type, status, statusDesc, events } = event
  const parts = events.length > 0 ? events : [event]
  const results = parts.flatMap(resultOf)
  // One that is held is not over: a client that took it for processed would end as if it had gone well.
  if (status === 'held')
    return { type, status: 'new', statusDesc: `is held: ${statusDesc}`, results }
  if (status === 'new' || status === 'processed') return { type, status, statusDesc, results }
  // Which of several did not go, the results tell.
  return { type, status: events.length > 0 ? 'processed' : 'error', statusDesc, results }
}

function resultOf(part: EventView): Result[] {
  const { app, env, status, statusDesc, gitopsHashes, releases } = part
  if (app === null || env === null) return []
  const told = { app, env, statusDesc }
  if (status === 'new' || status === 'held') return [{ ...told, status: 'pending' }]
  if (status !== 'processed') return [{ ...told, status: 'failure' }]
  const [commit] = gitopsHashes
  // What changed nothing has no commit that a cluster could apply.
  if (commit === undefined) return []
  const health = releases.find(({ gitopsRef }) => gitopsRef === commit.hash)?.health
  return [{ ...told, status: 'success', hash: commit.hash, ...appliedOf(health) }]
}

/** Flux's words for it, which these clients look for. */
function appliedOf(health: Health | undefined) {
  const words = {
    healthy: 'ReconciliationSucceeded',
    failed: 'ReconciliationFailed',
    progressing: 'Progressing',
  } as const
  return {
    gitopsCommitStatus: health ? words[health.state] : 'NotReconciled',
    gitopsCommitStatusDesc: health?.message ?? '',
  }
}
