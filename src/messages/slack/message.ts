import { type Block, fallback, type Line, lines } from './rich.ts'

/** What is shown in Slack, and the words for those who cannot see it. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly Block[] }

/** Slack's limits: 50 blocks a message; more than some 13,200 characters it refuses without saying so (bolt-js#2509). */
const blocksMax = 50
const charsMax = 11_500

/** A message of blocks, cut to what Slack takes: what is left out is said. */
export const message = (head: Line, blocks: readonly Block[]): SlackMessage => ({
  text: fallback(head).trim() || 'GimletD',
  blocks: fitting(blocks, { blocksMax, charsMax }),
})

/** A message of nothing but lines. */
export const said = (...all: readonly [Line, ...Line[]]): SlackMessage => ({
  text: fallback(...all).trim() || 'GimletD',
  blocks: fitting([lines(...all)], { blocksMax, charsMax }),
})

const more = lines([{ type: 'text', text: '… and more that does not fit here' }])

/** Blocks as far as they fit, the last of them in part; what can be clicked below stays. */
export function fitting(
  blocks: readonly Block[],
  limits: { readonly blocksMax: number; readonly charsMax: number },
): Block[] {
  const kept: Block[] = []
  let charsLeft = limits.charsMax
  for (const [at, block] of blocks.entries()) {
    const isRoom = blocks.length <= limits.blocksMax || kept.length < limits.blocksMax - 2
    const begun = isRoom ? beginningOf(block, charsLeft) : null
    if (begun) kept.push(begun)
    if (begun !== block) {
      const row = blocks.slice(at).find(({ type }) => type === 'actions')
      return [...kept, more, ...(row ? [row] : [])]
    }
    charsLeft -= charsIn(block)
  }
  return kept
}

/** As much of a block as fits, or `null`: a list between its rows, lines between their parts. */
function beginningOf(block: Block, charsMost: number): Block | null {
  let charsLeft = charsMost - charsIn(block)
  if (charsLeft >= 0) return block
  const [outer] = elementsOf(block)
  const inner = [...elementsOf(outer)]
  while (inner.length > 0 && charsLeft < 0) charsLeft += charsIn(inner.pop())
  return inner.length > 0
    ? { ...block, elements: [{ ...(outer as object), elements: inner }] }
    : null
}

function elementsOf(value: unknown): readonly unknown[] {
  const isObject = typeof value === 'object' && value !== null
  return isObject && 'elements' in value && Array.isArray(value.elements) ? value.elements : []
}

/** How many characters of text a block holds. */
function charsIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + charsIn(one), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce(
    (sum, [key, one]) =>
      sum + (key === 'text' && typeof one === 'string' ? one.length : charsIn(one)),
    0,
  )
}

export type Button = {
  readonly action: string
  readonly words: string
  readonly value: string
  readonly style?: 'primary' | 'danger'
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string }
}

/** A row of buttons. A value is an id that is looked up again at the click, never more. */
export const buttons = (id: string, all: readonly Button[]): Block => ({
  type: 'actions',
  block_id: id,
  elements: all.map(({ action, words, value, style, confirm }) => ({
    type: 'button',
    action_id: action,
    text: plain(words),
    value,
    ...(style ? { style } : {}),
    ...(confirm
      ? {
          confirm: {
            title: plain(confirm.title),
            text: plain(confirm.text),
            confirm: plain(confirm.yes),
            deny: plain('Cancel'),
          },
        }
      : {}),
  })),
})

export const plain = (words: string) => ({ type: 'plain_text', text: words, emoji: false }) as const

/** A short digest of what a message shows (cyrb53): the same is not sent twice. */
export function digest(shown: unknown): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (const char of JSON.stringify(shown)) {
    const unit = char.codePointAt(0) ?? 0
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36)
}
