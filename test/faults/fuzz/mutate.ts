import { type Dice, oneOf } from './dice.ts'
import { type Hand, mutatedText } from './mutate-text.ts'

/** What an input of a door is: JSON of any shape, one text, or several texts by their names. */
export type Form = 'json' | 'text' | 'texts'

type Branch = Readonly<Record<string, unknown>> | readonly unknown[]

/** What stands where something else is expected. */
const odd: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324],
  ...['', ' ', 'x', '0', '-1', '/', '..', '../../etc', '.git', '--force', '__proto__', '\u0000'],
  ...['\ud800', '<!channel>', '{{ .SHA }}', '0'.repeat(40), 'refs/heads/main', 'true', 'null'],
  ...['2026-02-30T25:00:00Z', '1e999', [], [null], [[]], {}, { id: 1 }, ['x', 1, {}]],
]
/** Names that an object of JavaScript may already have. */
const hostile = ['__proto__', 'constructor', 'prototype', 'toString', 'then', 'toJSON', '<<', '']
/** What a prototype would lend to every object, if one of them were reached. */
const lent = { polluted: true, isAdmin: true, kind: 'refusal', length: 1 }
/** Below and above what parsers take, and far below what exhausts a stack of our own. */
const depths = [3, 33, 66, 101, 1_500]
const longest = [20, 300, 1_001, 20_000]

/** An input with one to four things changed. */
export function mutated(input: unknown, form: Form, hand: Hand): unknown {
  const { next } = hand
  let changed = input
  for (let more = next(3) === 0 ? 1 + next(4) : 1; more > 0; more--)
    changed = changedOnce(changed, form, hand)
  return changed
}

function changedOnce(input: unknown, form: Form, hand: Hand): unknown {
  if (form === 'json') return changedInside(input, hand)
  if (form === 'text') return mutatedText(String(input), hand)
  const texts = input as Readonly<Record<string, string>>
  const name = oneOf(hand.next, Object.keys(texts))
  const other = () => (hand.other() as Readonly<Record<string, string>>)[name]
  return { ...texts, [name]: mutatedText(texts[name] ?? '', { ...hand, other }) }
}

const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null

/** Goes down a way by chance, and changes what is there. */
function changedInside(value: unknown, hand: Hand): unknown {
  const { next } = hand
  if (!isBranch(value)) return otherValue(value, hand)
  const keys = Object.keys(value)
  if (keys.length === 0 || next(9) === 0) return otherValue(value, hand)
  const key = oneOf(next, keys)
  if (next(3) > 0) return withEntry(value, key, changedInside(at(value, key), hand))
  return otherEntries(value, key, hand)
}

const at = (value: Branch, key: string): unknown => (value as Record<string, unknown>)[key]

/** A copy with one entry, whatever it is called: a literal key defines `__proto__`, and sets nothing. */
const withEntry = (value: Branch, key: string, entry: unknown): Branch =>
  Array.isArray(value) ? value.with(Number(key), entry) : { ...value, [key]: entry }

/** A list or an object with an entry gone, doubled, renamed, moved or added. */
function otherEntries(value: Branch, key: string, hand: Hand): unknown {
  const { next } = hand
  if (Array.isArray(value)) return otherItems(value, Number(key), hand)
  const { [key]: entry, ...rest } = value as Readonly<Record<string, unknown>>
  const name = oneOf(next, Object.keys(value))
  const ways: readonly (() => unknown)[] = [
    () => rest,
    () => rest,
    () => ({ ...rest, [renamed(key, hand)]: entry }),
    () => ({ ...value, [renamed(key, hand)]: entry }),
    () => ({ ...value, [key]: at(value, name), [name]: entry }),
    () => ({ ...value, [oneOf(next, hostile)]: next(2) === 0 ? lent : oneOf(next, odd) }),
    () => ({ [key]: entry, ...rest }),
  ]
  return oneOf(next, ways)()
}

function otherItems(list: readonly unknown[], place: number, hand: Hand): unknown {
  const { next } = hand
  const item = list[place]
  const ways: readonly (() => unknown)[] = [
    () => list.toSpliced(place, 1),
    () => [...list, item],
    () => list.toReversed(),
    () => [...list, oneOf(next, odd)],
    () => Object.fromEntries(list.entries()),
    () => (next(10) === 0 ? Array(oneOf(next, longest)).fill(item) : [item, ...list]),
  ]
  return oneOf(next, ways)()
}

function renamed(key: string, { next, words }: Hand): string {
  const names = [`${key}x`, key.toUpperCase(), key.slice(1), ` ${key}`, oneOf(next, hostile)]
  return oneOf(next, words.length > 0 ? [...names, oneOf(next, words)] : names)
}

/** Another value in the place of one. */
function otherValue(value: unknown, hand: Hand): unknown {
  const { next } = hand
  if (typeof value === 'string' && next(2) === 0) return mutatedText(value, hand)
  if (typeof value === 'number' && next(2) === 0) return otherNumber(value, next)
  const ways: readonly (() => unknown)[] = [
    () => oneOf(next, odd),
    () => oneOf(next, odd),
    () => (hand.words.length > 0 ? oneOf(next, hand.words) : ''),
    () => [value],
    () => ({ value }),
    () => (typeof value === 'object' ? JSON.stringify(value) : String(value)),
    () => found(hand.other(), next),
    () => (next(4) === 0 ? nested(value, oneOf(next, depths)) : value),
    () => (next(8) === 0 ? 'x'.repeat(oneOf(next, longest)) : { ...lent }),
  ]
  return oneOf(next, ways)()
}

const otherNumber = (value: number, next: Dice): number =>
  oneOf(next, [value + 1, value - 1, 0 - value, 0, value * 1e6, value + 0.5, 2 ** 53 + 2, 1e308])

function nested(value: unknown, depth: number): unknown {
  let whole = value
  for (let level = 0; level < depth; level++) whole = level % 2 === 0 ? [whole] : { a: whole }
  return whole
}

/** Something of another input, from anywhere in it. */
function found(value: unknown, next: Dice): unknown {
  if (!isBranch(value) || next(4) === 0) return value
  const keys = Object.keys(value)
  return keys.length === 0 ? value : found(at(value, oneOf(next, keys)), next)
}
