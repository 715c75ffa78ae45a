import type { Release } from '../domain/release.ts'

/** Longest name that is shown, in characters: it is anybody's text. */
const nameMax = 60

/** `changed by hand by Bob, 1a2b3c4d`; empty when what runs is what was released. */
export function driftText({ drift }: Release): string {
  const newest = drift?.commits.at(-1)
  if (!drift || !newest) return ''
  const more = drift.commits.length > 1 ? ` and ${drift.commits.length - 1} more` : ''
  return `changed by hand by ${newest.author.slice(0, nameMax)}, ${newest.ref.slice(0, 8)}${more}`
}
