import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { answer } from '../../../src/messages/slack/answer.ts'
import { requestMessage } from '../../../src/messages/slack/request.ts'
import { stepsOf } from '../../../src/messages/slack/steps.ts'
import { blockProblems } from '../../support/block-kit.ts'
import { page } from '../../support/block-kit-page.ts'
import { context, gallery, hostile, ownUsers } from './gallery.ts'

const file = 'docs/slack-messages.html'

describe('every message', () => {
  it.each(gallery.map((entry) => ({ ...entry, title: `${entry.section}: ${entry.name}` })))(
    'keeps Slack’s limits: $title',
    ({ payload }) => {
      expect(blockProblems(payload)).toEqual([])
    },
  )

  test('stands on the page of all messages', () => {
    const html = page(gallery)
    if (process.env.UPDATE) writeFileSync(file, html)
    const hint = 'run: UPDATE=1 npx vitest run --project parts test/messages/slack/gallery.test.ts'
    expect(readFileSync(file, 'utf8'), hint).toBe(html)
  })
})

/** Every part of a message that Slack would make more of than text. */
function alive(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(alive)
  if (typeof value !== 'object' || value === null) return []
  const { type, user_id: user, url } = value as Record<string, unknown>
  const own = type === 'user' ? [`@${user}`] : []
  const lively = ['channel', 'broadcast', 'usergroup', 'mrkdwn'].includes(String(type))
  return [...own, ...(lively ? [String(type)] : []), ...(type === 'link' ? [String(url)] : []), ...Object.values(value).flatMap(alive)] // biome-ignore format: one value
}

describe('A30: what others write', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '<!channel>',
      '<@U123>',
      '<http://evil|click>',
      '*b*',
      '\u202e',
      '`',
      '&lt;',
      '',
    ),
    fc.string({ minLength: 3_000, maxLength: 6_000 }),
  )

  it('stays text, whatever it is, and fits', () => {
    fc.assert(
      fc.property(words, (text) => {
        const card = hostile(text)
        const refusal = answer({ kind: 'refusal', code: 'invalid', message: text }, context)
        for (const payload of [requestMessage(card, context), refusal]) {
          expect(blockProblems(payload)).toEqual([])
          const found = alive(payload).filter((one) => !ownUsers.includes(one.slice(1)))
          // A link is one that a browser may open, and never one that only looks like it.
          expect(found.filter((one) => !/^https?:\/\//.test(one))).toEqual([])
          expect(payload.text).not.toMatch(/<[!@#h]/)
        }
        expect(alive(stepsOf(card, context)).filter((one) => one.startsWith('@'))).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
