import { type Dice, oneOf } from './dice.ts'

/** What a mutation draws from: numbers, words of the door, and another input of it. */
export type Hand = {
  readonly next: Dice
  readonly words: readonly string[]
  readonly other: () => unknown
}

/** Characters that parsers, terminals and file systems take for something else. */
const odd = [
  ...['\u0000', '\t', '\n', '\r', '\r\n', '\u001b[2J', '\u007f', '\u0085', '\u00a0', '\u00ad'],
  ...['\u200b', '\u2028', '\u202e', '\u2066', '\ufeff', '\ufffd', '\ud800', '\udc00', '😀', 'İ'],
  ...['"', "'", '\\', '`', '/', '..', '../', '%2e%2e%2f', '%00', '@', ':', '?', '#', '=', '&', '|'],
  ...['{', '}', '[', ']', '{{', '}}', '${', '<', '>', '- ', ': ', '*', '!', '~', '-', '--', '+'],
  ...['0', '-1', '1e999', '9007199254740993', '0x1F', 'NaN', 'null', 'true', '__proto__'],
]

/** How often something is repeated where much of it is wanted. */
const many = [20, 70, 300, 5_000]

type Change = (text: string, hand: Hand) => string

const changes: readonly Change[] = [
  (text, { next }) => spliced(text, next, ''),
  (text, { next }) => inserted(text, next, oneOf(next, odd)),
  (text, { next }) => spliced(text, next, oneOf(next, odd)),
  (text, { next, words }) => inserted(text, next, words.length > 0 ? oneOf(next, words) : ''),
  (text, { next, words }) => spliced(text, next, words.length > 0 ? oneOf(next, words) : ''),
  (text, { next }) => flipped(text, next),
  (text, { next }) => text.slice(0, next(text.length + 1)),
  (text, { next }) => text.slice(next(text.length + 1)),
  (text, { next }) => inserted(text, next, part(text, next)),
  (text, { next, other }) => joined(text, next, other()),
  (text, { next }) => linesChanged(text, next),
  (text, { next }) => linesChanged(text, next),
  (text, { next }) => numberChanged(text, next),
  (text, { next }) => (next(2) === 0 ? text.toUpperCase() : text.toLowerCase()),
]

/** A text with one thing changed: characters, words, lines, its end; rarely made much longer. */
export function mutatedText(text: string, hand: Hand): string {
  const { next } = hand
  if (next(60) === 0) return inserted(text, next, part(text, next).repeat(oneOf(next, many)))
  return oneOf(next, changes)(text, hand)
}

function inserted(text: string, next: Dice, more: string): string {
  const at = next(text.length + 1)
  return text.slice(0, at) + more + text.slice(at)
}

/** A stretch of it in another one's place. */
function spliced(text: string, next: Dice, by: string): string {
  const from = next(text.length + 1)
  const length = next(4) === 0 ? next(text.length + 1) : next(4)
  return text.slice(0, from) + by + text.slice(from + length)
}

const part = (text: string, next: Dice): string => {
  const from = next(text.length + 1)
  return text.slice(from, from + 1 + next(12))
}

function flipped(text: string, next: Dice): string {
  if (text === '') return text
  const at = next(text.length)
  const code = text.charCodeAt(at) ^ (1 << next(8))
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
}

/** The beginning of one with the end of another. */
function joined(text: string, next: Dice, other: unknown): string {
  const more = typeof other === 'string' ? other : JSON.stringify(other ?? null)
  return text.slice(0, next(text.length + 1)) + more.slice(next(more.length + 1))
}

function linesChanged(text: string, next: Dice): string {
  const lines = text.split('\n')
  const [one, two] = [next(lines.length), next(lines.length)]
  const line = lines[one] ?? ''
  const ways: readonly (() => string[])[] = [
    () => lines.toSpliced(one, 1),
    () => lines.toSpliced(two, 0, line),
    () => lines.with(one, lines[two] ?? '').with(two, line),
    () => lines.with(one, ` ${line}`),
    () => lines.with(one, line.replace(/^ /, '')),
  ]
  return oneOf(next, ways)().join('\n')
}

function numberChanged(text: string, next: Dice): string {
  const found = [...text.matchAll(/\d+/g)]
  if (found.length === 0) return text
  const { 0: digits, index } = oneOf(next, found)
  const value = oneOf(next, ['0', '-1', `${Number(digits) + 1}`, '4294967296', '1e309', '00', ''])
  return text.slice(0, index) + value + text.slice(index + digits.length)
}
