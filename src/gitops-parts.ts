import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { createRepository, openClone } from './gitops/clone.ts'
import { type DirectPush, directPushFrom } from './gitops/direct-push.ts'
import type { Clone } from './gitops/forward.ts'
import { type GitStream, streamIn } from './gitops/git.ts'
import type { LocalWriter } from './gitops/local.ts'

/** The clone of the GitOps repository, and that repository's address. */
export type Gitops = {
  readonly git: Clone
  readonly stream: GitStream
  /** The way to push without `git push`; none where only that knows how. */
  readonly direct: DirectPush | undefined
  readonly url: string
}

/** Opens the clone in the data folder; a repository that nobody named is made there, too. */
export async function openGitops(
  gitops: Config['gitops'],
  { dataDir, environment }: { dataDir: string; environment: Readonly<NodeJS.ProcessEnv> },
): Promise<Gitops> {
  const url = gitops.url ?? join(dataDir, 'gitops.git')
  if (gitops.url === null) await createRepository(url, gitops.branch, environment)
  const clone = join(dataDir, 'clone.git')
  const remote = { ...gitops, url, isOurs: gitops.url === null }
  const git = await openClone(clone, remote, environment)
  const direct = directPushFrom(remote, { folder: clone, environment, ssh: git.ssh })
  return { git, stream: streamIn(clone, environment), direct, url }
}

/** Logs a halt of writing and its end once, and answers how to tell of one that stands. */
export function tellHalt({ memory }: Clone, log: Logger): () => string | null {
  memory?.tell(({ halt, by }) => {
    if (halt) log.error(halt, 'writing is halted: the GitOps branch was rewritten')
    else log.warn({ by, tip: memory.tip }, 'writing goes on')
  })
  return () =>
    memory?.halt ? 'Writing is halted: the GitOps branch was rewritten. See: gimlet doctor' : null
}

/**
 * The writer, as decisions see it. Policies and manifests that lie on the branch are read on the tip
 * that the remote has now: what was pushed a moment ago counts, for a no as well as for a yes.
 */
export function branchFor(writer: LocalWriter, { policies, manifests }: Config) {
  const isOnBranch = [policies, manifests].some(({ kind }) => kind === 'branch')
  return {
    url: writer.url,
    state: writer.state.bind(writer),
    resume: writer.resume.bind(writer),
    tip: () => (isOnBranch ? writer.refresh() : writer.tip()),
    lastTip: () => writer.lastTip(),
    commit: writer.commit.bind(writer),
    landed: writer.landed.bind(writer),
    preview: writer.preview.bind(writer),
    changes: writer.changes.bind(writer),
    within: writer.within.bind(writer),
  }
}
