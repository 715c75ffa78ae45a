import { isMap, isPair, isSeq, type Node, type Pair, visit, type YAMLMap, type YAMLSeq } from 'yaml'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { sameValue } from '../filled-value.ts'
import { parseYaml, type YamlDocument } from '../parse-yaml.ts'
import { printAfterDash, printAfterKey, printBlock, printFlow, printInline } from './print-tree.ts'
import {
  type Block,
  colonEnd,
  columnOf,
  contentEnd,
  leadsOf,
  type Place,
  placesOf,
  startsOf,
} from './text-blocks.ts'
import {
  keyOf,
  type Mapping,
  mapping,
  type ParsedText,
  plainOf,
  type Sequence,
  type Tree,
} from './tree.ts'

/** 1 MiB, counted in UTF-16 characters. */
const outputCharactersMax = 1_048_576
const flowCharactersMax = 80

/**
 * The text of an object, changed so that it says `root`: what `root` shares with the text stays as it
 * is written, comments and order included. The result is read again before it is given out.
 */
export function writeTree(parsed: ParsedText, root: Mapping): string | Refusal {
  const { text, document, root: before } = parsed
  if (before === root) return text
  if (hasMergeKey(document)) return refuse('invalid', mergeKeyText)
  const { contents } = document.nodes
  const isBlock = isMap(contents) && !contents.flow
  const from = isBlock ? startsOf(contents)[0] : contents?.range[0]
  const to = isBlock ? contentEnd(text, contents) : contents?.range[1]
  const body = isBlock ? blockText(text, contents, root) : printBlock(root, 0)
  return proven(withLineEnds(text, text.slice(0, from) + body + text.slice(to)), root)
}

const mergeKeyText =
  'has a merge key (<<), which cannot be patched; write out the fields that it brings'

function proven(text: string, root: Mapping): string | Refusal {
  if (text.length > outputCharactersMax)
    return refuse('invalid', `becomes more than ${outputCharactersMax} characters`)
  const again = parseYaml(text)
  // Whatever a rare way of writing YAML makes of the edits shows here and is not given out.
  return isRefusal(again) || again.length !== 1 || !sameValue(again[0]?.value, plainOf(root))
    ? refuse('invalid', unreadable)
    : text
}

const unreadable =
  'could not be changed as it is written; write it in plain block style, with `key: value` lines'

function hasMergeKey({ nodes }: YamlDocument): boolean {
  let found = false
  visit(nodes, {
    Pair(_, { key }) {
      found ||= keyOf(key) === '<<'
      return found ? visit.BREAK : undefined
    },
  })
  return found
}

/** Texts from elsewhere and our own lines end as the object's lines do. */
const withLineEnds = (original: string, text: string): string =>
  /\r\n/.test(original) && !/(?<!\r)\n/.test(original) ? text.replaceAll(/\r?\n/g, '\r\n') : text

/** A block collection's text from its first key or dash to the end of its last line. */
function blockText(text: string, node: YAMLMap | YAMLSeq, tree: Mapping | Sequence): string {
  const starts = startsOf(node)
  const margin = ' '.repeat(columnOf(text, starts[0] ?? 0))
  const places = placesOf(text, node, starts)
  const blocks =
    tree.kind === 'mapping'
      ? mappingBlocks({ text, node: node as YAMLMap, places, margin }, tree)
      : sequenceBlocks({ text, node: node as YAMLSeq, places, margin }, tree)
  const { leads, rest } = leadsOf(blocks, places, margin)
  const lines = blocks.map(
    ({ index, lead, body }) => (index === undefined ? lead : (leads.get(index) ?? lead)) + body,
  )
  // What comes first stands behind the text that was there before the first entry.
  return lines.join('').replace(/^\s+/, '') + rest
}

type Around<T> = {
  readonly text: string
  readonly node: T
  readonly places: readonly Place[]
  readonly margin: string
}

