import type { Actor } from '../domain/actor.ts'
import type { Command, ReleaseCommand } from '../domain/command.ts'
import { isTargeted } from '../domain/event.ts'
import { isRefusal } from '../domain/fault.ts'
import { targetsOf } from '../release/targets.ts'
import type { Resource } from './authorize.ts'
import type { CommandPorts } from './ports.ts'
import { findArtifact } from './release.ts'
import { requesterOf } from './requester.ts'

/**
 * What a command would be done to: each of them must be allowed. `[null]` when it is done to nothing
 * in particular, or when this actor's rights are the same everywhere.
 */
export async function resourcesOf(
  ports: CommandPorts,
  actor: Actor,
  command: Command,
): Promise<readonly (Resource | null)[]> {
  const isEverywhere =
    actor.repositories.length === 0 && actor.roles.every((grant) => typeof grant === 'string')
  if (isEverywhere && command.verb !== 'reject') return [null]
  switch (command.verb) {
    case 'branch-deleted':
      return [anywhere(command.repository)]
    case 'resume-gitops':
    case 'audit':
      return [anywhere(null)]
    case 'release':
      return ofRelease(ports, command)
    case 'rollback':
    case 'delete':
      return [await ofApp(ports, command)]
    case 'approve':
    case 'reject':
      return ofRequest(ports, command.id)
    case 'block':
    case 'unblock': {
      const artifact = await ports.artifacts.find(command.artifactId)
      return [anywhere(artifact?.version.repositoryName ?? null)]
    }
    case 'report-health':
    case 'lock':
      return [await ofPlace(ports, command)]
    case 'unlock':
      return 'id' in command ? ofLock(ports, command.id) : [await ofPlace(ports, command)]
    default:
      return [null]
  }
}

/** Whatever the environment and the app. */
export const anywhere = (repository: string | null): Resource => ({
  env: null,
  app: null,
  repository,
})

async function ofApp(
  { releases }: CommandPorts,
  { env, app }: { env: string; app: string },
): Promise<Resource> {
  return { env, app, repository: (await releases.bindings([app])).get(app) ?? null }
}

const ofPlace = async (
  ports: CommandPorts,
  { env, app }: { env: string; app?: string },
): Promise<Resource> =>
  app === undefined ? { env, app: null, repository: null } : ofApp(ports, { env, app })

async function ofLock(ports: CommandPorts, id: string): Promise<Resource[]> {
  const locks = await ports.controls.locks(0)
  const found = locks.find((lock) => lock.id === id)
  if (!found) return [anywhere(null)]
  return [await ofPlace(ports, { env: found.env, ...(found.app ? { app: found.app } : {}) })]
}

async function ofRelease(ports: CommandPorts, command: ReleaseCommand): Promise<Resource[]> {
  const found = await findArtifact(ports, command)
  const repository = isRefusal(found)
    ? (command.commit?.repository ?? null)
    : found.version.repositoryName
  const { env, app } = command
  if (app !== undefined || isRefusal(found)) return [{ env, app: app ?? null, repository }]
  const manifests = await ports.sources.manifests(await ports.gitops.lastTip())
  const apps = targetsOf(found, manifests).filter((target) => target.env === env)
  return apps.length === 0
    ? [{ env, app: null, repository }]
    : apps.map((target) => ({ env, app: target.app, repository }))
}

async function ofRequest(ports: CommandPorts, id: string): Promise<Resource[]> {
  const event = await ports.events.find(id)
  if (!event) return [anywhere(null)]
  const parts = isTargeted(event) ? [event] : await ports.events.children(id)
  const resources: Resource[] = []
  for (const part of parts.length > 0 ? parts : [event]) {
    const { env, app, artifactId } = part
    const repository =
      artifactId === null
        ? ((await ports.releases.bindings([app ?? ''])).get(app ?? '') ?? null)
        : ((await ports.artifacts.find(artifactId))?.version.repositoryName ?? null)
    resources.push({ env, app, repository, requester: await requesterOf(ports, part) })
  }
  return resources
}
