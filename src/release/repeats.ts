import type { Files } from '../domain/change.ts'
import type { Sha } from '../domain/names.ts'
import { releaseFile } from './layout.ts'
import type { RunPorts } from './ports.ts'
import type { Ready } from './propose.ts'

/**
 * True when a release would write nothing but its own record anew: its artifact runs there already, and
 * the folder holds its files byte for byte. No push proves that the tip is still the branch's, so the
 * host is asked.
 */
export async function changesNothing(
  { folders }: Pick<RunPorts, 'folders'>,
  { proposal, commit: { change } }: Ready,
  tip: Sha,
): Promise<boolean> {
  if (!proposal.isRepeat || change.kind !== 'replace') return false
  const now = await folders.now(change.folder)
  return now.tip === tip && isSame(change.files, now.files)
}

function isSame(planned: Files, there: Files): boolean {
  if (planned.size !== there.size) return false
  return [...planned].every(([name, text]) => name === releaseFile || there.get(name) === text)
}
