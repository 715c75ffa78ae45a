import type { Facts, FactType, FactValue } from '../domain/facts.ts'

export type DeclaredFact = { readonly path: string; readonly type: FactType }
export type Found =
  | { readonly kind: 'value'; readonly value: FactValue }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong'; readonly problem: string }

/** Facts are never lists of numbers, but a rule may write one. */
export type ValueType = FactType | 'numbers' | 'booleans'

/** What a type is called in a sentence. */
export const typeNames: Readonly<Record<ValueType, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  strings: 'a list of texts',
  numbers: 'a list of numbers',
  booleans: 'a list of true and false',
}

/** Reads a declared fact: what the facts inherit is not there, and another type is no value. */
export function lookUp(fact: DeclaredFact, facts: Facts): Found {
  let value: unknown = facts
  for (const name of namesIn(fact.path)) {
    if (!isTree(value) || !Object.hasOwn(value, name)) return { kind: 'missing' }
    value = value[name]
  }
  if (value === undefined) return { kind: 'missing' }
  return isOfType(value, fact.type)
    ? { kind: 'value', value }
    : { kind: 'wrong', problem: `needs the fact ${fact.path} to be ${typeNames[fact.type]}` }
}

/** To cut a path up costs more than to follow it, and a program has few of them. */
const known = new Map<string, readonly string[]>()
const knownMax = 10_000

function namesIn(path: string): readonly string[] {
  const names = known.get(path) ?? path.split('.')
  if (known.size < knownMax) known.set(path, names)
  return names
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isOfType(value: unknown, type: FactType): value is FactValue {
  if (type === 'strings')
    return Array.isArray(value) && value.every((one) => typeof one === 'string')
  // NaN and Infinity are no numbers that a rule could mean anything by.
  return type === 'number' ? Number.isFinite(value) : typeof value === type
}

const shownCharsMax = 256
const shownItemsMax = 32

/** A fact as a trace keeps it: whole as a rule, cut when it is a long text or list. */
export function shown(value: FactValue): FactValue {
  if (typeof value === 'string') return cut(value)
  return typeof value === 'object' ? value.slice(0, shownItemsMax).map(cut) : value
}

const cut = (text: string): string =>
  text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
