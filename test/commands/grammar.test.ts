import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseWords } from '../../src/commands/grammar.ts'
import { isLabel } from '../../src/domain/names.ts'

const id = `example-service-${'017d995e32'.repeat(4)}`
const words = (line: string) => line.split(' ')

describe('a command', () => {
  test.each([
    { line: 'status', want: { verb: 'status', env: '*' } },
    { line: 'status web --env staging', want: { verb: 'status', env: 'staging', app: 'web' } },
    { line: 'release web staging', want: { verb: 'release', app: 'web', env: 'staging' } },
    { line: 'Release web to staging', want: { verb: 'release', app: 'web', env: 'staging' } },
    {
      line: 'release web@017d995 in staging',
      want: { verb: 'release', app: 'web', sha: '017d995', env: 'staging' },
    },
    { line: `release ${id} staging`, want: { verb: 'release', artifactId: id, env: 'staging' } },
    {
      line: 'release owner/web-1 staging',
      want: { verb: 'release', artifactId: 'owner/web-1', env: 'staging' },
    },
    {
      line: `release --artifactid ${id} --env staging --app web`,
      want: { verb: 'release', artifactId: id, env: 'staging', app: 'web' },
    },
    {
      line: `release make --env=staging --app=web --artifact=${id}`,
      want: { verb: 'release', artifactId: id, env: 'staging', app: 'web' },
    },
    {
      line: 'release web staging --reason prices --dry-run',
      want: { verb: 'release', app: 'web', env: 'staging', reason: 'prices', dryRun: true },
    },
    {
      line: 'diff web production',
      want: { verb: 'release', app: 'web', env: 'production', dryRun: true },
    },
    { line: 'rollback web production', want: { verb: 'rollback', app: 'web', env: 'production' } },
    {
      line: 'rollback web on production to 017d995e',
      want: { verb: 'rollback', app: 'web', env: 'production', sha: '017d995e' },
    },
    {
      line: 'rollbackto --sha 017d995e --env production --app web',
      want: { verb: 'rollback', app: 'web', env: 'production', sha: '017d995e' },
    },
    {
      line: 'release rollback --env production --app web --to 017d995e',
      want: { verb: 'rollback', app: 'web', env: 'production', sha: '017d995e' },
    },
    {
      line: 'release history --env production --app web',
      want: { verb: 'history', filter: { env: 'production', app: 'web', limit: 50 } },
    },
    {
      line: 'history web production --limit 5 --filter ada --since 2026-11-23T09:30:00Z',
      want: {
        verb: 'history',
        filter: { env: 'production', app: 'web', limit: 5, filter: 'ada', sinceUnix: 1795426200 },
      },
    },
    {
      line: 'artifact list --branch main --repo acme/web',
      want: {
        verb: 'artifacts',
        filter: { branch: 'main', repository: 'acme/web', limit: 50, offset: 0 },
      },
    },
    { line: 'delete web from staging', want: { verb: 'delete', app: 'web', env: 'staging' } },
    { line: 'WHOAMI', want: { verb: 'whoami' } },
  ])('is what "$line" means', ({ line, want }) => {
    expect(parseWords(words(line), 0)).toEqual({ kind: 'command', command: want })
  })

  test.each([
    { line: 'help release', want: { kind: 'help', topic: 'release' } },
    { line: 'track r-1', want: { kind: 'track', id: 'r-1' } },
    { line: 'artifact track web-1', want: { kind: 'track', id: 'web-1' } },
    { line: 'explain r-1', want: { kind: 'explain', id: 'r-1' } },
  ])('may be for the surface itself: "$line"', ({ line, want }) => {
    expect(parseWords(words(line), 0)).toEqual(want)
  })

  it('of no words is a wish for help', () => {
    expect(parseWords([], 0)).toEqual({ kind: 'help' })
  })
})

