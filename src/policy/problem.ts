import { nearest } from '../domain/nearest.ts'

/** What is wrong with a policy file, and where: `pointer` is a JSON pointer into the file. */
export type Problem = { readonly pointer: string; readonly message: string }

/** A place in what is being checked, with the list that its problems go on. */
export type Spot = {
  readonly pointer: string
  /** How many operators are around it. */
  readonly depth: number
  readonly problems: Problem[]
}

/** The place under some keys of another. */
export const below = (spot: Spot, ...keys: readonly (string | number)[]): Spot => ({
  ...spot,
  pointer: [spot.pointer, ...keys.map(escapeKey)].join('/'),
})

const escapeKey = (key: string | number): string =>
  String(key).replaceAll('~', '~0').replaceAll('/', '~1')

/** Puts a problem on the list, and answers the `null` that stands for what could not be read. */
export function report(spot: Spot, message: string): null {
  spot.problems.push({ pointer: spot.pointer, message })
  return null
}

const quotedCharsMax = 60

/** What the author wrote, as it may stand in a sentence: one line, and not endless. */
export function quote(value: unknown): string {
  // An object may have a field called toString: nothing of it is called.
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return JSON.stringify(text.slice(0, quotedCharsMax))
}

/** `; did you mean …?` as the end of a sentence, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
