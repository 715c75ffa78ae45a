import { z } from 'zod'
import type { HealthCommand } from '../../domain/command.ts'
import type { HealthState } from '../../domain/release.ts'
import { commitOf, messageCharsMax, objectsIn, unixOf } from './cluster-words.ts'
import { given, label } from './parameters.ts'
import { type Route, route } from './route.ts'

const word = z.string().nullish()
const revisions = { revision: word, revisions: z.array(z.string()).nullish() }

/** What the template of docs/feedback.md sends of an Application. */
const argocdEvent = z.object(
  {
    application: z.string({ error: 'must be the name of the Application' }),
    at: word,
    health: z.object({ status: word, message: word }).nullish(),
    sync: z.object({ status: word, ...revisions }).nullish(),
    operation: z.object({ phase: word, message: word, ...revisions }).nullish(),
  },
  { error: 'must be what the template of docs/feedback.md sends' },
)
type ArgocdEvent = z.output<typeof argocdEvent>

type Statement = { readonly state: HealthState; readonly reason: string; readonly message: string }

/** What Argo CD means, and of which revisions: of those that it tried to sync, or of those that run. */
export function argocdStatement({ health, sync, operation }: ArgocdEvent) {
  const say = (state: HealthState, reason: string, message: string | null | undefined) =>
    ({ state, reason, message: message ?? '' }) satisfies Statement
  const phase = operation?.phase ?? ''
  if (phase === 'Failed' || phase === 'Error')
    return { ...say('failed', `Sync${phase}`, operation?.message), of: operation }
  if (phase === 'Running')
    return { ...say('progressing', phase, operation?.message), of: operation }
  const status = health?.status ?? ''
  // Of what Argo CD cannot compare or see it says nothing.
  if (sync?.status === 'Unknown' || status === 'Unknown' || status === '') return undefined
  const isSynced = sync?.status === 'Synced'
  if (status === 'Degraded')
    return { ...say('failed', status, health?.message), of: isSynced ? sync : operation }
  const isHealthy = status === 'Healthy' && isSynced
  const reason = status === 'Healthy' && !isSynced ? 'OutOfSync' : status
  return { ...say(isHealthy ? 'healthy' : 'progressing', reason, health?.message), of: sync }
}

/** A notification as a report. */
export function reportOf(event: ArgocdEvent): HealthCommand['said'] {
  const statement = argocdStatement(event)
  if (statement === undefined) return { ignored: 'Argo CD does not know how the Application is' }
  const { of, message, ...said } = statement
  // An Application of several sources has a revision for each; a chart's is a version.
  const commits = [of?.revision ?? '', ...(of?.revisions ?? [])].flatMap(
    (one) => commitOf(one) ?? [],
  )
  if (commits.length === 0) return { ignored: 'its revision names no GitOps commit' }
  return {
    ...{ ...said, commits: [...new Set(commits)].slice(0, commitsMax), unit: event.application },
    message: message.slice(0, messageCharsMax),
    blamed: objectsIn(message),
    ...given({ unix: unixOf(event.at) }),
  }
}

/** So many sources of an Application are looked at. */
const commitsMax = 10

export const argocdRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/argocd-events',
    summary: 'What Argo CD says of an Application',
    answer:
      '{"env", "apps", "ignored"?}: the apps whose state is another one now, or why it tells of none',
    query: z.object({ env: label, app: label.optional() }),
    body: argocdEvent,
    command: ({ query, body }) => ({
      verb: 'report-health',
      ...given(query),
      said: reportOf(body),
    }),
  }),
]
