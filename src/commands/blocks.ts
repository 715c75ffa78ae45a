import type { Actor } from '../domain/actor.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

/** Keeps an artifact from ever being released again, by anyone or any policy. */
export async function block(
  ports: CommandPorts,
  actor: Actor,
  { artifactId, reason }: { artifactId: string; reason: string },
): Promise<Outcome> {
  if (!(await ports.artifacts.find(artifactId)))
    return refuse('not_found', `There is no artifact ${artifactId}`)
  const wanted = { artifactId, reason, by: actor.login, createdUnix: nowUnix(ports) }
  const isNew = await ports.controls.addBlock(wanted)
  const stands = isNew ? wanted : await ports.controls.block(artifactId)
  return { kind: 'blocked', block: stands ?? wanted, isNew }
}

/** Lets an artifact be released again. */
export async function unblock(
  ports: CommandPorts,
  actor: Actor,
  { artifactId }: { artifactId: string },
): Promise<Outcome> {
  return (await ports.controls.removeBlock(artifactId, actor.login))
    ? { kind: 'unblocked', artifactId }
    : refuse('not_found', `${artifactId} is not blocked`)
}
