import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { assertNever } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { artifact, artifacts } from './artifacts.ts'
import { actionOf, authorize, type Resource } from './authorize.ts'
import { deleteApp } from './delete.ts'
import { decision, event } from './event.ts'
import { history } from './history.ts'
import type { CommandPorts } from './ports.ts'
import { pushArtifact } from './push-artifact.ts'
import { findArtifact, release } from './release.ts'
import { rollback } from './rollback.ts'
import { status } from './status.ts'
import { addUser, removeUser, user, users } from './users.ts'
import { whoami } from './whoami.ts'

/** The only way in: every surface turns what it hears into a command and passes it here. */
export async function handle(
  ports: CommandPorts,
  actor: Actor,
  command: Command,
): Promise<Outcome> {
  const isBound = actor.repositories.length > 0
  const resource = isBound ? await resourceOf(ports, command) : null
  const refusal = authorize(actor, actionOf[command.verb], resource)
  return refusal ?? carryOut(ports, actor, command)
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
    case 'gitops-repo':
      return Promise.resolve({ kind: 'gitops-repo', url: ports.gitops.url })
    case 'whoami':
      return Promise.resolve(whoami(actor))
    case 'users':
      return users(ports)
    case 'user':
      return user(ports, command.login)
    case 'add-user':
      return addUser(ports, command)
    case 'remove-user':
      return removeUser(ports, command.login)
    default:
      return assertNever(command)
  }
}

/** Which repository's code a command would move; `null` when it moves none. */
async function resourceOf(ports: CommandPorts, command: Command): Promise<Resource | null> {
  switch (command.verb) {
    case 'push-artifact':
      return { repository: command.artifact.version.repositoryName }
    case 'release': {
      const found = await findArtifact(ports, command)
      return { repository: 'version' in found ? found.version.repositoryName : null }
    }
    case 'rollback':
    case 'delete': {
      const bindings = await ports.releases.bindings()
      return { repository: bindings.get(command.app) ?? null }
    }
    default:
      return null
  }
}
