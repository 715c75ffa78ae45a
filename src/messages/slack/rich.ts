import { cleanLines, clean as withoutHidden } from '../paint.ts'

/**
 * Text for people in Slack as rich text: a tree in which what others wrote is a leaf of text, so that
 * no mention, link or formatting of theirs can come alive (attack A30). Nothing here is parsed by Slack.
 */
export type Inline =
  | { readonly type: 'text'; readonly text: string; readonly style?: Style }
  | { readonly type: 'link'; readonly url: string; readonly text: string; readonly style?: Style }
  | { readonly type: 'user'; readonly user_id: string }
  | { readonly type: 'channel'; readonly channel_id: string }
  | { readonly type: 'emoji'; readonly name: string }
  | {
      readonly type: 'date'
      readonly timestamp: number
      readonly format: string
      readonly fallback: string
    }

type Style = Readonly<Partial<Record<'bold' | 'italic' | 'code' | 'strike', true>>>

export type Line = readonly Inline[]

export type Block = { readonly type: string; readonly [key: string]: unknown }

/** The longest text that one leaf shows: what is longer is somebody's essay. */
const leafCharsMax = 600

const cut = (text: string, charsMax: number) =>
  text.length > charsMax ? `${text.slice(0, charsMax - 1).replace(/\p{Cs}$/u, '')}…` : text

/** Half a character (a surrogate alone) is no text: Slack would refuse all that it stands in. */
const whole = (text: string): string => text.replaceAll(/\p{Cs}/gu, '\ufffd')

const clean = (text: string): string => whole(withoutHidden(text))

type Leaf = Extract<Inline, { type: 'text' }>

const leaf = (text: string, style?: Style): Leaf => ({
  type: 'text',
  // Slack refuses an empty text.
  text: cut(clean(text), leafCharsMax) || ' ',
  ...(style ? { style } : {}),
})

export const text = (words: string): Inline => leaf(words)
export const bold = (words: string): Inline => leaf(words, { bold: true })
export const italic = (words: string): Inline => leaf(words, { italic: true })
export const code = (words: string): Inline => leaf(words, { code: true })
export const emoji = (name: string): Inline => ({ type: 'emoji', name })
export const user = (id: string): Inline => ({ type: 'user', user_id: id })

/** A link, or only its words when the address is none that a browser should open. */
export function link(words: string, url: string | null, style?: Style): Inline {
  const shown = leaf(words, style)
  const isSafe = url !== null && /^https?:\/\/[^\s<>|]{1,2000}$/i.test(url) && URL.canParse(url)
  return isSafe ? { ...shown, type: 'link', url } : shown
}

const dateFormat = '{date_short_pretty} at {time}'

/** A moment in the reader's own time zone; in UTC where Slack cannot show it. */
export const moment = (unix: number): Inline => ({
  type: 'date',
  timestamp: unix,
  format: dateFormat,
  fallback: `${new Date(unix * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
})

/** Lines of rich text as one block. */
export const lines = (...all: readonly Line[]): Block => ({
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_section',
      elements: all.flatMap((line, at) => (at === 0 ? line : [newLine, ...line])),
    },
  ],
})

const newLine: Inline = { type: 'text', text: '\n' }

/** Text as it stands, such as a diff: at most `charsMax` of it, cut at a line's end, and told so. */
export function preformatted(content: string, charsMax: number): Block {
  const all = whole(cleanLines(content)).trimEnd()
  const shown = cutLines(all, charsMax) || ' '
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: shown }] }],
  }
}

/** What is longer is looked at elsewhere. */
const linesMax = 60

/** Where so many lines end; -1 when there are no more. */
function nthLineEnd(content: string, count: number): number {
  let at = -1
  for (let line = 0; line < count; line++) {
    at = content.indexOf('\n', at + 1)
    if (at === -1) return -1
  }
  return at
}

function cutLines(content: string, charsMax: number): string {
  const lineEnd = nthLineEnd(content, linesMax)
  if (content.length <= charsMax && lineEnd === -1) return content
  const room = Math.min(charsMax - 40, lineEnd === -1 ? content.length : lineEnd)
  const end = content.lastIndexOf('\n', room)
  const kept = content.slice(0, end > 0 ? end : room).replace(/\p{Cs}$/u, '')
  const left = content.slice(kept.length).split('\n').length - (end > 0 ? 1 : 0)
  return `${kept}\n… ${left} more ${left === 1 ? 'line' : 'lines'}`
}

/** A list of lines with bullets. */
export const bullets = (all: readonly Line[]): Block => ({
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_list',
      style: 'bullet',
      elements: all.map((elements) => ({ type: 'rich_text_section', elements })),
    },
  ],
})

/** The words of lines, for notifications and for those who cannot see blocks: Slack parses these. */
export const fallback = (...all: readonly Line[]): string =>
  cut(all.map((line) => line.map(plainOf).join('')).join('\n'), 1_000)

function plainOf(inline: Inline): string {
  switch (inline.type) {
    case 'text':
    case 'link':
      return escaped(inline.text)
    case 'date':
      return inline.fallback
    case 'user':
      return `<@${inline.user_id}>`
    case 'channel':
      return `<#${inline.channel_id}>`
    case 'emoji':
      return ''
  }
}

/**
 * Text for a place that Slack parses: its three characters of control as entities, and what would
 * format or link broken by a joiner that has no width.
 */
export const escaped = (words: string): string =>
  clean(words)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[*_~`@]|:\/\//g, (mark) => `${mark.slice(0, 1)}\u2060${mark.slice(1)}`)

/** Plain text for a label of Slack's: cut to its limit. */
export const label = (words: string, charsMax: number): string => cut(clean(words), charsMax) || ' '
