import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { assertNever } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { artifact, artifacts } from './artifacts.ts'
import { actionsIn, authorize } from './authorize.ts'
import { beyondToken } from './beyond-token.ts'
import { branchDeleted } from './branch-deleted.ts'
import { control } from './control.ts'
import { deleteApp } from './delete.ts'
import { decision, decisions, event } from './event.ts'
import { gitops } from './gitops.ts'
import { history } from './history.ts'
import type { CommandPorts } from './ports.ts'
import { pushArtifact } from './push-artifact.ts'
import { named, release } from './release.ts'
import { reportHealth } from './report-health.ts'
import { resourcesOf } from './resources.ts'
import { rollback } from './rollback.ts'
import { status } from './status.ts'
import { manageUsers } from './users.ts'
import { whoami } from './whoami.ts'

/** The only way in: every surface turns what it hears into a command and passes it here. */
export async function handle(ports: CommandPorts, actor: Actor, typed: Command): Promise<Outcome> {
  // What is allowed must be what is carried out.
  const command = typed.verb === 'release' ? await named(ports, typed) : typed
  const beyond = beyondToken(actor, command)
  if (beyond) return beyond
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
    case 'report-health':
      return reportHealth(ports, command)
    case 'approve':
    case 'reject':
    case 'block':
    case 'unblock':
    case 'lock':
    case 'unlock':
    case 'locks':
      return control(ports, actor, command)
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
    case 'gitops-state':
    case 'resume-gitops':
      return gitops(ports, actor, command)
    case 'whoami':
      return Promise.resolve(whoami(actor))
    case 'users':
    case 'user':
    case 'add-user':
    case 'renew-token':
    case 'remove-user':
      return manageUsers(ports, command)
    default:
      return assertNever(command)
  }
}
