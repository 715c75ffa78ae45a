import type { RepositoryConfig } from './config.ts'
import type { PushEnd } from './domain/batch.ts'
import type { HaltTold } from './domain/halt.ts'
import type { HistoryPort } from './domain/history.ts'
import { History } from './gitops/history.ts'
import { LocalWriter } from './gitops/local.ts'
import type { Proposed } from './gitops/proposed.ts'
import { proposedSources } from './gitops/pulls.ts'
import type { ReadSources } from './gitops/source-paths.ts'
import { branchSources, readFolder } from './gitops/sources.ts'
import type { GitopsWriter, SeenBranch } from './gitops/writer.ts'
import type { Gitops } from './gitops-parts.ts'

/** The ways into a GitOps repository, whether by a clone or by GitHub's API. */
export type GitopsAccess = {
  readonly config: RepositoryConfig
  /** The repository's address as people may see it. */
  readonly url: string
  /** Called once: a process has one writer a branch. `pushEnded` is told how each way to the host ended. */
  readonly writer: (pushEnded: (push: PushEnd) => void) => GitopsWriter
  readonly history: HistoryPort
  /** Reads the files of a folder as a commit has it, those whose name fits; paths are the repository's. */
  readonly files: ReturnType<typeof readFolder>
  /** Reads policies or manifests that lie in a folder of the branch. */
  readonly sources: (folder: string) => ReadSources
  /** Reads such a folder as a pull request would have it. */
  readonly proposed: (folder: string) => ProposedReader
  readonly memory: Memory | undefined
}

type ProposedReader = (pull: { number: number; headSha: string }) => Promise<Proposed>

/** What was seen of the branch, and how what changes in it is told. */
export type Memory = Pick<SeenBranch, 'tip' | 'halt'> & {
  tell(told: HaltTold): void
  /** Ends when what is known is kept. */
  kept(): Promise<void>
}

/** The ways by the clone in the data folder. */
export function byClone({ config, url, git, stream, direct }: Gitops): GitopsAccess {
  const { branch, root, environments } = config
  return {
    ...{ config, url },
    writer: (pushEnded) => new LocalWriter(git, { url, branch, root, pushEnded }, direct),
    history: new History(git, stream, { environments, root }),
    files: readFolder(git),
    sources: (folder) => branchSources(git, folder),
    proposed: (folder) => proposedSources(git, folder),
    memory: git.memory,
  }
}
