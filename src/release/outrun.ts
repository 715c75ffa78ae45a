import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'

/** How often a lost race is run again. */
const racesMax = 10

export type OutrunPorts = {
  readonly clock: { nowMs(): number }
  readonly gitops: {
    refresh(): Promise<Sha>
    commit(
      tip: Sha,
      commits: readonly PlannedCommit[],
      intend: (refs: readonly Sha[]) => Promise<boolean>,
    ): Promise<CommitResult>
  }
  /** Whether a commit on this tip was meant to be pushed, and is not known to have landed. */
  readonly isIntendedOn: (tip: Sha) => Promise<boolean>
  /** False when this server leads no more. */
  readonly isHeld: () => boolean
  /** What the commit says. */
  readonly why?: string
}

/**
 * Sees to it that nothing lands any more that another server began: it may only sleep, and wake up
 * between what it intended and its push. The database refuses it from now on, and the branch does as
 * soon as its tip is another one than the push expects; so, where there may be such a push, a commit
 * that changes nothing comes first. Answers whether one was needed.
 */
export async function outrun(ports: OutrunPorts): Promise<boolean> {
  const { clock, gitops, isIntendedOn, isHeld } = ports
  const { why = 'another server writes from here on' } = ports
  for (let race = 0; race < racesMax; race++) {
    const tip = await gitops.refresh()
    if (!(await isIntendedOn(tip))) return false
    const mark = markOf(clock, why)
    const result = await gitops.commit(tip, [mark], async () => isHeld())
    if (result.kind === 'landed') return true
  }
  throw new Fault('gitops_unreachable', `taking over: ${racesMax} other commits came first`)
}

/**
 * A commit that changes nothing and moves the tip, so that no push which expects the old one can land.
 * There is no such folder: names of environments begin with a letter or a digit.
 */
export const markOf = ({ nowMs }: OutrunPorts['clock'], why: string): PlannedCommit => ({
  change: { kind: 'remove', folder: '.gimlet' },
  message: `[Gimlet] ${why}\n`,
  unix: Math.floor(nowMs() / 1000),
})
