import type { Commit, EventRow, History, IntentRow } from './history.ts'

/** What was lived through, with what the invariants look up in it. */
export type Story = History & {
  readonly eventById: ReadonlyMap<string, EventRow>
  readonly intentByRef: ReadonlyMap<string, IntentRow>
  /** Where a commit stands on the first-parent line. */
  readonly position: ReadonlyMap<string, number>
  /** The server's commits, but for the one that a repository begins with, and marks. */
  readonly releasing: readonly Commit[]
  readonly byRelease: ReadonlyMap<string, readonly Commit[]>
}

/** What breaks an invariant, the first one first. */
export type Examples = Generator<string, undefined>

export function storyOf(history: History): Story {
  const releasing = history.commits.filter(
    (commit) => commit.isOurs && commit.parents.length > 0 && !isMark(commit),
  )
  return {
    ...history,
    eventById: new Map(history.events.map((event) => [event.id, event])),
    intentByRef: new Map(history.intents.map((intent) => [intent.ref, intent])),
    position: new Map(history.commits.map(({ ref }, at) => [ref, at])),
    releasing,
    byRelease: groupedBy(releasing, ({ releaseId }) => releaseId),
  }
}

/** A commit that only moves the tip, so that nothing which was begun before it can land. */
const isMark = ({ releaseId, paths }: Commit): boolean => releaseId === '' && paths.length === 0

export function groupedBy<T>(
  all: readonly T[],
  keyOf: (one: T) => string,
): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}

export const short = (ref: string) => ref.slice(0, 8)
export const refs = (commits: readonly Commit[]) => commits.map(({ ref }) => short(ref)).join(', ')
export const nameOf = ({ ref, releaseId }: Commit) =>
  `${short(ref)} (${releaseId || 'nobody’s release'})`
