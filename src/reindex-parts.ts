import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from './config.ts'
import type { Sha } from './domain/names.ts'
import { openClone } from './gitops/clone.ts'
import { type Git, GitFailure, gitIn, streamIn } from './gitops/git.ts'
import { reindexPorts } from './index-parts.ts'
import { type Reindexed, reindex } from './release/reindex.ts'
import { openDatabase } from './store/client.ts'
import { migrate } from './store/migrate.ts'

export type { Reindexed }

/** The branch as it is read here: the server's own notes of what it saw are not touched. */
const tipRef = 'refs/gimlet/reindex'

/**
 * Makes the index anew on the server's machine, beside a server that may run: the repository is read in
 * the server's clone, and the database takes the new index in one transaction.
 */
export async function reindexWith(
  config: Config,
  environment: Readonly<NodeJS.ProcessEnv>,
  told: (commits: number, of: number) => void,
): Promise<Reindexed | { readonly problems: readonly string[] }> {
  const dataDir = resolve(config.dataDir)
  if (config.database.url === null && !existsSync(join(dataDir, 'gimlet.db')))
    return problem(
      `There is no gimlet.db in ${dataDir}: run this in the server’s folder, with its settings`,
    )
  const repository = config.gitops.url ?? join(dataDir, 'gitops.git')
  const clone = join(dataDir, 'clone.git')
  // A server may use the clone: only one that is not there is made.
  const git = existsSync(join(clone, 'HEAD'))
    ? gitIn(clone, environment)
    : await openClone(clone, { ...config.gitops, url: repository }, environment)
  const tip = await fetchTip(git, config.gitops.branch)
  if (typeof tip !== 'string') return tip
  const database = await openDatabase(
    config.database.url ?? `file:${join(dataDir, 'gimlet.db')}`,
    config.database.token,
  )
  try {
    await migrate(database)
    const stream = streamIn(clone, environment)
    const clock = { nowMs: () => Date.now() }
    return await reindex(reindexPorts({ database, git, stream, repository, clock }), tip, told)
  } finally {
    database.close()
    await git(['update-ref', '-d', tipRef])
  }
}

const problem = (message: string) => ({ problems: [message] })

async function fetchTip(git: Git, branch: string): Promise<Sha | { problems: readonly string[] }> {
  try {
    // A git that tells how far it is is not taken for one that hangs.
    const plain = ['--progress', '--no-tags', '--no-write-fetch-head', '--refmap=']
    await git(['fetch', ...plain, 'origin', `+refs/heads/${branch}:${tipRef}`])
    return (await git(['rev-parse', '--verify', `${tipRef}^{commit}`])).trim()
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    return problem(
      `The branch ${branch} of the GitOps repository could not be fetched; correct GITOPS_REPO, GITOPS_BRANCH or what lets the server in, start the server once, and try again`,
    )
  }
}
