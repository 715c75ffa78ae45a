import {
  type Alias,
  Composer,
  CST,
  type Document,
  isScalar,
  Lexer,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'

/** One document of a YAML text. */
export type YamlDocument = {
  /** Its place in the text, counted from 1; empty documents count too. */
  readonly number: number
  readonly nodes: Document.Parsed
  /** Its plain value. Mappings are `Map`s, so that no key is a prototype's. */
  readonly value: unknown
  /** Where its text stands, from and to, less `---` and `...`: first the comments above `---`. */
  readonly spans: readonly Span[]
}

export type Span = readonly [from: number, to: number]

/** 1 MiB, counted in UTF-16 characters. */
export const yamlCharactersMax = 1_048_576

/** Limits that no written manifest meets. Each stops a text that costs far more than its length. */
const lexemesMax = 300_000
const depthMax = 100
const mostOf: Partial<Record<CST.TokenType, number>> = {
  anchor: 100,
  alias: 100,
  'doc-start': 1000,
  'doc-end': 1000,
}
/** How often the anchors of a text may be expanded in all: `yaml`'s own measure against bombs. */
const aliasesMax = 100

/**
 * What YAML 1.1, and so Kubernetes, takes for the end of a line, and our parser does not: what stands
 * behind it in a comment would be a field for the cluster, and nothing for policies.
 */
const foreignBreak = /\r(?!\n)|[\u0085\u2028\u2029]/
const foreignBreakText =
  'there is a character that Kubernetes takes for the end of a line; leave it out, or write it as "\\u2028"'

const refused: Partial<Record<CST.TokenType, string>> = {
  tag: 'starts with "!", which is a tag in YAML; put quotes around the value',
  'directive-line': 'directives such as %YAML are not supported; leave the line out',
}

/**
 * Reads YAML 1.2 that is safe to work with: no tags, no doubtful keys, bounded in size, depth and
 * aliases. Answers every document, empty ones too, or a refusal that says line and column.
 */
export function parseYaml(text: string): readonly YamlDocument[] | Refusal {
  if (text.length > yamlCharactersMax)
    return refuse('invalid', `has more than ${yamlCharactersMax} characters`)
  const hidden = foreignBreak.exec(text)
  if (hidden) return refuseAt(text, hidden.index, foreignBreakText)
  const tokens = tokensOf(text)
  if (isRefusal(tokens)) return tokens
  const spans = spansOf(tokens, text.length)
  // uniqueKeys compares every key with every other; `keyProblem` does the same in one pass.
  const options = { keepSourceTokens: true, stringKeys: true, uniqueKeys: false } as const
  const documents: YamlDocument[] = []
  for (const nodes of new Composer(options).compose(tokens)) {
    const value = plainValue(text, nodes)
    if (isRefusal(value)) return value
    const at = documents.length
    documents.push({ number: at + 1, nodes, value, spans: spans[at] ?? [] })
  }
  return documents
}

/** A refusal that begins with the place, as editors show it: counted from 1. */
export const refuseAt = (text: string, offset: number, message: string): Refusal =>
  refuse('invalid', `${placeOf(text, offset)}: ${message}`)

/** `line 6, column 1`: where an offset stands. */
export function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n')
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

/**
 * The text's tokens, with its limits looked at as they come: the parser itself needs seconds for a
 * deep text, and a megabyte of `{` ends the whole process.
 */
function tokensOf(text: string): readonly CST.Token[] | Refusal {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  const counts = new Map<string, number>()
  let lexemes = 0
  let isContent = false
  for (const lexeme of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isContent ? null : CST.tokenType(lexeme)
    isContent = type === 'scalar'
    if (++lexemes > lexemesMax) return refuseAt(text, parser.offset, 'the text has too many parts')
    const problem = type && tokenProblem(type, counts)
    if (problem) return refuseAt(text, parser.offset, problem)
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > depthMax)
      return refuseAt(text, parser.offset, `nests deeper than ${depthMax} levels`)
    const last = tokens.at(-1)
    if (last?.type === 'error') return syntaxProblem(text, last.offset, last.message)
  }
  return [...tokens, ...parser.end()]
}

function tokenProblem(type: CST.TokenType, counts: Map<string, number>): string | undefined {
  const most = mostOf[type]
  if (most === undefined) return refused[type]
  const count = (counts.get(type) ?? 0) + 1
  counts.set(type, count)
  return count > most ? `at most ${most} of "${type}" can stand in one text` : undefined
}

