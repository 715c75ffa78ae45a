import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the seeds of a door lie, and every input that once broke it. */
export const corpusFolder = (door: string): string => join('test/fixtures/fuzz', door)

/** An input of the corpus: `.txt` is a text as it is, `.json` whatever it says. */
export type Kept = { readonly file: string; readonly input: unknown }

/** All inputs that are kept for a door, in the order of their names. */
export function corpusOf(door: string): readonly Kept[] {
  const folder = corpusFolder(door)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return { file, input: file.endsWith('.json') ? (JSON.parse(text) as unknown) : text }
    })
}
