import { type Problem, problem } from './invocation.ts'

/** The longest line that is read; Slack's own limit of a message is far above it. */
const lineCharsMax = 4_000

/** What nobody sees, or what turns the text around it: requirement R20. */
const invisible = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\u034f/u
const spaces = /[\s\u00a0]/u

/** Quotation marks that open and close each other, however a phone has turned them. */
const families = ['"“”„‟', "'‘’‚‛"]

type Words = { readonly kind: 'words'; readonly words: readonly string[] } | Problem

/**
 * Splits a line that someone typed into words. Quotation marks, straight or curly, hold words together
 * where they begin a word or a flag's value; a dash that a phone has made of two begins a flag. Answers
 * a problem for a mark that is not closed and for characters that cannot be seen. Never throws.
 */
export function splitWords(line: string): Words {
  if (line.length > lineCharsMax)
    return problem(`A command has at most ${lineCharsMax} characters`, [])
  const plain = line.replaceAll(/[\r\n\t]/g, ' ')
  const hidden = invisible.exec(plain)
  if (hidden) return problem(`There is an invisible character in it (${codeOf(hidden[0])})`, [])
  const words: string[] = []
  for (let at = 0; at < plain.length; ) {
    if (spaces.test(plain.charAt(at))) {
      at++
      continue
    }
    const word = readWord(plain, at)
    if (word === null) return problem(`A quotation mark is not closed: ${plain.slice(at)}`, [])
    words.push(word.text)
    at = word.end
  }
  return { kind: 'words', words }
}

/** One word from its first character on; `null` when its quotation mark is not closed. */
function readWord(line: string, start: number): { text: string; end: number } | null {
  const flag = /^(?:--?|[—–])[A-Za-z][A-Za-z-]*=?/.exec(line.slice(start))?.[0] ?? ''
  const name = flag.replace(/^[—–]/, '--')
  const isBare = flag !== '' && !flag.endsWith('=')
  const from = start + flag.length
  const family = isBare ? undefined : families.find((marks) => marks.includes(line.charAt(from)))
  if (family === undefined || from >= line.length) {
    const end = endOfWord(line, from)
    return { text: name + line.slice(from, end), end }
  }
  const close = closingMark(line, from + 1, family)
  return close === -1 ? null : { text: name + line.slice(from + 1, close), end: close + 1 }
}

function endOfWord(line: string, from: number): number {
  let end = from
  while (end < line.length && !spaces.test(line.charAt(end))) end++
  return end
}

/** A mark inside a word is an apostrophe or part of what is quoted: only one before a space closes. */
function closingMark(line: string, from: number, family: string): number {
  for (let at = from; at < line.length; at++)
    if (
      family.includes(line.charAt(at)) &&
      (at + 1 === line.length || spaces.test(line.charAt(at + 1)))
    )
      return at
  return -1
}

const codeOf = (character: string) =>
  `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`
