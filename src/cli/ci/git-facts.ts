import type { Known } from './build.ts'
import { commitPage, repositoryAt } from './remote.ts'

/** Runs git here and answers what it printed; nothing when it has no answer. */
export type Git = (args: readonly string[]) => string | undefined

const commitFormat = '--format=%H%x00%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%B'

type Asked = {
  /** A commit id, `HEAD`, or empty: then there is no commit to ask about. */
  readonly sha: string
  readonly isBranchAsked: boolean
}

/** What git knows of the commit, and of the repository that it stands in. */
export function gitFacts(git: Git, { sha, isBranchAsked }: Asked): Known {
  const remote = git(['remote', 'get-url', 'origin'])?.trim()
  const commit = sha === '' ? {} : commitIn(git, sha)
  return {
    ...commit,
    repository: repositoryAt(remote),
    branch: isBranchAsked ? git(['symbolic-ref', '--short', '-q', 'HEAD']) : '',
    url: commitPage(remote, commit.sha ?? sha),
  }
}

function commitIn(git: Git, sha: string): Known {
  const text = git(['log', '-1', '--no-show-signature', commitFormat, sha, '--'])
  const [id, authorName, authorEmail, committerName, committerEmail, created, message] =
    text?.split('\0') ?? []
  if (id === undefined) return {}
  return { sha: id, authorName, authorEmail, committerName, committerEmail, created, message }
}
