import {
  type CST,
  isMap,
  isPair,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/** Where one entry of a block stands: from its key or dash to the end of its last line. */
export type Place = {
  readonly start: number
  readonly end: number
  /** What stands above it: blank lines and comments, and its indentation. */
  readonly lead: string
}

/** An entry as it will stand: at the place of an old one, or new. */
export type Block = {
  readonly index: number | undefined
  readonly lead: string
  readonly body: string
}

/** Where the entries of a block collection begin. */
export const startsOf = (node: YAMLMap | YAMLSeq): readonly number[] =>
  isMap(node) ? node.items.map(keyStart) : node.items.map((_, index) => dashStart(node, index))

function keyStart({ key, srcToken }: Pair): number {
  const marks = srcToken?.start.filter(({ type }) => /^(?:explicit-key-ind|anchor)$/.test(type))
  return marks?.[0]?.offset ?? startOf(key)
}

function dashStart({ items, srcToken }: YAMLSeq, index: number): number {
  const token = srcToken as CST.BlockSequence | undefined
  const dash = token?.items[index]?.start.find(({ type }) => type === 'seq-item-ind')
  return dash?.offset ?? startOf(items[index])
}

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0

/** The offset behind the colon of a pair, or behind its key where there is none. */
export function colonEnd({ key, srcToken }: Pair): number {
  const colon = srcToken?.sep?.find(({ type }) => type === 'map-value-ind')
  return colon ? colon.offset + 1 : ((key as Node).range?.[1] ?? 0)
}

/** The column of an offset, counted from 0. */
export const columnOf = (text: string, offset: number): number =>
  offset - (text.lastIndexOf('\n', offset - 1) + 1)

/** The places of a block's entries, whose starts are known. */
export function placesOf(
  text: string,
  { items }: YAMLMap | YAMLSeq,
  starts: readonly number[],
): readonly Place[] {
  const ends = items.map((item) => entryEnd(text, item))
  return starts.map((start, index) => ({
    start,
    end: ends[index] ?? start,
    lead: index === 0 ? ' '.repeat(columnOf(text, start)) : text.slice(ends[index - 1], start),
  }))
}

/** The end of the last line of a node, with the comment behind it. */
export function contentEnd(text: string, node: unknown): number {
  if ((isMap(node) || isSeq(node)) && !node.flow) return entryEnd(text, node.items.at(-1))
  return lineEnd(text, (node as Node | null)?.range?.[1] ?? text.length)
}

function entryEnd(text: string, item: unknown): number {
  const node = isPair(item) ? (item.value ?? item.key) : item
  return contentEnd(text, node)
}

function lineEnd(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end + 1
}

/** The leads of the entries that stay; `rest` is left at the end. */
export function leadsOf(
  blocks: readonly Block[],
  places: readonly Place[],
  margin: string,
): { readonly leads: ReadonlyMap<number, string>; readonly rest: string } {
  const kept = new Set(blocks.map(({ index }) => index))
  const leads = new Map<number, string>()
  let carried = ''
  for (const [index, { lead }] of places.entries()) {
    if (kept.has(index)) leads.set(index, carried + lead)
    carried = kept.has(index) ? '' : carried + remoteComments(lead, margin)
  }
  return { leads, rest: carried }
}

/** Of what stood above an entry that goes: comments that a blank line or their indentation keeps apart. */
function remoteComments(lead: string, margin: string): string {
  const above = lead.split('\n').slice(0, -1)
  const isOwn = (line: string) => line.startsWith(`${margin}#`)
  while (isOwn(above.at(-1) ?? '')) above.pop()
  return above.some((line) => line.trim() !== '') ? above.map((line) => `${line}\n`).join('') : ''
}
