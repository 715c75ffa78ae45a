import { builtBranch, type NewArtifact } from '../domain/artifact.ts'
import type { CiRun } from '../domain/ci-run.ts'
import { type Refusal, refuse } from '../domain/fault.ts'

/**
 * An artifact as its run proves it, or what it says otherwise: the repository, the commit and what was
 * built have to be the token's. A pull request's token names the commit that would merge it, so the
 * artifact of one may name another: as event `pr` no trigger takes it for a push.
 */
export function artifactOfRun(posted: NewArtifact, run: CiRun): NewArtifact | Refusal {
  const problem = problemOf(posted.version, run)
  if (problem !== null) return refuse('forbidden', `artifact.version.${problem}`)
  return { ...posted, version: { ...posted.version, repositoryId: run.repositoryId } }
}

/** An artifact that nothing proves: the number of its repository could be anyone’s. */
export function artifactOfToken(posted: NewArtifact): NewArtifact {
  const { repositoryId: _, ...version } = posted.version
  return { ...posted, version }
}

type Posted = NewArtifact['version']

function problemOf(version: Posted, run: CiRun): string | null {
  const { repository, repositoryId, sha, built } = run
  const { repositoryId: said = repositoryId } = version
  return (
    differs('repositoryName', version.repositoryName, [repository]) ??
    (said === repositoryId ? null : other('repositoryId', String(repositoryId))) ??
    differs('event', version.event, [built.event]) ??
    (built.event === 'pr' ? null : differs('sha', version.sha, [sha])) ??
    refProblem(version, built)
  )
}

function refProblem(version: Posted, built: CiRun['built']): string | null {
  const { branch, tag, sourceBranch, targetBranch } = version
  switch (built.event) {
    case 'push':
      return (
        differs('branch', branch, [built.branch]) ??
        differs('tag', tag, ['']) ??
        differs('sourceBranch', sourceBranch, ['', built.branch]) ??
        differs('targetBranch', targetBranch, [''])
      )
    case 'tag':
      // A tag is on no branch that its token could prove: one that says so would pass for a push.
      return (
        differs('tag', tag, [built.tag]) ??
        differs('branch', branch, ['']) ??
        differs('sourceBranch', sourceBranch, ['']) ??
        differs('targetBranch', targetBranch, [''])
      )
    case 'pr': {
      const target = built.target ?? targetBranch
      return (
        differs('branch', branch, [built.branch, target]) ??
        differs('sourceBranch', sourceBranch, ['', built.branch]) ??
        differs('targetBranch', targetBranch, ['', target]) ??
        (builtBranch(version) === built.branch ? null : other('sourceBranch', built.branch)) ??
        differs('tag', tag, [''])
      )
    }
  }
}

function differs(field: string, said: string, right: readonly string[]): string | null {
  return right.includes(said) ? null : other(field, right.at(-1) ?? '')
}

const other = (field: string, right: string): string =>
  right === ''
    ? `${field}: the token does not say it; leave it out`
    : `${field}: the token says ${JSON.stringify(right)}; post what the run has built`