function mappingBlocks({ text, node, places, margin }: Around<YAMLMap>, tree: Mapping): Block[] {
  const at = new Map(node.items.map((pair, index) => [keyOf(pair.key), index]))
  return [...tree.entries].map(([key, entry]) => {
    const index = at.get(key)
    const place = index === undefined ? undefined : places[index]
    const pair = index === undefined ? undefined : (node.items[index] as Pair<Node, Node>)
    if (!place || !pair) {
      const body = printBlock(mapping([[key, entry]]), margin.length)
      return { index: undefined, lead: margin, body }
    }
    const after = () => printAfterKey(entry, columnOf(text, place.start))
    const mark = colonEnd(pair)
    const body = entryText({ text, place, mark, after }, pair.value, entry)
    return { index, lead: place.lead, body }
  })
}

function sequenceBlocks({ text, node, places, margin }: Around<YAMLSeq>, tree: Sequence): Block[] {
  const at = new Map(node.items.map((item, index) => [item, index]))
  return tree.items.map((item) => {
    const index = at.get(item.source)
    const place = index === undefined ? undefined : places[index]
    const after = () => printAfterDash(item, margin.length)
    if (!place) return { index: undefined, lead: margin, body: `-${after()}` }
    const body = entryText({ text, place, mark: place.start + 1, after }, item.source, item)
    return { index, lead: place.lead, body }
  })
}

/** An entry that has a place in the text, whose value is `node` there and becomes `tree`. */
type Entry = {
  readonly text: string
  readonly place: Place
  /** Behind the colon or the dash. */
  readonly mark: number
  /** What follows it when the value is written anew. */
  readonly after: () => string
}

function entryText({ text, place, mark, after }: Entry, node: Node | null, tree: Tree): string {
  const { start, end } = place
  const kept = node !== null && tree.source === node ? keptText(text, node, tree) : null
  if (kept) return ended(text.slice(start, kept.from) + kept.body + text.slice(kept.to, end))
  const [from = mark, to = mark] = node?.range ?? []
  const isOneLine = !/[\r\n]/.test(text.slice(from, to))
  const inline = isFlow(node) ? flowOrInline(tree) : printInline(tree)
  if (!isOneLine || inline === null) return text.slice(start, mark) + after()
  const head = from === to ? `${text.slice(start, mark)} ` : text.slice(start, from)
  return ended(head + inline + text.slice(from === to ? mark : to, end))
}

type Kept = { readonly from: number; readonly to: number; readonly body: string }

/** The value's own text with the changes inside, or `null` where it has to be written anew. */
function keptText(text: string, node: Node, tree: Tree): Kept | null {
  const [from = 0, to = 0] = node.range ?? []
  if (tree.kind === 'leaf' || isAsWritten(tree)) return { from, to, body: text.slice(from, to) }
  const isEmpty = tree.kind === 'mapping' ? tree.entries.size === 0 : tree.items.length === 0
  if (isEmpty || isFlow(node) || !(isMap(node) || isSeq(node))) return null
  const end = contentEnd(text, node)
  return { from: startsOf(node)[0] ?? from, to: end, body: blockText(text, node, tree) }
}

/** True for a tree of which nothing changed since it was read. */
function isAsWritten(tree: Tree): boolean {
  const { source } = tree
  if (tree.kind === 'leaf') return source !== null
  const trees = tree.kind === 'mapping' ? [...tree.entries.values()] : tree.items
  const keys = tree.kind === 'mapping' ? [...tree.entries.keys()] : null
  if (!(isMap(source) || isSeq(source)) || source.items.length !== trees.length) return false
  return source.items.every((item, index) => {
    const child = trees[index]
    const isKey = !isPair(item) || keyOf(item.key) === keys?.[index]
    const node = isPair(item) ? item.value : item
    return child !== undefined && isKey && child.source === node && isAsWritten(child)
  })
}

const isFlow = (node: Node | null): boolean => (isMap(node) || isSeq(node)) && node.flow === true

function flowOrInline(tree: Tree): string | null {
  const flow = printFlow(tree)
  return flow.length > flowCharactersMax ? printInline(tree) : flow
}

/** A text that ends its line. */
const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)
