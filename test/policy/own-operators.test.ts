import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { checkRule } from '../../src/policy/rule-check.ts'
import { run } from './support/rules.ts'

const tag = { var: 'artifact.version.tag' }
const tagged = (text: string): Facts => ({ artifact: { version: { tag: text } } })

describe('semver', () => {
  test.each<{ tag: string; range: string; want: boolean | 'error' }>([
    { tag: '1.2.3', range: '^1.0.0', want: true },
    { tag: 'v1.2.3', range: '1.x', want: true },
    { tag: '2.0.0', range: '^1.0.0', want: false },
    { tag: '1.3.0-rc.1', range: '^1.0.0', want: false },
    { tag: '1.3.0-rc.1', range: '>=1.3.0-rc.0', want: true },
    { tag: '1.2', range: '*', want: 'error' },
    { tag: 'nightly', range: '*', want: 'error' },
    { tag: '', range: '*', want: 'error' },
  ])('$tag in $range is $want', ({ tag: text, range, want }) => {
    expect(run({ semver: [tag, range] }, tagged(text)).result).toBe(want)
    const not = want === 'error' ? 'error' : !want
    expect(run({ '!': { semver: [tag, range] } }, tagged(text)).result).toBe(not)
  })

  test.each(['', '   ', 'latest', '1.2.3.4', '>>1'])('refuses the range %j', (range) => {
    const checked = checkRule({ semver: [tag, range] })
    expect(checked).toMatchObject({ kind: 'problems', problems: [{ pointer: '/semver/1' }] })
  })
})

describe('A27: approvedBy', () => {
  const approved = (by: string[], roles = {}, teams = {}): Facts => ({
    actor: { login: 'alice' },
    approvals: { by, roles, teams },
  })

  test.each<{ name: string; rule: object; facts: Facts; want: boolean }>([
    { name: 'one of one', rule: {}, facts: approved(['bob']), want: true },
    { name: 'nobody', rule: {}, facts: approved([]), want: false },
    { name: 'only who asked', rule: {}, facts: approved(['alice']), want: false },
    { name: 'one twice', rule: { count: 2 }, facts: approved(['bob', 'bob']), want: false },
    { name: 'two', rule: { count: 2 }, facts: approved(['bob', 'carol']), want: true },
    {
      name: 'one with the role',
      rule: { count: 2, role: 'approver' },
      facts: approved(['bob', 'carol'], { approver: ['bob'] }),
      want: false,
    },
    {
      name: 'one with the role, another of the team',
      rule: { role: 'approver', team: 'ops' },
      facts: approved(['bob', 'carol'], { approver: ['bob'] }, { ops: ['carol'] }),
      want: false,
    },
    {
      name: 'one with both',
      rule: { role: 'approver', team: 'ops' },
      facts: approved(['bob'], { approver: ['bob'] }, { ops: ['bob'] }),
      want: true,
    },
    {
      name: 'someone with a role who did not approve',
      rule: { role: 'approver' },
      facts: approved(['bob'], { approver: ['carol'] }),
      want: false,
    },
  ])('$name is $want', ({ rule, facts, want }) => {
    expect(run({ approvedBy: rule }, facts).result).toBe(want)
  })

  test('never counts who asked, whoever approved', () => {
    const login = fc.constantFrom('alice', 'bob', 'carol', 'dave')
    fc.assert(
      fc.property(fc.array(login), fc.integer({ min: 1, max: 5 }), (by, count) => {
        const others = new Set(by.filter((one) => one !== 'alice')).size
        expect(run({ approvedBy: { count } }, approved(by)).result).toBe(others >= count)
      }),
    )
  })

  test('without facts is an error', () => {
    expect(run({ approvedBy: {} }, {}).result).toBe('error')
  })
})

describe('lists and times', () => {
  const facts: Facts = {
    actor: { login: 'alice', roles: ['releaser'], teams: ['platform', 'web'] },
    approvals: { by: ['bob', 'bob', 'carol'] },
    envs: { staging: { releasedAt: 1_000 } },
    now: { unix: 1_000 + 30 * 60 + 59 },
    artifact: { images: { image: { tag: 'v1' }, api: { tag: 'v2' } } },
  }

  test.each<{ rule: unknown; want: boolean | 'error' }>([
    { rule: { hasRole: 'releaser' }, want: true },
    { rule: { hasRole: 'admin' }, want: false },
    { rule: { inTeam: 'web' }, want: true },
    { rule: { inTeam: 'we' }, want: false },
    { rule: { subset: [{ var: 'actor.teams' }, ['web', 'platform', 'x']] }, want: true },
    { rule: { subset: [{ var: 'actor.teams' }, ['web']] }, want: false },
    { rule: { subset: [{ var: ['approvals.teams.x', []] }, ['web']] }, want: true },
    { rule: { '==': [{ count: { var: 'approvals.by' } }, 3] }, want: true },
    { rule: { '==': [{ count: { distinct: { var: 'approvals.by' } } }, 2] }, want: true },
    { rule: { '==': [{ count: { var: 'locks.by' } }, 0] }, want: 'error' },
    { rule: { '==': [{ minutesSince: 'envs.staging.releasedAt' }, 30] }, want: true },
    { rule: { '<': [{ minutesSince: { var: 'envs.qa.releasedAt' } }, 5] }, want: 'error' },
    { rule: { '==': [{ image: 'tag' }, 'v1'] }, want: true },
    { rule: { '==': [{ image: ['api', 'tag'] }, 'v2'] }, want: true },
    { rule: { '==': [{ image: 'digest' }, ''] }, want: 'error' },
  ])('$rule is $want', ({ rule, want }) => {
    expect(run(rule, facts).result).toBe(want)
  })
})

describe('A20: refused, with the place and what to write', () => {
  test.each<{ rule: unknown; want: string }>([
    { rule: { hasRole: 'approvers' }, want: '/hasRole takes one of' },
    { rule: { inTeam: 'a b' }, want: '/inTeam must be the name of a team' },
    { rule: { approvedBy: 2 }, want: '/approvedBy takes an object' },
    { rule: { approvedBy: { n: 2 } }, want: '/approvedBy/n there is no key "n"' },
    { rule: { approvedBy: { count: 0 } }, want: '/approvedBy/count must be a whole number' },
    { rule: { approvedBy: { count: '2' } }, want: '/approvedBy/count must be a whole number' },
    { rule: { approvedBy: { role: 'boss' } }, want: '/approvedBy/role must be one of' },
    { rule: { count: { var: 'approvals.by' } }, want: 'is a value and no comparison' },
    { rule: { '>': [{ count: { var: 'app' } }, 1] }, want: '/>/0/count takes a list' },
    { rule: { '>': [{ count: ['a'] }, 1] }, want: '/>/0/count' },
    { rule: { '>': [{ minutesSince: 'now.hour' }, 1] }, want: 'now.hour is no time' },
    { rule: { '==': [{ image: 'name' }, 'x'] }, want: '/==/0/image takes one of registry' },
    { rule: { subset: [{ var: 'app' }, ['a']] }, want: '/subset/0 must be a list of texts' },
    { rule: { subset: [['a'], ['a']] }, want: 'compares two literals' },
    { rule: { semver: ['1.0.0', '^1'] }, want: '/semver/0 must be a fact that is text' },
    { rule: { within: [] }, want: '/within is an empty list' },
  ])('$rule', ({ rule, want }) => {
    const checked = checkRule(rule)
    const problems = checked.kind === 'problems' ? checked.problems : []
    expect(problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')).toContain(want) // biome-ignore format: one claim
  })
})
