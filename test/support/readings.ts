import { rename } from 'node:fs/promises'
import type { HistoryPort } from '../../src/domain/history.ts'
import { GithubHistory } from '../../src/gitops/github-history.ts'
import { proposedOnGithub } from '../../src/gitops/github-pulls.ts'
import { githubSources, readGithubFolder } from '../../src/gitops/github-sources.ts'
import { History } from '../../src/gitops/history.ts'
import type { Proposed, PullHead } from '../../src/gitops/proposed.ts'
import { proposedSources } from '../../src/gitops/pulls.ts'
import type { ReadSources } from '../../src/gitops/source-paths.ts'
import { branchSources, readFolder } from '../../src/gitops/sources.ts'
import { readerPlace } from './github-reader.ts'
import { type TempGitops, ways } from './temp.ts'

/** A GitOps repository as it is read one way. */
export type Reading = {
  readonly sources: (folder: string) => ReadSources
  readonly files: ReturnType<typeof readFolder>
  readonly proposed: (folder: string) => (pull: PullHead) => Promise<Proposed>
  /** The host knows of a pull request with this head. */
  readonly pull: (number: number, headSha: string) => void
  readonly goesAway: () => Promise<unknown>
  readonly comesBack: () => Promise<unknown>
}
type Way = { readonly name: string; readonly of: (gitops: TempGitops) => Promise<Reading> }

/** Every way to read a GitOps repository: one suite is run on each. */
export const readings: readonly Way[] = [
  { name: 'a clone', of: byClone },
  { name: 'GitHub’s API', of: byApi },
]

async function byClone({ git, remote }: TempGitops): Promise<Reading> {
  return {
    sources: (folder) => branchSources(git, folder),
    files: readFolder(git),
    proposed: (folder) => proposedSources(git, folder),
    pull: () => undefined,
    goesAway: () => rename(remote, `${remote}.away`),
    comesBack: () => rename(`${remote}.away`, remote),
  }
}

async function byApi({ remote }: TempGitops): Promise<Reading> {
  const { github, repository, reader } = await readerPlace(remote)
  const own = reader()
  return {
    sources: (folder) => githubSources(own, folder),
    files: readGithubFolder(own),
    proposed: (folder) => proposedOnGithub(own, folder),
    pull: (number, headSha) => void github.pull({ repository, number, headSha }),
    goesAway: async () => github.down(),
    comesBack: async () => github.up(),
  }
}

type Cloned = Pick<TempGitops, 'git' | 'stream' | 'remote'>

/** The history of a repository, in the way of this run. */
export async function historyOf(gitops: Cloned): Promise<HistoryPort> {
  return ways.readsByApi ? historyByApi(gitops) : new History(gitops.git, gitops.stream)
}

export const historyByApi = async ({ remote }: Cloned): Promise<HistoryPort> =>
  new GithubHistory((await readerPlace(remote)).reader())
