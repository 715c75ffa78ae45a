import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { assertNever, type Refusal } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { artifact, artifacts } from './artifacts.ts'
import { audit } from './audit.ts'
import { actionsIn, authorize, type Resource } from './authorize.ts'
import { beyondToken } from './beyond-token.ts'
import { branchDeleted } from './branch-deleted.ts'
import { control } from './control.ts'
import { deleteApp } from './delete.ts'
import { decision, decisions, event } from './event.ts'
import { gitops } from './gitops.ts'
import { history } from './history.ts'
import type { ArtifactPorts, CommandPorts } from './ports.ts'
import { pushArtifact } from './push-artifact.ts'
import { named, release } from './release.ts'
import { reportHealth } from './report-health.ts'
import { anywhere, resourcesOf } from './resources.ts'
import { rollback } from './rollback.ts'
import { status } from './status.ts'
import { manageUsers } from './users.ts'
import { whoami } from './whoami.ts'

type PushArtifact = Extract<Command, { verb: 'push-artifact' }>

/** The only way in: every surface turns what it hears into a command and passes it here. */
export async function handle(ports: CommandPorts, actor: Actor, typed: Command): Promise<Outcome> {
  if (typed.verb === 'push-artifact') return acceptArtifact(ports, actor, typed)
  // What is allowed must be what is carried out.
  const command = typed.verb === 'release' ? await named(ports, typed) : typed
  const refusal =
    beyondToken(actor, command) ??
    refusalOf(actor, command, await resourcesOf(ports, actor, command))
  return refusal ?? carryOut(ports, actor, command)
}

/** The way in of an artifact, which needs the least of the rest of the product. */
export async function acceptArtifact(
  ports: ArtifactPorts,
  actor: Actor,
  command: PushArtifact,
): Promise<Outcome> {
  const resource = anywhere(command.artifact.version.repositoryName)
  const refusal = beyondToken(actor, command) ?? refusalOf(actor, command, [resource])
  return refusal ?? pushArtifact(ports, actor, command)
}

function refusalOf(
  actor: Actor,
  command: Command,
  resources: readonly (Resource | null)[],
): Refusal | null {
  for (const resource of resources)
    for (const action of actionsIn(command)) {
      const refusal = authorize(actor, action, resource)
      if (refusal) return refusal
    }
  return null
}

function carryOut(
  ports: CommandPorts,
  actor: Actor,
  command: Exclude<Command, PushArtifact>,
): Promise<Outcome> {
  switch (command.verb) {
    case 'release':
      return release(ports, actor, command)
    case 'rollback':
      return rollback(ports, actor, command)
    case 'delete':
      return deleteApp(ports, actor, command)
    case 'branch-deleted':
      return branchDeleted(ports, actor, command)
    case 'report-health':
      return reportHealth(ports, actor, command)
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
      return manageUsers(ports, actor, command)
    case 'audit':
      return audit(ports, command.filter)
    default:
      return assertNever(command)
  }
}
