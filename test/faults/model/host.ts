import type { GitopsAccess } from '../../../src/gitops-access.ts'
import type { Evidence } from '../../crash/history.ts'

/** The host of a GitOps repository, and what may happen there. */
export type Host = {
  /** A way in for a server that starts. */
  access(): GitopsAccess
  /** A person pushes files; `null` takes away a file, or a folder with all below it. */
  someoneCommits(files: Readonly<Record<string, string | null>>): Promise<void>
  /** A person's commit, beside all apps, comes right before the next push. */
  losesRace(): Promise<void>
  goesAway(): Promise<void>
  /** The next push lands, and nobody hears of it. */
  goesAwayAtPush(): Promise<void>
  isAway(): boolean
  comesBack(): Promise<void>
  /** The ids of the requests that have a commit on the branch. */
  pushed(): Promise<ReadonlySet<string>>
  /** What the checker of invariants has against the branch and the database. */
  judged(evidence: Pick<Evidence, 'database' | 'accepted'>): Promise<readonly string[]>
}
