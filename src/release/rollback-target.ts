import type { Release } from '../domain/release.ts'

/**
 * The release before the one that runs, of a history that is newest first. After a rollback the one
 * that was gone back to counts as running, so that a second rollback goes further back.
 */
export function releaseBefore(history: readonly Release[]): Release | undefined {
  return history
    .slice(effectiveIndex(history) + 1)
    .find(({ rolledBack, rollbackTo }) => !rolledBack && rollbackTo === undefined)
}

/** Where the release stands whose files run now: behind every rollback that led to it. */
function effectiveIndex(history: readonly Release[]): number {
  let at = 0
  for (;;) {
    const to = history[at]?.rollbackTo
    const next = history.findIndex(({ gitopsRef }, index) => index > at && gitopsRef === to)
    if (to === undefined || next === -1) return at
    at = next
  }
}
