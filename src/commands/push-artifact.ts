import type { Actor } from '../domain/actor.ts'
import type { NewArtifact } from '../domain/artifact.ts'
import type { CiRun } from '../domain/ci-run.ts'
import { isRefusal, refuse } from '../domain/fault.ts'
import { canonicalJson } from '../domain/json.ts'
import type { Outcome } from '../domain/outcome.ts'
import { ownManifestProblem } from '../release/targets.ts'
import { artifactOfRun, artifactOfToken } from './of-run.ts'
import type { ArtifactPorts } from './ports.ts'

/** Stores an artifact and asks the triggers about it. The same content again is the same artifact. */
export async function pushArtifact(
  ports: ArtifactPorts,
  { run, ...actor }: Actor,
  { artifact: given }: { artifact: NewArtifact },
): Promise<Outcome> {
  const nowMs = ports.clock.nowMs()
  const posted = run ? artifactOfRun(given, run) : artifactOfToken(given)
  if (isRefusal(posted)) return posted
  const problem = manifestProblem(posted)
  if (problem) return problem
  if (run && !(await isFirstUse(ports, run, posted))) return usedAlready
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

/** One use each. The same content again is the same use: its answer may have been lost. */
const isFirstUse = ({ tokens, clock }: ArtifactPorts, { token }: CiRun, posted: NewArtifact) =>
  tokens.spend(
    { token: token.id, untilUnix: token.untilUnix, usedFor: canonicalJson(posted) },
    Math.floor(clock.nowMs() / 1000),
  )

const usedAlready = refuse(
  'unauthenticated',
  'The token was used for another artifact already; ask your CI for a new one for each',
)

/** Most artifacts bring no manifests: for those nothing is put together. */
function manifestProblem(posted: NewArtifact) {
  if (posted.environments.length === 0) return null
  const { id, version } = posted
  const known = { ...version, created: version.created ?? 0 }
  return ownManifestProblem({ ...posted, id: id ?? '', created: 0, version: known })
}
