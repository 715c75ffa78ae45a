import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { assertNever } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { approve, reject } from './approvals.ts'
import { artifact, artifacts } from './artifacts.ts'
import { actionsIn, authorize } from './authorize.ts'
import { block, unblock } from './blocks.ts'
import { branchDeleted } from './branch-deleted.ts'
import { deleteApp } from './delete.ts'
import { decision, decisions, event } from './event.ts'
import { history } from './history.ts'
import { lock, locks, unlock } from './locks.ts'
import type { CommandPorts } from './ports.ts'
import { pushArtifact } from './push-artifact.ts'
import { release } from './release.ts'
import { resourcesOf } from './resources.ts'
import { rollback } from './rollback.ts'
import { status } from './status.ts'
import { manageUsers } from './users.ts'
import { whoami } from './whoami.ts'

/** The only way in: every surface turns what it hears into a command and passes it here. */
export async function handle(
  ports: CommandPorts,
  actor: Actor,
  command: Command,
): Promise<Outcome> {
  for (const resource of await resourcesOf(ports, actor, command))
    for (const action of actionsIn(command)) {
      const refusal = authorize(actor, action, resource)
      if (refusal) return refusal
    }
  return carryOut(ports, actor, command)
}

function carryOut(ports: CommandPorts, actor: Actor, command: Command): Promise<Outcome> {
  switch (command.verb) {
    case 'push-artifact':
      return pushArtifact(ports, actor, command)
    case 'release':
      return release(ports, actor, command)
    case 'rollback':
      return rollback(ports, actor, command)
    case 'delete':
      return deleteApp(ports, actor, command)
    case 'branch-deleted':
      return branchDeleted(ports, actor, command)
    case 'approve':
      return approve(ports, actor, command)
    case 'reject':
      return reject(ports, actor, command)
    case 'block':
      return block(ports, actor, command)
    case 'unblock':
      return unblock(ports, command)
    case 'lock':
      return lock(ports, actor, command)
    case 'unlock':
      return unlock(ports, actor, command)
    case 'locks':
      return locks(ports)
    case 'artifacts':
      return artifacts(ports, command.filter)
    case 'artifact':
      return artifact(ports, command.id)
    case 'status':
      return status(ports, command)
    case 'history':
      return history(ports, command.filter)
    case 'event':
      return event(ports, command.id)
    case 'decision':
      return decision(ports, command.id)
    case 'decisions':
      return decisions(ports, command.filter)
    case 'gitops-repo':
      return Promise.resolve({ kind: 'gitops-repo', url: ports.gitops.url })
    case 'whoami':
      return Promise.resolve(whoami(actor))
    case 'users':
    case 'user':
    case 'add-user':
    case 'remove-user':
      return manageUsers(ports, command)
    default:
      return assertNever(command)
  }
}
