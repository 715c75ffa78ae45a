import { Fault } from '../domain/fault.ts'
import type { Halt } from '../domain/halt.ts'

/** Thrown while the branch no longer holds what was seen of it. */
export class Halted extends Fault {
  constructor({ seenTip, foundTip, sinceUnix }: Halt) {
    const since = new Date(sinceUnix * 1000).toISOString()
    super(
      'gitops_rewound',
      `checking the GitOps branch: it was rewritten and no longer holds ${seenTip}, it is at ${foundTip} (noticed ${since}). Nothing is written until it is put back, or an admin has looked: gimlet doctor`,
    )
  }
}
