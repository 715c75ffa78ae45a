import type { Actor } from '../domain/actor.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { ask } from './ask.ts'
import type { CommandPorts } from './ports.ts'

/** Asks for an app to be taken away from an environment. */
export async function deleteApp(
  ports: CommandPorts,
  actor: Actor,
  { env, app, reason }: { env: string; app: string; reason?: string },
): Promise<Outcome> {
  const [current] = await ports.releases.running({ env, app })
  if (!current) return refuse('not_found', `${app} does not run in ${env}`)
  const { artifactId } = current
  return ask(ports, actor, { kind: 'delete', artifactId, env, app, toRef: null, reason })
}
