import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { eventStatuses } from '../../../src/domain/event.ts'
import { healthStates } from '../../../src/domain/release.ts'
import { requestMessage } from '../../../src/messages/slack/request.ts'
import { blockProblems } from '../../support/block-kit.ts'
import { emojis, page } from '../../support/block-kit-page.ts'
import {
  context,
  gallery,
  only,
  othersWith,
  ownLinks,
  ownUsers,
  requests,
  type Words,
  withWords,
} from './gallery.ts'

const file = join(import.meta.dirname, '../../../docs/slack-messages.html')
const regenerate =
  'run: UPDATE=1 npx vitest run --project parts test/messages/slack/gallery.test.ts'

type Json = Readonly<Record<string, unknown>>

/** Every object in a payload. */
function objectsIn(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (typeof value !== 'object' || value === null) return []
  return [value as Json, ...Object.values(value).flatMap(objectsIn)]
}

const plainKinds = [
  ...['message', 'modal', 'home', 'rich_text', 'rich_text_section', 'rich_text_list'],
  ...['rich_text_preformatted', 'actions', 'button', 'section', 'input', 'divider', 'text', 'date'],
  ...['plain_text', 'plain_text_input', 'external_select'],
]

/** What Slack would bring to life in a payload, and our own code did not put there. */
const alive = (payload: unknown): string[] =>
  objectsIn(payload).flatMap((one) => {
    const { type, user_id: user, url, name } = one
    if (url !== undefined && !ownLinks.includes(String(url))) return [`a link to ${url}`]
    if (type === undefined || type === 'link' || plainKinds.includes(String(type))) return []
    if (type === 'user') return ownUsers.includes(String(user)) ? [] : [`a mention of ${user}`]
    if (type === 'emoji') return Object.hasOwn(emojis, String(name)) ? [] : [`:${name}:`]
    return [`an element ${type}`]
  })

/** What is alive in words that Slack parses: anything in angle brackets but mentions of our own. */
const aliveIn = (words: string): string[] => {
  const others = ownUsers.reduce((left, one) => left.replaceAll(`<@${one}>`, ''), words)
  const found = others.match(/<.{0,20}|https?:\/\/\S{0,20}|@(?:channel|here|everyone)/g)
  return [...(found ?? [])]
}

/** What moves, hides or turns the words around it, or cannot be sent at all. */
const hidden = /(?!\n)[\p{Cc}\u200b-\u200f\u2028-\u202e\u2061-\u2069\ufeff]/u
/** What comes back to us as it is, and nobody reads. */
const unseen = new Set(['private_metadata', 'value'])
const wordsIn = (payload: unknown): string[] =>
  objectsIn(payload).flatMap((one) =>
    Object.entries(one).flatMap(([key, value]) =>
      typeof value === 'string' && !unseen.has(key) ? [value] : [],
    ),
  )

/** All that is wrong with a payload. */
function wrongWith(payload: object): string[] {
  const { text, type, options } = payload as Json
  const isMessage = type === undefined && options === undefined
  const heard = isMessage ? String(text ?? '') : ''
  return [
    ...blockProblems(payload),
    ...alive(payload),
    ...aliveIn(heard),
    ...(isMessage && heard.trim() === '' ? ['says nothing in a notification'] : []),
    ...wordsIn(payload).flatMap((one) => [
      ...(hidden.test(one) ? [`hides something in ${JSON.stringify(one.slice(0, 60))}`] : []),
      ...(/\p{Cs}/u.test(one) ? [`half a character in ${JSON.stringify(one.slice(-60))}`] : []),
    ]),
  ]
}

describe('every message', () => {
  it.each(gallery.map((entry) => ({ ...entry, title: `${entry.section}: ${entry.name}` })))(
    'can be sent, and says only what it says: $title',
    ({ payload }) => {
      expect(wrongWith(payload)).toEqual([])
    },
  )

  test('has a name of its own', () => {
    const names = gallery.map(({ section, name }) => `${section}: ${name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('of a request stands there in each of its states', () => {
    const all = Object.values(requests).flatMap((group) => Object.values(group))
    expect(new Set(all.map(({ event }) => event.status))).toEqual(new Set(eventStatuses))
    const health = all.flatMap(({ release }) => release?.health?.state ?? [])
    expect(new Set(health)).toEqual(new Set(healthStates))
  })

  test('stands on the page of all messages', () => {
    const html = page(gallery)
    if (process.env.UPDATE === '1') writeFileSync(file, html)
    expect(readFileSync(file, 'utf8'), regenerate).toBe(html)
  })

  test('is on a page without scripts and without anything from elsewhere', () => {
    expect(page(gallery)).not.toMatch(/<script|<img|<link|<iframe|\ssrc=|@import|url\(|href="[^#]/i)
  })
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  // Halves of characters, as JSON can hold them.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((units) => String.fromCharCode(...units)), // biome-ignore format: one value
  fc.constantFrom(
    ...['<!channel>', '<!here|x>', '<@U123>', '<#C123>', '<!subteam^S1>', '<http://evil|click>'],
    ...['https://evil.example', '@channel', '*b* _i_ ~s~ `c`', '&lt;', '\u202ex\u200b', '', ' '],
  ),
  fc
    .tuple(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 6_000 }),
    )
    .map(([unit, length]) => unit.repeat(length).slice(0, length)),
)
const words: fc.Arbitrary<Words> = fc.record({
  message: text,
  author: text,
  branch: text,
  reason: text,
  statusDesc: text,
  artifactId: text,
  policy: text,
  login: text.filter((login) => context.slackUser(login) === null),
})
const times = fc.integer({ min: 1, max: 30 })

/** What can be clicked: a button that is cut off cannot. */
const buttonsOf = (payload: object): unknown[] =>
  objectsIn(payload).flatMap(({ type, action_id: action }) => (type === 'button' ? [action] : []))

describe('A30: what others write', () => {
  it('stays text on a request in any state, fits, and takes no button away', () => {
    const asked = Object.values(requests).flatMap((group) => Object.values(group))
    fc.assert(
      fc.property(words, times, (some, count) => {
        for (const [at, one] of withWords(some, count).entries()) {
          const payload = requestMessage(one, context)
          expect(wrongWith(payload)).toEqual([])
          const before = asked[at]
          if (before && before.event.artifactId !== null)
            expect(buttonsOf(payload)).toEqual(buttonsOf(requestMessage(before, context)))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('stays text in every answer, window, thread and tab, and fits', () => {
    fc.assert(
      fc.property(words, times, (some, count) => {
        for (const payload of othersWith(some, count)) expect(wrongWith(payload)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('leaves something of every list, however long it is', () => {
    for (const payload of othersWith(only('x'.repeat(5_000)), 30)) {
      const lists = objectsIn(payload).filter(({ type }) => type === 'rich_text')
      const shown = lists.flatMap(wordsIn).join('')
      if (lists.length > 0) expect(shown.length).toBeGreaterThan(100)
    }
  })
})
