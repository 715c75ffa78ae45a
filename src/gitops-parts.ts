import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config, RepositoryConfig } from './config.ts'
import type { Halt, HaltChange } from './domain/halt.ts'
import { createRepository, openClone, type Remote } from './gitops/clone.ts'
import { type DirectPush, directPushFrom } from './gitops/direct-push.ts'
import type { Clone } from './gitops/forward.ts'
import { type GitStream, streamIn } from './gitops/git.ts'

/** The clone of a GitOps repository, and that repository's address. */
export type Gitops = {
  readonly config: RepositoryConfig
  /** How the repository is told apart from the others; empty for the first. */
  readonly name: string
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
  const { url, name, clone } = placeOf(config, dataDir)
  if (config.url === null) await createRepository(url, config.branch, environment)
  const remote = { ...config, ...signing, url, isOurs: config.url === null }
  const git = await openClone(clone, remote, environment)
  const direct = directPushFrom(remote, { folder: clone, environment, ssh: git.ssh })
  return { config, name, git, stream: streamIn(clone, environment), direct, url }
}

/** Where a repository is, and where its clone lies. */
export function placeOf({ url, branch, environments }: RepositoryConfig, dataDir: string) {
  // The first is named by its place: its index and its clone are of the time when there was one.
  const name = environments.isAllBut ? '' : `${url} ${branch}`
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 12)
  return {
    name,
    url: url ?? join(dataDir, 'gitops.git'),
    clone: join(dataDir, name === '' ? 'clone.git' : `clone-${mark}.git`),
  }
}

/** Logs and tells a halt of writing and its end once, and answers how to tell of those that stand. */
export function tellHalts(
  all: readonly Gitops[],
  { log, told }: { log: Logger; told: (change: HaltChange) => void },
): () => string | null {
  for (const { git, url, config } of all) {
    const { branch, environments } = config
    let last: Halt | null = null
    git.memory?.tell(({ halt, by }) => {
      if (halt) log.error({ url, ...halt }, 'writing is halted: the GitOps branch was rewritten')
      else log.warn({ url, by, tip: git.memory?.tip }, 'writing goes on')
      const known = halt ?? last
      if (known) told({ url, branch, environments, halt: known, isOver: halt === null, by })
      last = halt
    })
  }
  return () => {
    const halted = all.filter(({ git }) => git.memory?.halt)
    if (halted.length === 0) return null
    const which = all.length === 1 ? '' : ` of ${halted.map(({ url }) => url).join(', ')}`
    return `Writing is halted: the GitOps branch${which} was rewritten. See: gimlet doctor`
  }
}
