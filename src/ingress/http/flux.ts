import { z } from 'zod'
import type { HealthCommand } from '../../domain/command.ts'
import { refuse } from '../../domain/fault.ts'
import type { HealthState } from '../../domain/release.ts'
import { commitOf, messageCharsMax, objectsIn, unixOf } from './cluster-words.ts'
import { given, label } from './parameters.ts'
import { type Route, route } from './route.ts'

/** What Flux's notification-controller posts to a generic webhook; the rest of it is not looked at. */
const fluxEvent = z.object(
  {
    involvedObject: z.object({ kind: z.string(), name: z.string().default('') }).optional(),
    severity: z.string().default('info'),
    reason: z.string().default(''),
    message: z.string().default(''),
    timestamp: z.string().nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  },
  { error: 'must be an event of Flux' },
)
type FluxEvent = z.output<typeof fluxEvent>

/**
 * What Flux means. While it applies, every event of a Kustomization has the reason `Progressing`, that
 * its health check passed as well; what is not known to be good is not.
 */
export function fluxState({ severity, reason, message }: FluxEvent): HealthState {
  if (severity === 'error') return 'failed'
  const isGood = reason === 'ReconciliationSucceeded' || message.startsWith('Health check passed')
  return isGood ? 'healthy' : 'progressing'
}

/** Of an OCI artifact, the commit that it was made of is beside its digest. */
function revisionOf({ metadata }: FluxEvent): string {
  const value = (name: string) => {
    // As the controllers write it there is a prefix: kustomize.toolkit.fluxcd.io/revision.
    const key = Object.keys(metadata ?? {}).find((one) => one === name || one.endsWith(`/${name}`))
    const found = key === undefined ? '' : metadata?.[key]
    return typeof found === 'string' ? found : ''
  }
  return value('originRevision') || value('revision')
}

/** An event as a report. Flux tells of much that is no news of a release: that is no mistake of anyone. */
export function reportOf(event: FluxEvent): HealthCommand['said'] {
  const { kind = 'Kustomization', name = '' } = event.involvedObject ?? {}
  if (kind === 'HelmRelease')
    return {
      ignored:
        'a HelmRelease names a chart version, not a GitOps commit; its Kustomization tells of it with wait: true',
    }
  if (kind !== 'Kustomization') return { ignored: 'only a Kustomization tells of releases' }
  const commit = commitOf(revisionOf(event))
  if (commit === undefined) return { ignored: 'its revision names no GitOps commit' }
  const { reason, message } = event
  return {
    ...{ commits: [commit], state: fluxState(event), reason, unit: name },
    message: message.slice(0, messageCharsMax),
    blamed: objectsIn(message),
    ...given({ unix: unixOf(event.timestamp) }),
  }
}

export const fluxRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/flux-events',
    summary: 'What Flux says of a GitOps commit',
    answer:
      '{"env", "apps", "ignored"?}: the apps whose state is another one now, or why it tells of none',
    query: z.object({ env: label, app: label.optional() }),
    body: fluxEvent,
    command({ query, body }) {
      const said = reportOf(body)
      // What comes from no object of Flux was written by a person, who wants to know.
      if ('ignored' in said && body.involvedObject === undefined)
        return refuse('invalid', 'metadata.revision: must end in a whole commit id')
      return { verb: 'report-health', ...given(query), said }
    },
  }),
]
