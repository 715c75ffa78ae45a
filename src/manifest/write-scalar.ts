import type { CST, Scalar } from 'yaml'
import type { Filled } from './functions.ts'

/** What takes the place of the text between two offsets. */
export type Edit = { readonly from: number; readonly to: number; readonly text: string }

/**
 * Writes a value where a scalar stands in `source`. Text is quoted, so that neither YAML 1.1 nor 1.2
 * reads a number, a date or a boolean into it; only a block literal stays one, when that is safe.
 */
export function writeScalar(source: string, scalar: Scalar.Parsed, value: Filled): Edit {
  const [from, to] = scalar.range
  const written = typeof value === 'string' ? quoted(value) : String(value)
  const token = scalar.srcToken
  if (token?.type !== 'block-scalar') return { from, to, text: written }
  const head = source.slice(from, to - token.source.length)
  const lines = typeof value === 'string' ? literalLines(head, token, value) : null
  if (lines !== null) return { from, to, text: head + lines }
  // What follows the `|` on its line stays: a comment, and the end of the line.
  return { from, to, text: written + head.replace(/^[|>][0-9+-]*/, '') }
}

/** JSON is YAML's double-quoted style, but for the characters that only YAML takes for line ends or refuses. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The indented lines of a block literal, or `null` when the value cannot stand in one as it is. */
function literalLines(head: string, token: CST.BlockScalar, value: string): string | null {
  const style = /^\|([+-]?)(?![0-9+-])/.exec(head)
  const isStripped = style?.[1] === '-'
  const content = isStripped ? value : value.slice(0, -1)
  if (!style || !fitsLiteral(content) || (!isStripped && !value.endsWith('\n'))) return null
  const indent = /^[ ]*(?=[^\s])/m.exec(token.source)?.[0]
  if (!indent) return null
  const end = head.endsWith('\r\n') ? '\r\n' : '\n'
  const lines = content.split('\n').map((line) => (line === '' ? '' : indent + line))
  return lines.join(end) + end
}

/** True for text that a block literal gives back as it is. */
export function fitsLiteral(content: string): boolean {
  const isPlain = /^[\t\n\u0020-\u007e\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd]+$/.test(content)
  // White space at an edge would be taken for indentation, or for lines that are chomped.
  return isPlain && !/^\s|\n$/.test(content) && !/^[ \t]+$/m.test(content)
}
