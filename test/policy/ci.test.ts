import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CiRun } from '../../src/domain/ci-run.ts'
import { readCi } from '../../src/policy/ci.ts'
import { decide } from '../../src/policy/decide.ts'
import { loadPolicies } from '../../src/policy/policy.ts'

const issuer = 'https://token.actions.githubusercontent.com'
const entry = { issuer, repository: 'acme/web', repositoryId: 7 }
const run: CiRun = {
  ...entry,
  kind: 'github',
  sha: 'c'.repeat(40),
  ref: 'refs/heads/main',
  event: 'push',
  built: { event: 'push', branch: 'main' },
  workflow: 'acme/web/.github/workflows/build.yml@refs/heads/main',
  environment: null,
  token: { id: 'one', untilUnix: 0 },
}
const read = (...ci: readonly unknown[]) => readCi(JSON.stringify({ ci }))
const problems = (...ci: readonly unknown[]) =>
  read(...ci).problems.map(({ pointer, message }) => `${pointer} ${message}`)

describe('a run may post', () => {
  test.each([
    { name: 'of any branch, where no refs are named', entries: [entry] },
    { name: 'of a ref that is named', entries: [{ ...entry, refs: ['refs/heads/main'] }] },
    { name: 'of a pattern', entries: [{ ...entry, refs: ['refs/tags/*', 'refs/heads/*'] }] },
    { name: 'by one entry of several', entries: [{ ...entry, refs: ['refs/tags/*'] }, entry] },
    {
      name: 'by a workflow of any ref',
      entries: [{ ...entry, workflows: ['acme/web/.github/workflows/build.yml@*'] }],
    },
  ])('$name', ({ entries }) => {
    const { ci, problems: none } = read(...entries)
    expect(none).toEqual([])
    expect(ci.problemOf(run)).toBeNull()
  })

  test('F33: of no other number, whatever else is alike', () => {
    const { ci } = read(entry)
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom('acme/web', 'acme/web2'),
        (repositoryId, repository) => {
          const isRight = repositoryId === 7 && repository === 'acme/web'
          expect(ci.problemOf({ ...run, repositoryId, repository }) === null).toBe(isRight)
        },
      ),
    )
  })

  test('a refusal holds the line to write, which then lets it in', () => {
    const { message = '' } = read().ci.problemOf({ ...run, event: 'schedule' }) ?? {}
    const line = JSON.parse(message.slice(message.indexOf('{')))
    expect(line).toEqual({ ...entry, events: ['schedule'] })
    expect(read(line).ci.problemOf({ ...run, event: 'schedule' })).toBeNull()
  })
})

describe('a ci.json that cannot be used', () => {
  test.each([
    {
      name: 'no issuer',
      given: { ...entry, issuer: undefined },
      says: '/ci/0/issuer must be the URL',
    },
    {
      name: 'an issuer of another scheme',
      given: { ...entry, issuer: 'file:///x' },
      says: '/ci/0/issuer must be the URL',
    },
    {
      name: 'a number as text',
      given: { ...entry, repositoryId: '7' },
      says: '/ci/0/repositoryId must be the number',
    },
    {
      name: 'no number',
      given: { ...entry, repositoryId: undefined },
      says: '/ci/0/repositoryId must be the number',
    },
    {
      name: 'a number below 1',
      given: { ...entry, repositoryId: 0 },
      says: '/ci/0/repositoryId must be a number above 0',
    },
    {
      name: 'a repository that is none',
      given: { ...entry, repository: '../web' },
      says: '/ci/0/repository must be a repository',
    },
    {
      name: 'a misspelt key',
      given: { ...entry, ref: ['x'] },
      says: '/ci/0/ref there is no key "ref"; did you mean refs?',
    },
    { name: 'an empty list', given: { ...entry, refs: [] }, says: '/ci/0/refs is an empty list' },
    {
      name: 'a ref that is no list',
      given: { ...entry, refs: 'refs/heads/main' },
      says: '/ci/0/refs must be a list',
    },
    {
      name: 'a pattern that is none',
      given: { ...entry, refs: ['{a'] },
      says: '/ci/0/refs/0 is no pattern',
    },
    {
      name: 'a ! in a list',
      given: { ...entry, refs: ['!a', '!b'] },
      says: '/ci/0/refs has a ! in a list',
    },
    {
      name: 'pull_request_target',
      given: { ...entry, events: ['pull_request_target'] },
      says: '/ci/0/events/0 must not be pull_request_target',
    },
    {
      name: 'a pattern of events',
      given: { ...entry, events: ['*'] },
      says: '/ci/0/events/0 must be your CI’s own word',
    },
  ])('$name', ({ given, says }) => {
    expect(problems(given)).toEqual([expect.stringContaining(says)])
    expect(read(given).ci.hasIssuer(issuer)).toBe(false)
  })

  test.each([
    { name: 'a name of two repositories', other: { ...entry, repositoryId: 8 } },
    { name: 'a repository of two names', other: { ...entry, repository: 'acme/site' } },
  ])('A9: $name', ({ other }) => {
    expect(problems(entry, other)).toEqual([expect.stringContaining('/ci/1 ')])
    // Of another issuer a number says something else.
    expect(problems(entry, { ...other, issuer: 'https://gitlab.com' })).toEqual([])
  })

  test('lets nobody post, is told, and stops no release', () => {
    const files = new Map([['ci.json', '{"ci": [}']])
    const policies = loadPolicies({ version: '1', files })
    expect(policies.invalid).toMatchObject([{ file: 'ci.json', problems: [{ pointer: '' }] }])
    expect(policies.ci.hasIssuer(issuer)).toBe(false)
    const question = { app: 'web', env: 'production', facts: {}, nowMs: 0 }
    expect(decide(policies, question)).toMatchObject({ verdict: 'allow' })
  })
})
