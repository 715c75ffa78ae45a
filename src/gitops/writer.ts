import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import type { Refusal } from '../domain/fault.ts'
import type { GitopsState, Halt } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'

/**
 * What the server asks of the GitOps repository, whichever way it is written. One suite of tests,
 * test/gitops/writer.test.ts, is run on every way.
 */
export type GitopsWriter = {
  /** The repository's address as people may see it. */
  readonly url: string
  /** The most commits of one push: it bounds what one that fails holds up, or what the host allows. */
  readonly batchMax: number
  /** The newest tip of the branch that this server saw; asks the host the first time. */
  tip(): Promise<Sha>
  /** The newest tip that was seen, by this process or one before it. */
  lastTip(): Promise<Sha>
  /** Throws what the last look at the host came to, if that was trouble. */
  check(): Promise<void>
  /** Where the branch stands, as far as it was seen, and what halts writing. */
  state(): Promise<GitopsState>
  /** Goes on from a tip that a person has seen and takes for right. */
  resume(given: { tip: Sha; by: string }): Promise<Sha | Refusal>
  /**
   * Asks the host for the tip. Throws `gitops_unreachable`, `gitops_forbidden`, or `gitops_rewound` when
   * the branch no longer holds the tip that was seen before.
   */
  refresh(): Promise<Sha>
  /**
   * Commits the changes on `tip`, in order, all of them or none. `intend` is told the commit ids before
   * the branch moves, and may still say no.
   */
  commit(
    tip: Sha,
    commits: readonly PlannedCommit[],
    intend: (refs: readonly Sha[]) => Promise<boolean>,
  ): Promise<CommitResult>
  /** What a commit would change in the files that people write; the branch stays. */
  preview(tip: Sha, commit: PlannedCommit): Promise<string>
  /** What a commit changed in the files that people write; empty when it is not there. */
  changes(ref: Sha): Promise<string>
  /** Which of these commits the branch holds, by asking the host now. */
  landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>>
  /** Which of these commits another one holds; none when it is not on the branch. */
  within(commit: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>>
}

/** What was seen of the branch. It has to outlive the process, or a rewind between two starts goes unnoticed. */
export type SeenBranch = {
  readonly tip: Sha | undefined
  readonly halt: Halt | null
  /** The branch holds this tip, and what was seen before. `by` is the person who says so. */
  sees(tip: Sha, by?: string | null): void
  /** The branch no longer holds what was seen. */
  loses(lost: { seenTip: Sha; foundTip: Sha }): Halt
}
