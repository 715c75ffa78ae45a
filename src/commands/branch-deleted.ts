import type { Actor } from '../domain/actor.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** Keeps that a branch is gone: triggers may ask for what ran of it to be deleted. */
export async function branchDeleted(
  ports: CommandPorts,
  actor: Actor,
  { repository, branch }: { repository: string; branch: string },
): Promise<Outcome> {
  const id = ports.ids.next('event')
  await ports.events.add({
    ...{ id, actor, parentId: null, kind: 'branchDeleted', source: 'api', reason: '' },
    ...{ artifactId: null, env: null, app: null, toRef: null, createdMs: ports.clock.nowMs() },
    about: { on: 'branchDeleted', repository, branch },
  })
  ports.wake()
  return { kind: 'accepted', id, what: 'cleanup' }
}
