/** What compares two values and means what JSON-Logic means by it. */
export const libraryOperators = ['==', '!=', '<', '<=', '>', '>=', 'in'] as const
/** What looks for one text in another; JSON-Logic has nothing of the kind that is safe. */
export const textOperators = ['startsWith', 'endsWith', 'contains'] as const

export type LibraryOperator = (typeof libraryOperators)[number]
export type TextOperator = (typeof textOperators)[number]
export type Comparison = LibraryOperator | TextOperator

/** What releases are asked about; each has a reader in `own-operators.ts`. */
export const ownOperators = [
  'glob',
  'semver',
  'subset',
  'within',
  'hasRole',
  'inTeam',
  'approvedBy',
] as const
/** What makes a value of another, to be compared. */
export const computedOperators = ['count', 'distinct', 'minutesSince'] as const
/** Everything that may stand where a value is wanted. */
export const operandOperators = ['var', 'image', ...computedOperators] as const

export type OwnOperator = (typeof ownOperators)[number]
export type ComputedOperator = (typeof computedOperators)[number]

export const isOwnOperator = (operator: string): operator is OwnOperator =>
  (ownOperators as readonly string[]).includes(operator)

export const isTextOperator = (operator: string): operator is TextOperator =>
  (textOperators as readonly string[]).includes(operator)

/** Every operator that a rule may use. What makes a value is no rule by itself. */
export const ruleOperators = [
  'and',
  'or',
  '!',
  ...libraryOperators,
  ...textOperators,
  ...ownOperators,
  'has',
] as const
export type RuleOperator = (typeof ruleOperators)[number]

/** What to write in place of JSON-Logic's operators that are refused: they fail open or blow up. */
const instead: ReadonlyMap<string, string> = new Map([
  ['=', 'write =='],
  ['===', 'write ==, which compares strictly here'],
  ['!==', 'write !=, which compares strictly here'],
  ['!!', 'write a comparison: nothing is true by merely being there'],
  ['if', 'write and, or and !'],
  ['?:', 'write and, or and !'],
  ['missing', 'write { "!": { "has": "…" } }'],
  ['missing_some', 'write or with several { "!": { "has": "…" } }'],
  ['some', 'write or, or in with a list'],
  ['all', 'write and with one comparison for each'],
  ['none', 'write ! with in'],
  ['substr', 'write startsWith, endsWith or contains'],
  ['match', 'write glob'],
  ['regex', 'write glob'],
])

/** The hint for an operator that does not exist here, or nothing. */
export const writeInstead = (operator: string): string | undefined => instead.get(operator)
