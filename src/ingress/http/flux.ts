import { z } from 'zod'
import { refuse } from '../../domain/fault.ts'
import type { HealthState } from '../../domain/release.ts'
import { given, label } from './parameters.ts'
import { type Route, route } from './route.ts'

const messageCharsMax = 2_000

/** What Flux's notification-controller posts to a generic webhook; the rest of it is not looked at. */
const fluxEvent = z.object(
  {
    severity: z.string().default('info'),
    reason: z.string().default(''),
    message: z.string().default(''),
    timestamp: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).default({}),
  },
  { error: 'must be an event of Flux' },
)
type FluxEvent = z.output<typeof fluxEvent>

/** `main@sha1:<commit>`, `sha1:<commit>`, and `main/<commit>` of older versions; a branch may hold `/`. */
const revision = /(?:^|[:/])([0-9a-f]{40}|[0-9a-f]{64})$/

function stateOf({ severity, reason }: FluxEvent): HealthState {
  if (severity === 'error') return 'failed'
  return /^Progressing/.test(reason) ? 'progressing' : 'healthy'
}

function commitOf({ metadata }: FluxEvent): string | undefined {
  // Newer versions write the key with a prefix: kustomize.toolkit.fluxcd.io/revision.
  const key = Object.keys(metadata).find((one) => one === 'revision' || one.endsWith('/revision'))
  return revision.exec(String(key === undefined ? '' : metadata[key]))?.[1]
}

export const fluxRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/flux-events',
    summary: 'What Flux says of a GitOps commit',
    answer: '{"env", "apps"}: the apps for which it was news',
    query: z.object({ env: label }),
    body: fluxEvent,
    command({ query: { env }, body }) {
      const commit = commitOf(body)
      if (commit === undefined)
        return refuse('invalid', 'metadata.revision: must end in a commit id, as Flux writes it')
      const ms = Date.parse(body.timestamp ?? '')
      const unix = Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
      const message = body.message.slice(0, messageCharsMax)
      return {
        verb: 'report-health',
        ...given({ env, commit, state: stateOf(body), message, unix }),
      }
    },
  }),
]
