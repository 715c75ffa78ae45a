/** How long a word may be to be compared, and how many: it is a courtesy, not a search. */
const wordCharsMax = 64
const wordsMax = 2_000

/** The known word that is spelt most like the given one, if any comes close enough to be meant. */
export const nearest = (word: string, known: Iterable<string>): string | undefined =>
  nearestFew(word, known, 1)[0]

/** The known words that come close enough to be meant, nearest first, at most `most`. */
export function nearestFew(word: string, known: Iterable<string>, most: number): string[] {
  if (word.length > wordCharsMax) return []
  const editsMax = Math.max(1, Math.floor(word.length / 3))
  return (
    [...known]
      .slice(0, wordsMax)
      .filter((candidate) => candidate.length <= wordCharsMax)
      .map((candidate) => ({
        candidate,
        edits: editsBetween(word.toLowerCase(), candidate.toLowerCase()),
      }))
      // A word of which nothing is left was not meant.
      .filter(({ edits }) => edits <= editsMax && edits < word.length)
      .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
      .slice(0, most)
      .map(({ candidate }) => candidate)
  )
}

/** How many letters to add, drop, replace or swap with their neighbour, row by row of the table. */
function editsBetween(one: string, other: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let line = 0; line < one.length; line++) {
    const next = [line + 1]
    for (let at = 0; at < other.length; at++) {
      const isSame = one[line] === other[at]
      const isSwap = at > 0 && one[line] === other[at - 1] && one[line - 1] === other[at]
      next.push(
        Math.min(
          (row[at] ?? 0) + (isSame ? 0 : 1),
          (row[at + 1] ?? 0) + 1,
          (next[at] ?? 0) + 1,
          isSwap ? (before[at - 1] ?? 0) + 1 : Infinity,
        ),
      )
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
