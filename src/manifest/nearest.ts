/** How many names are compared, and how long they may be: it is a courtesy, not a search. */
const namesMax = 2000
const nameCharactersMax = 64

/** The three known names that look most like `name`, nearest first. */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  const wanted = name.slice(0, nameCharactersMax).toLowerCase()
  return [...known]
    .slice(0, namesMax)
    .filter((candidate) => candidate.length <= nameCharactersMax)
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein's distance: letters to add, drop or exchange. One row of the table is kept. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const letter of a) {
    const next = [(row[0] ?? 0) + 1]
    for (let at = 1; at <= b.length; at++) {
      const exchange = (row[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1)
      next.push(Math.min(exchange, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
