import type { Invocation } from './invocation.ts'

/** What was typed, by the name of the position or flag; a flag without a value is `true`. */
export type Values = Readonly<Record<string, string | undefined>>

/** One verb of the grammar: its parser, its help and its documentation come from this row. */
export type Verb = {
  readonly name: string
  readonly usage: string
  readonly summary: string
  /** What is taken by position, in order; those behind the first `required` may be left out. */
  readonly positions: readonly string[]
  readonly required: number
  /** Flags that take a value; a position may be given as a flag, too. */
  readonly flags: readonly string[]
  /** The position that takes all words that are left, as one text. */
  readonly text?: string
  /** Flags that take none. */
  readonly switches: readonly string[]
  readonly example: string
  readonly build: (values: Values) => Invocation
}

/** What is understood at one place: the verbs, and other spellings of their names. */
export type Table = {
  readonly verbs: readonly Verb[]
  readonly otherNames: ReadonlyMap<string, string>
}

/** What a verb takes that says nothing else. */
export const none = { positions: [], required: 0, flags: [], switches: [] } as const
