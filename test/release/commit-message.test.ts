import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  readTrailers,
  type Trailers,
  writeCommitMessage,
} from '../../src/release/commit-message.ts'
import { sha } from '../support/builders.ts'

const names: Record<keyof Trailers, string> = {
  releaseId: 'Release-Id',
  artifactId: 'Artifact-Id',
  triggeredBy: 'Triggered-By',
  decisionId: 'Decision-Id',
  policyVersion: 'Policy-Version',
  sourceCommit: 'Source-Commit',
}
const trailers: Trailers = {
  releaseId: 'r-1',
  artifactId: 'owner/web-017d995e',
  triggeredBy: 'policy:main-to-staging',
  decisionId: 'd-1',
  policyVersion: 'sha256:0123456789abcdef',
  sourceCommit: sha,
}
const subject = '[Gimlet] production/web release web-1'

/** What git itself reads. */
const gitsTrailers = (message: string): string[] =>
  execFileSync('git', ['interpret-trailers', '--parse'], { input: message, cwd: '/' })
    .toString('utf8')
    .split('\n')
    .filter(Boolean)

const wanted = (set: Trailers): string[] =>
  (Object.keys(names) as (keyof Trailers)[]).map((key) => `${names[key]}: ${set[key]}`)

/** Texts that try to be trailers, and any other. */
const hostileReason = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        ...['\n', '\n\n', '\r\n', '\u2028', '\u0085', '\t', ' ', '"', '---', '#', ': '],
        ...['Release-Id: forged', 'Artifact-Id: forged', 'Signed-off-by: x', '\ud800', '𝕏', 'why'],
        ...[
          '(cherry picked from commit 0123)',
          'Release-Id:',
          '\u0000',
          '\u001b[2J',
          'x'.repeat(600),
        ],
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)

describe('A18: the trailers that git reads', () => {
  test('are exactly those that were set, whatever the reason says', () => {
    fc.assert(
      fc.property(hostileReason, (reason) => {
        const message = writeCommitMessage(subject, reason, trailers)
        expect(gitsTrailers(message)).toEqual(wanted(trailers))
      }),
      { numRuns: 150 },
    )
  })

  test('are exactly those that were set, whatever the values are', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@:+/-]{0,80}$/)
    const all = fc.record({
      releaseId: word,
      artifactId: word,
      triggeredBy: word,
      decisionId: word,
      policyVersion: word,
      sourceCommit: word,
    })
    fc.assert(
      fc.property(all, hostileReason, (set, reason) => {
        expect(gitsTrailers(writeCommitMessage(subject, reason, set))).toEqual(wanted(set))
      }),
      { numRuns: 100 },
    )
  })

  test.each(['\n', '\r', '\n\n', '\u2028', '\u0085'])('stay six when a value holds %j', (end) => {
    const forged = { ...trailers, triggeredBy: `alice${end}Release-Id: forged` }
    const parsed = gitsTrailers(writeCommitMessage(subject, '', forged))
    expect(parsed).toHaveLength(6)
    expect(parsed[0]).toBe('Release-Id: r-1')
  })
})

describe('a message that was written', () => {
  test('is read back as it was set, whatever the reason says', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@:+/-]{0,80}$|^$/)
    const all = fc.record({
      releaseId: word,
      artifactId: word,
      triggeredBy: word,
      decisionId: word,
      policyVersion: word,
      sourceCommit: word,
    })
    fc.assert(
      fc.property(all, hostileReason, (set, reason) => {
        expect(readTrailers(writeCommitMessage(subject, reason, set))).toEqual(set)
      }),
    )
  })

  test('has the subject as its first line and the reason in a line of its own', () => {
    const message = writeCommitMessage(subject, 'Fixes\nthe login', trailers)
    expect(message.split('\n').slice(0, 4)).toEqual([subject, '', 'Reason: "Fixes the login"', ''])
  })

  test('holds nothing that moves a terminal’s cursor or begins a line', () => {
    fc.assert(
      fc.property(hostileReason, hostileReason, (reason, said) => {
        const message = writeCommitMessage(`[Gimlet] ${said}`, reason, trailers)
        expect(message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        expect(message.split('\n\n').length).toBeLessThanOrEqual(3)
      }),
    )
  })
})

test.each([
  { name: 'nobody’s', message: 'by hand\n' },
  { name: 'an empty one', message: '' },
  { name: 'one with a part of the trailers', message: 'x\n\nRelease-Id: r-1\nArtifact-Id: a\n' },
  { name: 'one with trailers that are not the last paragraph', message: `${writeCommitMessage(subject, '', trailers)}\nmore\n` }, // biome-ignore format: one row
])('the trailers of $name message are none', ({ message }) => {
  expect(readTrailers(message)).toBeUndefined()
})
