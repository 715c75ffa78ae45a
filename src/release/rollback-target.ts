import type { Release } from '../domain/release.ts'

/**
 * The release before the one that runs, of a history that is newest first. After a rollback the one
 * that was gone back to counts as running, so that a second rollback goes further back.
 */
export function releaseBefore(history: readonly Release[]): Release | undefined {
  const [current] = history
  const effective = current?.rollbackTo
    ? history.findIndex(
        ({ gitopsRef, rollbackTo }) => gitopsRef === current.rollbackTo && !rollbackTo,
      )
    : 0
  return history
    .slice(Math.max(effective, 0) + 1)
    .find(({ rolledBack, rollbackTo }) => !rolledBack && rollbackTo === undefined)
}
