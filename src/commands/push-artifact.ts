import type { Actor } from '../domain/actor.ts'
import type { NewArtifact } from '../domain/artifact.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { ownManifestProblem } from '../release/targets.ts'
import type { CommandPorts } from './ports.ts'

/** Stores an artifact and asks the triggers about it. The same content again is the same artifact. */
export async function pushArtifact(
  ports: CommandPorts,
  actor: Actor,
  { artifact: posted }: { artifact: NewArtifact },
): Promise<Outcome> {
  const nowMs = ports.clock.nowMs()
  const problem = manifestProblem(posted)
  if (problem) return problem
  const { kind, artifact } = await ports.artifacts.accept({
    artifact: posted,
    eventId: ports.ids.next('event'),
    actor: JSON.stringify(actor),
    nowMs,
  })
  if (kind === 'different')
    return refuse(
      'conflict',
      `Artifact ${artifact.id} is already stored with other content; give this one another id`,
    )
  if (kind === 'stored') ports.wake()
  return { kind: 'artifact-stored', artifact, isNew: kind === 'stored' }
}

/** Most artifacts bring no manifests: for those nothing is put together. */
function manifestProblem(posted: NewArtifact) {
  if (posted.environments.length === 0) return null
  const { id, version } = posted
  const known = { ...version, created: version.created ?? 0 }
  return ownManifestProblem({ ...posted, id: id ?? '', created: 0, version: known })
}