/** What the parser says, or, of the mistake that everyone makes once, what to write instead. */
function syntaxProblem(text: string, offset: number, message: string): Refusal {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const [line = ''] = text.slice(lineStart).split('\n', 1)
  return refuseAt(text, offset, bareTemplateHint(line) ?? message)
}

/** For a value that begins with `{{` and has no quotes: YAML takes that for a mapping in a mapping. */
function bareTemplateHint(line: string): string | undefined {
  const open = line.indexOf('{{')
  if (open < 0 || !/(?:^|[:[,-])$/.test(line.slice(0, open).trimEnd())) return undefined
  const [template = ''] = line.slice(open).split(' #', 1)
  if (/^:(?:\s|$)/.test(template.slice(template.lastIndexOf('}}') + 2))) return keyRule
  // A filled value is text already: `quote` would put a second pair of quotes into it.
  const value = template.trim().replaceAll(/ ?\| ?quote\b/g, '')
  const mark = value.includes('"') ? "'" : '"'
  return `put quotes around it: ${mark}${value}${mark}`
}

/** Keys are never filled in: a variable could then replace what stands beside it. */
export const keyRule = 'a key cannot have variables; write the key out'

/** Where each document's own text stands, so that it can be cut out byte for byte. */
function spansOf(tokens: readonly CST.Token[], end: number): readonly (readonly Span[])[] {
  let above = 0
  return tokens.flatMap((token, at) => {
    const next = tokens[at + 1]?.offset ?? end
    if (token.type !== 'document') {
      if (token.type === 'doc-end' || token.type === 'byte-order-mark') above = next
      return []
    }
    const marker = token.start.findIndex(({ type }) => type === 'doc-start')
    const from = marker < 0 ? token.offset : afterMarker(token.start.slice(marker))
    const spans: Span[] = [
      [above, token.start[marker]?.offset ?? token.offset],
      [from, next],
    ]
    above = next
    return [spans]
  })
}

/** The offset behind `---`, the spaces after it and the end of its line. */
function afterMarker(tokens: readonly CST.SourceToken[]): number {
  const [marker, ...rest] = tokens
  let offset = (marker?.offset ?? 0) + 3
  for (const { type, source } of rest) {
    if (type !== 'space' && type !== 'newline') break
    offset += source.length
    if (type === 'newline') break
  }
  return offset
}

function plainValue(text: string, nodes: Document.Parsed): unknown | Refusal {
  const [error] = [...nodes.errors, ...nodes.warnings]
  if (error) return syntaxProblem(text, error.pos[0], error.message)
  const problem = nodeProblem(text, nodes)
  if (problem) return problem
  try {
    return nodes.toJS({ mapAsMap: true, maxAliasCount: aliasesMax })
  } catch (error) {
    // Only aliases are looked up this late: one without an anchor, or far too many.
    const message = error instanceof Error ? error.message : 'aliases cannot be resolved'
    return refuseAt(text, nodes.range[0], message)
  }
}

function nodeProblem(text: string, nodes: Document.Parsed): Refusal | undefined {
  let problem: Refusal | undefined
  visit(nodes, {
    Map(_, map) {
      problem = keyProblem(text, map)
      return problem && visit.BREAK
    },
    Alias(_, alias, path) {
      if (isInsideAnchor(alias, path))
        problem = refuseAt(text, alias.range?.[0] ?? 0, `*${alias.source} stands inside itself`)
      return problem && visit.BREAK
    },
  })
  return problem
}

function keyProblem(text: string, map: YAMLMap): Refusal | undefined {
  const seen = new Set<string>()
  for (const { key } of map.items) {
    if (!isScalar(key)) continue
    const name = String(key.value)
    const place = key.range?.[0] ?? 0
    if (name === '__proto__') return refuseAt(text, place, 'the key __proto__ is not allowed')
    if (seen.has(name))
      return refuseAt(text, place, `the key ${name.slice(0, 80)} stands here twice`)
    seen.add(name)
  }
  return undefined
}

const isInsideAnchor = ({ source }: Alias, path: readonly object[]): boolean =>
  path.some((node) => 'anchor' in node && node.anchor === source)
