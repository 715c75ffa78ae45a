import type { Actor } from '../domain/actor.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** Asks for an app to be taken away from an environment. */
export async function deleteApp(
  ports: CommandPorts,
  actor: Actor,
  { env, app, reason }: { env: string; app: string; reason?: string },
): Promise<Outcome> {
  const [current] = await ports.releases.running({ env, app })
  if (!current) return refuse('not_found', `${app} does not run in ${env}`)
  const id = ports.ids.next('event')
  await ports.events.add({
    id,
    parentId: null,
    kind: 'delete',
    artifactId: current.artifactId,
    env,
    app,
    toRef: null,
    reason: reason ?? '',
    actor,
    source: 'api',
    createdMs: ports.clock.nowMs(),
  })
  ports.wake()
  return { kind: 'accepted', id, what: 'delete' }
}
