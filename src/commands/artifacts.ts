import type { ArtifactQuery } from '../domain/command.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { ownerOf } from '../release/targets.ts'
import type { CommandPorts } from './ports.ts'

/** What can be released, newest first. */
export async function artifacts(ports: CommandPorts, filter: ArtifactQuery): Promise<Outcome> {
  const { app: name, ...rest } = filter
  const app = name === undefined ? undefined : { name, repository: await ownerIn(ports, name) }
  return { kind: 'artifacts', artifacts: await ports.artifacts.list({ ...rest, app }) }
}

/** One artifact by its id. */
export async function artifact(ports: CommandPorts, id: string): Promise<Outcome> {
  const found = await ports.artifacts.find(id)
  return found
    ? { kind: 'artifact', artifact: found }
    : refuse('not_found', `There is no artifact ${id}`)
}

/** The repository that an app belongs to, or `null` before anything says so. */
export async function ownerIn(ports: CommandPorts, app: string): Promise<string | null> {
  const manifests = await ports.sources.manifests(await ports.gitops.lastTip())
  return ownerOf(app, manifests, await ports.releases.bindings([app]))
}
