import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Artifact, Version } from '../../src/domain/artifact.ts'
import type { EventView, Outcome } from '../../src/domain/outcome.ts'
import type { Release } from '../../src/domain/release.ts'
import { plain } from '../../src/messages/paint.ts'
import { outcomeText } from '../../src/messages/text.ts'

const style = { paint: plain, nowUnix: 1_000_000 }
const version = (text: string): Version => ({
  repositoryName: 'acme/web',
  sha: 'abcdef12',
  created: 1,
  branch: text,
  event: 'push',
  sourceBranch: '',
  targetBranch: '',
  tag: '',
  authorName: text,
  authorEmail: '',
  committerName: '',
  committerEmail: '',
  message: text,
  url: text, // biome-ignore format: one value
})
const release = (text: string, more: Partial<Release> = {}): Release => ({
  id: 'r-1',
  app: 'web',
  env: 'staging',
  artifactId: text,
  triggeredBy: text,
  version: version(text),
  gitopsRef: 'abcdef1234567890',
  gitopsRepo: text,
  created: 999_940,
  status: 'pushed',
  rolledBack: false,
  decisionId: 'd-1',
  policyVersion: 'v',
  ...more, // biome-ignore format: one value
})
const artifact = (text: string): Artifact => ({
  id: text,
  created: 1,
  version: version(text),
  context: {},
  environments: [],
  items: [{ name: text }], // biome-ignore format: one value
})
const event = (text: string, more: Partial<EventView> = {}): EventView => ({
  id: 'r-1',
  type: 'release',
  status: 'processed',
  statusDesc: text,
  env: 'staging',
  app: 'web',
  artifactId: text,
  triggeredBy: text,
  reason: text,
  created: 1,
  expires: null,
  decisionId: null,
  forced: false,
  approvals: [],
  gitopsHashes: [{ hash: 'abcdef1234567890', status: 'pushed', statusDesc: '' }],
  releases: [],
  events: [],
  ...more, // biome-ignore format: one value
})
const decision = { id: 'd-1', eventId: 'r-1', app: 'web', env: 'production', verdict: 'deny', policy: 'staging-first', message: 'Release it to staging first', warnings: [], forced: [], newer: 'supersedes', expiresInMs: null, policyVersion: 'v', tip: '0', facts: {}, trace: [], created: 1 } as const // biome-ignore format: one value

const outcomesOf = (text: string): Outcome[] => [
  { kind: 'refusal', code: 'not_found', message: text },
  { kind: 'artifact-stored', artifact: artifact(text), isNew: true },
  { kind: 'artifact', artifact: artifact(text) },
  { kind: 'artifacts', artifacts: [artifact(text)] },
  { kind: 'status', env: '*', status: { staging: { web: release(text) } } },
  { kind: 'history', releases: [release(text)] },
  { kind: 'event', event: event(text, { events: [event(text)] }) },
  {
    kind: 'plans',
    plans: [
      { app: 'web', env: 'production', artifactId: text, decision: { ...decision, message: text }, diff: `+${text}`, problem: text }, // biome-ignore format: one value
    ],
  },
]

describe('text for a terminal', () => {
  it('A30: holds nothing from outside that moves the cursor, hides or colours', () => {
    const hostile = fc
      .array(
        fc.constantFrom(
          'a',
          '\u001b[2J',
          '\u0007',
          '\u202e',
          '\u200b',
          '\r',
          '\u009b',
          '\ufeff',
          '\u2028',
        ),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(hostile, (text) =>
        outcomesOf(text).every((outcome) => {
          const lines = outcomeText(outcome, style).replaceAll('\n', '')
          return !/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u.test(lines)
        }),
      ),
    )
  })

  it('says of a denied request what, why, who and which', () => {
    const outcome = { kind: 'event', event: event('Release it to staging first', { status: 'denied', triggeredBy: 'ada', gitopsHashes: [] }) } as const // biome-ignore format: one value
    const text = outcomeText(outcome, style)
    for (const part of ['denied', 'web → staging', 'Release it to staging first', 'by ada', 'r-1'])
      expect(text).toContain(part)
  })

  it('names the GitOps commit of what landed', () => {
    expect(outcomeText({ kind: 'event', event: event('x') }, style)).toContain(
      'GitOps commit abcdef12',
    )
  })

  it('tells which releases of a history were rolled back, and to what', () => {
    const releases = [
      release('one', { rollbackTo: '1234567890abcdef' }),
      release('two', { rolledBack: true }),
      release('one'),
    ]
    const [, first, second] = outcomeText({ kind: 'history', releases }, style).split('\n')
    expect(first).toContain('rollback to 12345678')
    expect(second).toContain('rolled back')
  })

  it('shows what a dry run would do before the diff', () => {
    const plan = { app: 'web', env: 'production', artifactId: 'web-1', decision, diff: '+image: 2', problem: null } // biome-ignore format: one value
    const lines = outcomeText({ kind: 'plans', plans: [plan] }, style).split('\n')
    expect(lines[0]).toBe('web → production: web-1 would be denied (policy staging-first)')
    expect(lines[1]).toContain('Release it to staging first')
    expect(lines.at(-1)).toBe('+image: 2')
  })

  it('has a row for an app that was never released', () => {
    const status = { staging: { web: null } }
    expect(outcomeText({ kind: 'status', env: '*', status }, style)).toContain(
      'nothing is released yet',
    )
  })
})
