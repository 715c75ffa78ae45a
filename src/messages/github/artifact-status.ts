import { type CommitStatus, cut } from './shipment.ts'
import type { PullView } from './sticky.ts'

const context = 'gimlet/artifact'

/**
 * The status of a pull request's head that says whether CI has posted its artifact; nothing where
 * nobody waits for one. `isSaid`: the commit has this status already.
 */
export function artifactStatus(
  { artifactId, waiting }: Pick<PullView, 'artifactId' | 'waiting'>,
  isSaid: boolean,
): CommitStatus | null {
  if (artifactId !== null)
    return { context, state: 'success', description: cut(`Artifact ${artifactId} received`) }
  if (waiting.length > 0)
    return { context, state: 'pending', description: 'A release waits for CI’s artifact' }
  if (!isSaid) return null
  return { context, state: 'error', description: 'CI posted no artifact while a release waited' }
}
