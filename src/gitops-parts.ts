import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config, RepositoryConfig } from './config.ts'
import { createRepository, openClone, type Remote } from './gitops/clone.ts'
import { type DirectPush, directPushFrom } from './gitops/direct-push.ts'
import type { Clone } from './gitops/forward.ts'
import { type GitStream, streamIn } from './gitops/git.ts'

/** The clone of a GitOps repository, and that repository's address. */
export type Gitops = {
  readonly config: RepositoryConfig
  readonly git: Clone
  readonly stream: GitStream
  /** The way to push without `git push`; none where only that knows how. */
  readonly direct: DirectPush | undefined
  readonly url: string
}

type Given = { readonly dataDir: string; readonly environment: Readonly<NodeJS.ProcessEnv> }

/** Opens a clone in the data folder for every repository, the first one first. */
export function openAllGitops({ gitops }: Config, given: Given): Promise<Gitops[]> {
  const { repositories, signingKeyFile, author } = gitops
  const shared = { ...given, signing: { signingKeyFile, author } }
  return Promise.all(repositories.map((config) => openGitops(config, shared)))
}

/** Opens the clone in the data folder; a repository that nobody named is made there, too. */
async function openGitops(
  config: RepositoryConfig,
  { dataDir, environment, signing }: Given & { signing: Pick<Remote, 'signingKeyFile' | 'author'> },
): Promise<Gitops> {
  const { url, clone } = placeOf(config, dataDir)
  if (config.url === null) await createRepository(url, config.branch, environment)
  const remote = { ...config, ...signing, url, isOurs: config.url === null }
  const git = await openClone(clone, remote, environment)
  const direct = directPushFrom(remote, { folder: clone, environment, ssh: git.ssh })
  return { config, git, stream: streamIn(clone, environment), direct, url }
}

/** Where a repository is, and where its clone lies. */
export function placeOf({ url, name }: RepositoryConfig, dataDir: string) {
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 12)
  return {
    url: url ?? join(dataDir, 'gitops.git'),
    clone: join(dataDir, name === '' ? 'clone.git' : `clone-${mark}.git`),
  }
}
