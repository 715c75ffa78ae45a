import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'

/** A piece of a text with variables: what stands as it is, and what is filled in. */
export type Part = { readonly kind: 'text'; readonly text: string } | Expression

/** `{{ .branch | trunc 8 | lower }}`: a variable or a literal, then the calls that it goes through. */
export type Expression = {
  readonly kind: 'expression'
  /** As it was written, for messages. */
  readonly source: string
  readonly head: { readonly kind: 'variable' | 'literal'; readonly text: string }
  readonly calls: readonly Call[]
}

export type Call = { readonly name: string; readonly args: readonly string[] }

/** Far above what anyone writes by hand; they keep the work proportional to the text. */
const expressionCharactersMax = 4096
const callsMax = 8
const shownCharactersMax = 80

const opening = '{{'

/** True when a text has anything to fill in. */
export const hasTemplate = (text: string): boolean => text.includes(opening)

/** How many expressions a text can have at most. */
export const expressionsIn = (text: string): number => text.split(opening).length - 1

/** Takes a text apart. An expression that is not understood is refused with what to write. */
export function parseTemplate(text: string): readonly Part[] | Refusal {
  const parts: Part[] = []
  let at = 0
  for (let open = text.indexOf(opening); open >= 0; open = text.indexOf(opening, at)) {
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) })
    const tokens = tokensOf(text.slice(open, open + expressionCharactersMax))
    if (isRefusal(tokens)) return tokens
    const expression = expressionOf(tokens)
    if (isRefusal(expression)) return expression
    parts.push(expression)
    at = open + tokens.source.length
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) })
  return parts
}

type Token = { readonly kind: 'variable' | 'word' | 'literal'; readonly text: string }
type Segment = readonly Token[]

// Every alternative starts with another character, so a match never goes back to try the next one.
const token =
  /\s*(?:\.(?<variable>[A-Za-z_][\w-]*(?:\.[\w-]+)*)|(?<word>[A-Za-z]\w*)|(?<number>\d+)|(?<quoted>"(?:[^"\\]|\\.)*")|`(?<raw>[^`]*)`|(?<pipe>\|)|(?<close>-?\}\}))/sy

/** Reads from `{{` to its `}}`, and divides what stands between at the pipes. */
function tokensOf(text: string): { source: string; segments: readonly Segment[] } | Refusal {
  let segment: Token[] = []
  const segments: Segment[] = [segment]
  // Go's trim marks are accepted and mean nothing: white space around a value stays.
  token.lastIndex = text.startsWith('{{-') ? 3 : 2
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const { variable, word, number, quoted, raw, pipe, close } = match.groups ?? {}
    if (close !== undefined) return { source: text.slice(0, token.lastIndex), segments }
    if (pipe !== undefined) {
      segment = []
      segments.push(segment)
    } else if (variable !== undefined) segment.push({ kind: 'variable', text: variable })
    else if (word !== undefined) segment.push({ kind: 'word', text: word })
    else {
      const literal = quoted === undefined ? (raw ?? number) : unquoted(quoted)
      if (literal === undefined) return refuse('invalid', `${shown(text)}: write ${jsonRule}`)
      segment.push({ kind: 'literal', text: literal })
    }
  }
  return refuse('invalid', unreadable(text))
}

const jsonRule = 'a text as in JSON ("a\\tb") or between backquotes'

/** The text that a quoted literal stands for. */
function unquoted(source: string): string | undefined {
  try {
    return String(JSON.parse(source))
  } catch {
    return undefined
  }
}

const unreadable = (text: string): string =>
  text.includes('}}')
    ? `${shown(text)}: not understood; write {{ .NAME }} or {{ .NAME | function "argument" }}`
    : `${shown(text)}: "{{" without "}}"; to write the braces themselves, use {{ "{{" }}`

/** The beginning of an expression, as far as it helps to find it. */
function shown(text: string): string {
  const [line = ''] = text.split('\n', 1)
  const end = line.indexOf('}}')
  return line.slice(0, Math.min(end < 0 ? line.length : end + 2, shownCharactersMax))
}

function expressionOf(given: { source: string; segments: readonly Segment[] }): Part | Refusal {
  const source = shown(given.source)
  const [[head, ...more] = [], ...rest] = given.segments
  if (!head) return refuse('invalid', `${source}: is empty; write {{ .NAME }}`)
  if (head.kind === 'word' || more.length > 0)
    return refuse('invalid', `${source}: the value comes first; write {{ .NAME | function }}`)
  if (rest.length > callsMax)
    return refuse('invalid', `${source}: at most ${callsMax} functions can follow each other`)
  const calls: Call[] = []
  for (const [name, ...args] of rest) {
    if (name?.kind !== 'word')
      return refuse('invalid', `${source}: after | comes a function, such as lower`)
    if (args.some(({ kind }) => kind !== 'literal'))
      return refuse('invalid', `${source}: what follows ${name.text} must be ${jsonRule}`)
    calls.push({ name: name.text, args: args.map(({ text }) => text) })
  }
  return { kind: 'expression', source, head: { kind: head.kind, text: head.text }, calls }
}
