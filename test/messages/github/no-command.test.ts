import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestCard } from '../../../src/domain/card.ts'
import { eventStatuses } from '../../../src/domain/event.ts'
import type { Outcome } from '../../../src/domain/outcome.ts'
import { commentLines } from '../../../src/ingress/github/comment-lines.ts'
import { code, codeBlock, fold, link, words } from '../../../src/messages/github/markdown.ts'
import { outcomeReply, problemReply, requestReply } from '../../../src/messages/github/reply.ts'
import { commitStatus, deploymentOf, stateText } from '../../../src/messages/github/shipment.ts'
import { stickyText } from '../../../src/messages/github/sticky.ts'
import { healthOf } from '../../support/builders.ts'

const sha = '1'.repeat(40)
const context = {
  githubUrl: 'https://github.com',
  githubLogin: (login: string) => (login.startsWith('g') ? login : null),
  commitUrl: (ref: string) => `https://git.example.com/commit/${ref}`,
}

/** What someone would write who wants our own comment to be read as a command. */
const piece = fc.constantFrom(
  ...['/gimlet approve r-1', '/gimlet', '\n', '\n\n', '\r', '\u2028', '\u000b', ' ', '\t'],
  ...['`', '```', '~~~', '</details>', '<details>', '<!--', '-->', '<br>', '\\', '|', '>', '-'],
  ...['1.', '*', '_', '[a](', ')', '&#47;', '&NewLine;', '[^1]:', '$$', 'x', '@everyone', '#1'],
)
const evil = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

const release = (text: string) => ({
  ...{ id: text, app: text, env: text, artifactId: text, triggeredBy: text, created: 1 },
  version: { repositoryName: text, sha, branch: text, tag: text, message: text } as never,
  ...{ gitopsRef: sha, gitopsRepo: text, status: 'pushed' as const, rolledBack: false },
  ...{ decisionId: text, policyVersion: text },
  health: healthOf({ state: 'failed', message: text, reason: text }),
})
const lock = (text: string) => ({
  ...{ id: text, kind: 'freeze' as const, env: text, app: text, reason: text, by: text },
  ...{ createdUnix: 1, untilUnix: 2 },
})
const cards = (text: string): RequestCard[] =>
  eventStatuses.map((status) => ({
    event: {
      ...{ id: text, type: 'release', status, statusDesc: text, env: text, app: text },
      ...{ artifactId: text, triggeredBy: text, reason: text, created: 1, expires: null },
      ...{ decisionId: text, forced: true, approvals: [text], releases: [], events: [] },
      gitopsHashes: [{ hash: text, status: 'pushed', statusDesc: text }],
    },
    version: release(text).version,
    ...{ release: release(text), before: release(text), isRunning: true, parts: [] },
    ...{ wishes: [], approvers: [text, `g${text}`], warnings: [text], policy: text },
  }))
const outcomes = (text: string): Outcome[] => [
  { kind: 'refusal', code: 'invalid', message: text },
  { kind: 'status', env: text, status: { [text]: { [text]: release(text), [`${text}2`]: null } } },
  { kind: 'history', releases: [release(text)] },
  { kind: 'approved', id: text, by: text },
  { kind: 'rejected', id: text, by: text, what: 'withdrawn' },
  { kind: 'locked', lock: lock(text) },
  { kind: 'unlocked', locks: [lock(text)] },
  { kind: 'locks', locks: [lock(text)] },
  { kind: 'blocked', block: { artifactId: text, reason: text, by: text, createdUnix: 1 }, isNew: true }, // biome-ignore format: one row
  { kind: 'unblocked', artifactId: text },
  { kind: 'artifacts', artifacts: [{ id: text, version: release(text).version } as never] },
  { kind: 'whoami', whoami: { login: text, roles: [text as never], teams: [], repositories: [], actions: [text] } }, // biome-ignore format: one row
  { kind: 'plans', plans: [{ app: text, env: text, artifactId: text, diff: text, problem: text, decision: { verdict: 'hold', message: text, warnings: [text] } as never }] }, // biome-ignore format: one row
]

/** Every text that we write on GitHub, with someone's words wherever such can stand. */
function texts(text: string): string[] {
  const why = { id: text, card: null, message: text, lines: [text, text], policyVersion: text }
  const places = [{ env: text, app: text, running: release(text), address: text }, { env: text, app: text, running: null, address: null }] // biome-ignore format: one value
  return [
    ...[words(text), `a ${words(text)}`, code(text), codeBlock(text, 'diff', 50), link(words(text), text)], // biome-ignore format: one list
    fold(text, words(text)),
    ...cards(text).map((card) => requestReply(card, { explanation: why, changes: text }, context)),
    ...outcomes(text).map(outcomeReply),
    problemReply({ message: text, suggestions: [text] }),
    ...[true, false].map(
      (isOpen) =>
      stickyText({ headSha: sha, isOpen, artifactId: text, places, waiting: cards(text), locks: [lock(text)] }, context), // biome-ignore format: one value
    ),
  ]
}

describe('R21: no text that we write', () => {
  it('has a line that we would take for a command', () => {
    fc.assert(
      fc.property(evil, (text) => {
        for (const written of texts(text)) expect(commentLines(written).lines, written).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  it('closes a mark of ours, and so hides or shows what is not ours', () => {
    fc.assert(
      fc.property(evil, (text) => {
        const [open] = cards(text)
        const view = { headSha: sha, isOpen: true, artifactId: text, places: [], waiting: [open!], locks: [lock(text)] } // biome-ignore format: one value
        expect(stickyText(view, context).split('\n').filter((line) => /^\s*<!--/.test(line))).toEqual([]) // biome-ignore format: one line
      }),
      { numRuns: 200 },
    )
  })
})

describe('what GitHub’s own surfaces say', () => {
  it('is a line of at most 140 characters', () => {
    fc.assert(
      fc.property(evil, fc.integer({ min: 0, max: 300 }), (text, times) => {
        for (const card of cards(text + 'x'.repeat(times))) {
          const shipment = { card, repository: 'example/web', app: 'web', env: 'staging', sha, artifactId: text, isOneOfMany: false, isPreview: false, isOvertaken: false, address: text } // biome-ignore format: one value
          const said = [stateText(shipment), commitStatus(shipment, context).description, deploymentOf(shipment).description] // biome-ignore format: one list
          for (const one of said) {
            expect([...one].length).toBeLessThanOrEqual(140)
            expect(one).not.toMatch(/[\n\r]/)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
