import { fitsLiteral, quoted } from '../write-scalar.ts'
import type { Leaf, Tree } from './tree.ts'

const step = 2

/** A tree as block lines, of which the first has no indentation and each ends with `\n`. */
export function printBlock(tree: Tree, column: number): string {
  const margin = ' '.repeat(column)
  if (tree.kind === 'mapping' && tree.entries.size > 0)
    return [...tree.entries]
      .map(([key, entry]) => `${printKey(key)}:${printAfterKey(entry, column)}`)
      .join(margin)
  if (tree.kind === 'sequence' && tree.items.length > 0)
    return tree.items.map((item) => `-${printAfterDash(item, column)}`).join(margin)
  return `${printInline(tree) ?? printText(tree, column)}\n`
}

/** What follows `key:` when the key stands at that column. */
export const printAfterKey = (tree: Tree, column: number): string =>
  isNested(tree)
    ? `\n${' '.repeat(column + step)}${printBlock(tree, column + step)}`
    : ` ${printBlock(tree, column)}`

/** What follows `-` when the dash stands at that column. */
export const printAfterDash = (tree: Tree, column: number): string =>
  ` ${printBlock(tree, isNested(tree) ? column + step : column)}`

/** A tree that fits into one line beside other things: a short scalar, `{}` or `[]`. */
export function printInline(tree: Tree): string | null {
  if (isNested(tree)) return null
  if (tree.kind !== 'leaf') return tree.kind === 'mapping' ? '{}' : '[]'
  if (tree.written !== null) return tree.written
  return typeof tree.value === 'string' && literalLines(tree.value) ? null : writtenAnew(tree.value)
}

/** A tree in one line, in braces and brackets. */
export function printFlow(tree: Tree): string {
  if (tree.kind === 'sequence') return `[${tree.items.map(printFlow).join(', ')}]`
  if (tree.kind === 'leaf') return flowLeaf(tree)
  const entries = [...tree.entries].map(([key, entry]) => `${printKey(key)}: ${printFlow(entry)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** A word of letters that no YAML reads as anything but text, 1.1 included. */
const plainText = /^[A-Za-z_/][\w./@-]*(?::[\w./@-]+)*$/
const notText = /^(?:y|n|yes|no|on|off|true|false|null)$/i

/** Text as it is safe to stand in YAML 1.1 and 1.2: in double quotes, where it could be read as something else. */
export const writtenText = (text: string): string =>
  plainText.test(text) && !notText.test(text) ? text : quoted(text)

/** True for text without quotes that YAML 1.1 reads as text, too: it begins like no number and is no word of its. */
export const isTextAnywhere = (plain: string): boolean =>
  !notText.test(plain) && !/^(?:[-+]?[.\d]|[~=]|<<)/.test(plain)

const printKey = writtenText

const isNested = (tree: Tree): boolean =>
  (tree.kind === 'mapping' && tree.entries.size > 0) ||
  (tree.kind === 'sequence' && tree.items.length > 0)

const writtenAnew = (value: unknown): string =>
  typeof value === 'string' ? writtenText(value) : String(value)

function flowLeaf({ value, written }: Leaf): string {
  if (written === null) return writtenAnew(value)
  return typeof value === 'string' && !/^["']/.test(written) && /[,[\]{}:#]/.test(written)
    ? quoted(value)
    : written
}

/** Text of several lines, as a block literal that is indented below its key. */
function printText(tree: Tree, column: number): string {
  const value = tree.kind === 'leaf' ? String(tree.value) : ''
  const margin = ' '.repeat(column + step)
  const lines = literalLines(value) ?? []
  return [
    value.endsWith('\n') ? '|' : '|-',
    ...lines.map((line) => (line === '' ? '' : margin + line)),
  ].join('\n')
}

/** The lines of a text that can stand in a block literal as it is, or `null`. */
function literalLines(text: string): readonly string[] | null {
  const content = text.endsWith('\n') ? text.slice(0, -1) : text
  return text.includes('\n') && fitsLiteral(content) ? content.split('\n') : null
}
