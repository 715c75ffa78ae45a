import { join } from 'node:path'
import { openClone } from '../../src/gitops/clone.ts'
import type { Clone } from '../../src/gitops/forward.ts'
import type { GitopsWriter } from '../../src/gitops/writer.ts'
import { newWriter, tempGitops, ways } from './temp.ts'
import { gitHostOf, hubOf } from './writer-host.ts'

export type WriterPlace = Awaited<ReturnType<typeof writerPlace>>

/** A GitOps repository with a writer that goes the way of this run, and what may go wrong at its host. */
export async function writerPlace() {
  const gitops = await tempGitops()
  const { folder, remote, git, cloneFolder } = gitops
  const hub = ways.github === null ? undefined : await hubOf(remote)
  if (hub) hub.github.knowsUpdateRefs = ways.github === 'swap'
  const writerOn = (clone: Clone, place: string, root: string | null = null): GitopsWriter =>
    hub && clone.memory
      ? hub.writer(clone.memory, { root })
      : newWriter(clone, { url: remote, root }, place)
  return {
    ...gitops,
    writer: writerOn(git, cloneFolder),
    /** The writer of a server that starts again on what was seen. */
    restarted: () => writerOn(git, cloneFolder),
    /** The writer of a repository that is of one environment. */
    rooted: (root: string) => writerOn(git, cloneFolder, root),
    /** The writer of another server. */
    async another() {
      const place = join(folder, 'another.git')
      return writerOn(await openClone(place, { url: remote, branch: 'main' }, process.env), place)
    },
    host: hub?.host ?? gitHostOf(remote),
  }
}
