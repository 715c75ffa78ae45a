import { type Block, fallback, type Line, lines } from './rich.ts'

/** What is shown in Slack, and the words for those who cannot see it. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly Block[] }

/** Slack's limits: 50 blocks a message; more than some 13,200 characters it refuses without saying so (bolt-js#2509). */
const blocksMax = 50
const charsMax = 11_500

/** A message of blocks, cut to what Slack takes: what is left out is said. */
export function message(head: Line, blocks: readonly Block[]): SlackMessage {
  const kept: Block[] = []
  let chars = 0
  for (const block of blocks) {
    chars += charsIn(block)
    if (kept.length === blocksMax - 1 || chars > charsMax) {
      kept.push(lines([{ type: 'text', text: '… and more that does not fit here' }]))
      break
    }
    kept.push(block)
  }
  return { text: fallback(head).trim() || 'GimletD', blocks: kept }
}

/** A message of nothing but lines. */
export const said = (...all: readonly [Line, ...Line[]]): SlackMessage => ({
  text: fallback(...all).trim() || 'GimletD',
  blocks: [lines(...all)],
})

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