describe('words that are not understood', () => {
  test.each([
    { line: 'relese web staging', says: 'no command "relese"', suggests: 'release web staging' },
    { line: 'xyzzy', says: 'no command "xyzzy"', suggests: 'help' },
    { line: 'release web', says: 'needs more' },
    { line: 'release web staging $(id)', says: 'Unexpected "$(id)"' },
    { line: 'release web staging ; cat x', says: 'Unexpected ";"' },
    { line: 'release web staging --upload-pack=x', says: 'no --upload-pack' },
    { line: 'release web staging --raeson x', says: 'did you mean --reason?' },
    { line: 'release web staging --reason', says: 'needs a value' },
    { line: 'release ../x staging', says: 'neither an app nor an artifact id' },
    { line: 'status Web', says: 'an app is' },
    { line: `status ${'a'.repeat(64)}`, says: 'an app is' },
    { line: 'release web ../../etc', says: 'an environment is' },
    { line: 'rollback web production zzz', says: 'hexadecimal' },
    { line: 'artifacts web --limit 0', says: 'from 1 to 500' },
    { line: 'artifacts web --limit 501', says: 'from 1 to 500' },
    { line: 'artifacts web --since yesterday', says: 'a time is' },
    { line: 'history web', says: 'Name the environment' },
  ])('are never run: "$line"', ({ line, says, suggests }) => {
    const invocation = parseWords(words(line), 0)
    expect(invocation.kind).toBe('problem')
    if (invocation.kind !== 'problem') return
    expect(invocation.message).toContain(says)
    expect(invocation.suggestions.length).toBeLessThanOrEqual(3)
    if (suggests) expect(invocation.suggestions).toContain(suggests)
  })

  it('never break the parser, and what becomes a command names only labels (A12)', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'release',
        'promote',
        'rollback',
        'status',
        'history',
        'web',
        'staging',
        'to',
      ),
      fc.constantFrom('--env', '--app', '--sha=abc', '--reason', '--', '-', '--env=../x'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (typed) => {
        const invocation = parseWords(typed, 0)
        if (invocation.kind !== 'command') return true
        const { command } = invocation
        const target = 'filter' in command ? command.filter : command
        const names = ['env', 'app'].map((name) => (target as Record<string, unknown>)[name])
        return names.every((name) => name === undefined || name === '*' || isLabel(String(name)))
      }),
      { numRuns: 2_000 },
    )
  })
})

test('A12: what promote releases to is a name of an environment', () => {
  for (const env of ['../prod', 'pro!', '*'])
    expect(parseWords(['promote', 'web', 'staging', env], 0)).toMatchObject({ kind: 'problem' })
})

describe('a while', () => {
  it.each([
    { typed: '30m', seconds: 1_800 },
    { typed: '45min', seconds: 2_700 },
    { typed: '2h', seconds: 7_200 },
    { typed: '3d', seconds: 259_200 },
  ])('of $typed counts from now', ({ typed, seconds }) => {
    expect(parseWords(['lock', 'staging', '--reason', 'x', '--until', typed], 1_000)).toMatchObject(
      {
        command: { verb: 'lock', untilUnix: 1_000 + seconds },
      },
    )
    expect(parseWords(['history', 'web', 'staging', '--since', typed], 1_000_000)).toMatchObject({
      command: { filter: { sinceUnix: 1_000_000 - seconds } },
    })
  })

  it('that is none says what to write', () => {
    expect(parseWords(['lock', 'staging', '--reason', 'x', '--until', 'soon'], 0)).toMatchObject({
      kind: 'problem',
      message: expect.stringContaining('a while such as 30m, 2h or 3d'),
    })
  })
})

describe('a reason', () => {
  it('may be typed as it is spoken, to the end of the line', () => {
    const words = ['reject', 'r-1', 'not', 'in', 'the', 'evening']
    expect(parseWords(words, 0)).toMatchObject({ command: { reason: 'not in the evening' } })
    expect(parseWords(['block', 'web-1', 'loses', 'orders'], 0)).toMatchObject({
      command: { reason: 'loses orders' },
    })
  })
})
