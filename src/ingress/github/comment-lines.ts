import MarkdownIt, { type Token } from 'markdown-it'

/** GitHub's own limit of a comment. */
const commentCharsMax = 65_536

const begins = /^[ \t]*\/gimlet(?=\s|$)/i
/** A footnote, which this parser takes for a link's address; GitHub hides what belongs to it. */
const footnote = /^ {0,3}\[\^[^\]\n]{1,200}\]:/

/** What a comment asks for: the commands in order, and whether one was written where none is read. */
export type CommentLines = {
  readonly lines: readonly string[]
  /** A line that begins like a command directly below a quote or a list, and so is part of it. */
  readonly isSwallowed: boolean
}

const markdown = new MarkdownIt({ html: true, linkify: false })
// Joined, an escape (`\/`) or an entity (`&#47;`) could not be told from what was typed.
markdown.core.ruler.disable('text_join')

/**
 * The lines of a comment that are commands, as a reader of the rendered comment sees them: each begins
 * a line of a plain paragraph, and stands in no code, quote, list, table, HTML, `<details>`, footnote or
 * link (contract, section 6). The text is that of the comment, not of its rendering.
 */
export function commentLines(comment: string): CommentLines {
  const none = { lines: [], isSwallowed: false }
  if (comment.length > commentCharsMax || !/^[ \t]*\/gimlet/im.test(comment)) return none
  const source = comment.replaceAll(/\r\n?/g, '\n').split('\n')
  const tokens = markdown.parse(source.join('\n'), {})
  const end = footnoteLine(source, tokens)
  const lines: string[] = []
  let openDetails = 0
  let isSwallowed = false
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'html_block') openDetails = detailsAfter(openDetails, token.content)
    if (token.type !== 'inline') continue
    const before = tokens[at - 1]
    const [from = 0, to = 0] = token.map ?? []
    const isOpen = openDetails > 0 || from >= end
    openDetails = detailsIn(openDetails, token)
    const isPlain = before?.type === 'paragraph_open' && before.level === 0
    if (isOpen) continue
    if (isPlain && openDetails === 0) lines.push(...commandsIn(token, source.slice(from, to)))
    else if (!isPlain) isSwallowed ||= source.slice(from + 1, to).some((line) => begins.test(line))
  }
  return { lines, isSwallowed: isSwallowed && lines.length === 0 }
}

/** The lines of a paragraph whose first word is plain text and the command's name. */
function commandsIn({ children }: Token, source: readonly string[]): string[] {
  const candidates = source.filter((line) => begins.test(line)).map((line) => line.trim())
  const found: string[] = []
  let isFirst = true
  let links = 0
  for (const { type, content } of children ?? []) {
    if (type === 'link_open') links++
    if (type === 'link_close') links--
    if (isFirst && type === 'text' && links === 0 && begins.test(content)) {
      const at = candidates.findIndex((line) => line.startsWith(content.trim()))
      const [line] = at === -1 ? [] : candidates.splice(at, 1)
      if (line !== undefined) found.push(line)
    }
    isFirst = type === 'softbreak' || type === 'hardbreak'
  }
  return found
}

const detailsIn = (open: number, { children }: Token): number =>
  (children ?? [])
    .filter(({ type }) => type === 'html_inline')
    .reduce((count, { content }) => detailsAfter(count, content), open)

function detailsAfter(open: number, html: string): number {
  let count = open
  for (const [tag] of html.matchAll(/<\/?details(?=[\s>/])/gi))
    count = tag.startsWith('</') ? Math.max(0, count - 1) : count + 1
  return count
}

/** The first line that is a footnote and not code; what follows may be hidden with it. */
function footnoteLine(source: readonly string[], tokens: readonly Token[]): number {
  const code = tokens.filter(({ type }) => type === 'fence' || type === 'code_block')
  const isCode = (line: number) =>
    code.some(({ map }) => map && line >= (map[0] ?? 0) && line < (map[1] ?? 0))
  const at = source.findIndex((line, index) => footnote.test(line) && !isCode(index))
  return at === -1 ? Number.POSITIVE_INFINITY : at
}
