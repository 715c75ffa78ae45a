import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = 'test/fixtures/hostile'

/** One thing that somebody may send, and what it is. */
export type Hostile = { readonly is: string; readonly input: string }

/** The files of the corpus, by the row and kind that they are named after: `A12-names`. */
export const corpus: ReadonlyMap<string, readonly Hostile[]> = new Map(
  readdirSync(folder)
    .sort()
    .map((name) => [
      name.replace('.json', ''),
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as Hostile[],
    ]),
)

export const inputsOf = (...names: readonly string[]): readonly Hostile[] =>
  names.flatMap((name) => corpus.get(name) ?? [])
