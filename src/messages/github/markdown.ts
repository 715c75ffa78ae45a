import { clean, cleanLines } from '../paint.ts'

/** GitHub's limit of a comment, with room for what stands around a text. */
export const commentCharsMax = 60_000
const wordsCharsMax = 600

/**
 * Text of others inside Markdown: its signs stand for themselves, nobody is mentioned, nothing is
 * linked, and no line of it begins like a command (R21, R22).
 */
export function words(text: string): string {
  const short = [...clean(text).trim()].slice(0, wordsCharsMax).join('')
  return short
    .replaceAll(/[\\`*_{}[\]()#+\-.!|<>~&:^$]/g, (sign) => `\\${sign}`)
    .replaceAll('@', '@\u2060')
    .replaceAll('/gimlet', '/\u2060gimlet')
    .replaceAll(/(\w)#(\d)/g, '$1#\u2060$2')
}

/** Text of others as code: fenced by more backticks than it has. */
export function code(text: string): string {
  const inner = clean(text).trim().slice(0, wordsCharsMax) || ' '
  const fence = '`'.repeat(longestRun(inner) + 1)
  const pad = inner.startsWith('`') || inner.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${inner}${pad}${fence}`
}

/** A block of code, such as a diff: cut at a line's end when it is too long. */
export function codeBlock(text: string, language: string, charsMax: number): string {
  const all = cleanLines(text).trimEnd()
  const end = all.lastIndexOf('\n', charsMax)
  const shown =
    all.length <= charsMax ? all : `${all.slice(0, end > 0 ? end : charsMax)}\n… and more`
  const fence = '`'.repeat(Math.max(3, longestRun(shown) + 1))
  return `${fence}${language}\n${shown}\n${fence}`
}

/** A fold: GitHub needs the blank lines to read Markdown inside. */
export const fold = (summary: string, body: string): string =>
  `<details><summary>${escapeHtml(summary)}</summary>\n\n${body}\n\n</details>`

/** A link, or only its words when the address is none that a browser should open. */
export function link(label: string, url: string | null): string {
  const isSafe = url !== null && /^https?:\/\/[^\s()<>[\]"'\\|]{1,1000}$/i.test(url)
  return isSafe ? `[${label}](${url})` : label
}

const longestRun = (text: string) =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))

const escapeHtml = (text: string) =>
  clean(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
