import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { checkRule } from '../../src/policy/rule-check.ts'
import { run } from './support/rules.ts'

const tag = { var: 'artifact.version.tag' }
/** What is wrong with a rule, each with its place. */
const problems = (rule: unknown): string[] => {
  const checked = checkRule(rule)
  return checked.kind === 'rule'
    ? []
    : checked.problems.map(({ pointer, message }) => `${pointer} ${message}`)
}
const tagged = (text: string): Facts => ({ artifact: { version: { tag: text } } })

describe('A20: semver', () => {
  test.each<{ tag: string; range: string; want: boolean | 'error' }>([
    { tag: '1.2.3', range: '^1.0.0', want: true },
    { tag: 'v1.2.3', range: '1.x', want: true },
    { tag: '2.0.0', range: '^1.0.0', want: false },
    { tag: '1.3.0-rc.1', range: '^1.0.0', want: false },
    { tag: '1.3.0-rc.1', range: '>=1.3.0-rc.0', want: true },
    { tag: '3.0.0-rc.1', range: '>=2 <3', want: false },
    { tag: '1.2.3-rc.1', range: '*', want: false },
    { tag: '1.2.3+build.7', range: '1.2.3', want: true },
    { tag: '2.9.9', range: '>=2.1.0 <3', want: true },
    { tag: '2.0.9', range: '>=2.1.0 <3', want: false },
    { tag: '4.0.1', range: '~1.2 || ^4', want: true },
    { tag: '3.9.9', range: '~1.2 || ^4', want: false },
    { tag: '2.9.0', range: '1.2 - 2.8', want: false },
    { tag: '0.0.0', range: '*', want: true },
    { tag: '1.2', range: '*', want: 'error' },
    { tag: 'release-1.2.3', range: '*', want: 'error' },
    { tag: '1.2.3.4', range: '*', want: 'error' },
    { tag: '01.2.3', range: '*', want: 'error' },
    { tag: `1.2.3-${'a'.repeat(300)}`, range: '*', want: 'error' },
    { tag: 'nightly', range: '*', want: 'error' },
    { tag: '', range: '*', want: 'error' },
  ])('$tag in $range is $want', ({ tag: text, range, want }) => {
    expect(run({ semver: [tag, range] }, tagged(text)).result).toBe(want)
    const not = want === 'error' ? 'error' : !want
    expect(run({ '!': { semver: [tag, range] } }, tagged(text)).result).toBe(not)
  })

  // Beside || nothing would be any version.
  const wrong = ['', '   ', 'latest', '1.2.3.4', '>>1', '>=2, <3', '>=2 |', '>=2 ||', '|| ^1', '^1 || || ^2', '||'] // biome-ignore format: one list
  test.each(wrong)('refuses the range %j, and says what to write', (range) => {
    expect(problems({ semver: [tag, range] })).toEqual([
      `/semver/1 ${JSON.stringify(range)} is no range of versions: write ^2.1.0 or >=2 <3`,
    ])
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
      name: 'who asked, with the role and of the team',
      rule: { role: 'approver', team: 'ops' },
      facts: approved(['alice'], { approver: ['alice'] }, { ops: ['alice'] }),
      want: false,
    },
    {
      name: 'one with the role who is there twice',
      rule: { count: 2, role: 'approver' },
      facts: approved(['bob', 'bob'], { approver: ['bob', 'bob'] }),
      want: false,
    },
    {
      name: 'a role that nobody of those has',
      rule: { role: 'approver' },
      facts: approved(['bob', 'carol']),
      want: false,
    },
    {
      name: 'a team that nobody of those is in',
      rule: { team: 'ops' },
      facts: approved(['bob', 'carol'], { approver: ['bob'] }),
      want: false,
    },
    {
      name: 'two with both of three',
      rule: { count: 2, role: 'approver', team: 'ops' },
      facts: approved(
        ['bob', 'carol', 'dave'],
        { approver: ['bob', 'carol'] },
        { ops: ['dave', 'bob', 'carol'] },
      ),
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

  test.each<{ name: string; facts: unknown }>([
    { name: 'any facts', facts: {} },
    { name: 'who asked', facts: { approvals: { by: ['bob'] } } },
    { name: 'who approved', facts: { actor: { login: 'alice' } } },
    { name: 'a list of who approved', facts: { ...approved([]), approvals: { by: 'bob' } } },
    { name: 'a list of texts', facts: { ...approved([]), approvals: { by: [7] } } },
    {
      name: 'a list of the role',
      facts: { ...approved([]), approvals: { by: ['bob'], roles: { approver: 'bob' } } },
    },
  ])('without $name is an error', ({ facts }) => {
    const rule = { approvedBy: { role: 'approver' } }
    expect(run(rule, facts as Facts).result).toBe('error')
    expect(run({ '!': rule }, facts as Facts).result).toBe('error')
  })
})

describe('A20, F26: lists and times', () => {
  const facts: Facts = {
    actor: { login: 'alice', roles: ['releaser'], teams: ['platform', 'web'] },
    approvals: { by: ['bob', 'bob', 'carol'] },
    envs: {
      staging: { releasedAt: 1_000 },
      later: { releasedAt: 1_000 + 32 * 60 },
      odd: { releasedAt: '1000' },
    },
    now: { unix: 1_000 + 30 * 60 + 59 },
    artifact: { images: { image: { tag: 'v1' }, api: { tag: 'v2' }, semantic: { tag: 'v2.1.0' } } },
    locks: { reasons: [] },
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
    { rule: { '==': [{ image: ['jobs', 'tag'] }, 'v2'] }, want: 'error' },
    { rule: { '==': [{ var: ['artifact.images.jobs.tag', 'v9'] }, 'v9'] }, want: true },
    { rule: { startsWith: [{ image: 'tag' }, 'v'] }, want: true },
    { rule: { semver: [{ image: ['semantic', 'tag'] }, '^2'] }, want: true },
    { rule: { '==': [{ count: { distinct: { var: 'actor.teams' } } }, 2] }, want: true },
    { rule: { '==': [{ count: { var: ['locks.by', []] } }, 0] }, want: true },
    { rule: { in: ['bob', { distinct: { var: 'approvals.by' } }] }, want: true },
    { rule: { '==': [{ minutesSince: 'envs.odd.releasedAt' }, 0] }, want: 'error' },
    { rule: { '==': [{ minutesSince: 'envs.later.releasedAt' }, -2] }, want: true },
    { rule: { hasRole: ['releaser'] }, want: true },
    { rule: { subset: [{ var: 'locks.by' }, ['a']] }, want: 'error' },
    // Nothing at all is in every list.
    { rule: { subset: [{ var: 'locks.reasons' }, ['a']] }, want: true },
  ])('$rule is $want', ({ rule, want }) => {
    expect(run(rule, facts).result).toBe(want)
    expect(run({ '!': rule }, facts).result).toBe(want === 'error' ? want : !want)
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
    {
      rule: { '>': [{ minutesSince: { var: ['envs.staging.releasedAt', 0] } }, 1] },
      want: 'takes no default',
    },
    { rule: { '==': [{ image: 'name' }, 'x'] }, want: '/==/0/image takes one of registry' },
    { rule: { subset: [{ var: 'app' }, ['a']] }, want: '/subset/0 must be a list of texts' },
    { rule: { subset: [['a'], ['a']] }, want: 'compares two literals' },
    { rule: { semver: ['1.0.0', '^1'] }, want: '/semver/0 must be a fact that is text' },
    { rule: { within: [] }, want: '/within is an empty list' },
    { rule: { hasRole: 'aprover' }, want: '; did you mean approver?' },
    { rule: { hasRole: ['admin', 'ci'] }, want: '/hasRole takes one of' },
    { rule: { hasRole: { var: 'app' } }, want: '/hasRole takes one of' },
    { rule: { inTeam: 7 }, want: '/inTeam must be the name of a team' },
    { rule: { inTeam: '' }, want: '/inTeam must be the name of a team' },
    { rule: { approvedBy: { counts: 2 } }, want: '; did you mean count?' },
    { rule: { approvedBy: { count: 1.5 } }, want: '/approvedBy/count must be a whole number' },
    { rule: { approvedBy: { count: 21 } }, want: '/approvedBy/count must be a whole number' },
    { rule: { approvedBy: { count: null } }, want: '/approvedBy/count must be a whole number' },
    { rule: { approvedBy: { role: ['admin'] } }, want: '/approvedBy/role must be one of' },
    { rule: { approvedBy: { role: null } }, want: '/approvedBy/role must be one of' },
    { rule: { approvedBy: { team: 'a b' } }, want: '/approvedBy/team must be the name of a team' },
    { rule: { approvedBy: { team: 'constructor' } }, want: '"constructor" is no name' },
    { rule: { approvedBy: null }, want: '/approvedBy takes an object such as' },
    { rule: { '>': [{ counts: { var: 'locks.by' } }, 1] }, want: '; did you mean count?' },
    {
      rule: { '>': [{ count: { count: { var: 'locks.by' } } }, 1] },
      want: '/>/0/count takes a list, this is a number',
    },
    {
      rule: { '>': [{ count: { var: 'locks.by', x: 1 } }, 1] },
      want: '/>/0/count has several keys',
    },
    { rule: { '>': [{ count: [] }, 1] }, want: '/>/0/count is an empty list' },
    {
      rule: { in: ['a', { distinct: { distinct: { var: 'locks.by' } } }] },
      want: '/in/1/distinct is of what has no repeats already',
    },
    { rule: { '>': [{ count: { var: 'locks.by' } }, '1'] }, want: '/> compares numbers' },
    {
      rule: { '==': [{ distinct: { var: 'locks.by' } }, ['a']] },
      want: '/== compares a list: write in',
    },
    { rule: { '>': [{ distinct: { var: 'app' } }, 1] }, want: '/>/0/distinct takes a list' },
    {
      rule: { '>': [{ minutesSince: 5 }, 1] },
      want: '/>/0/minutesSince must be the path of a fact',
    },
    { rule: { '>': [{ minutesSince: {} }, 1] }, want: '/>/0/minutesSince' },
    {
      rule: { '>': [{ minutesSince: { var: 'envs.qa.releasedAt', in: [] } }, 1] },
      want: '/>/0/minutesSince has several keys',
    },
    {
      rule: { '>': [{ minutesSince: { count: { var: 'locks.by' } } }, 1] },
      want: '/>/0/minutesSince takes a moment',
    },
    {
      rule: { '>': [{ minutesSince: { image: 'tag' } }, 1] },
      want: 'artifact.images.image.tag is no time',
    },
    { rule: { '==': [{ image: ['api'] }, 'x'] }, want: '/==/0/image takes one of registry' },
    { rule: { '==': [{ image: ['tag', 'api'] }, 'x'] }, want: '/==/0/image takes one of registry' },
    {
      rule: { '==': [{ image: ['a.b', 'tag'] }, 'x'] },
      want: 'there is no fact "artifact.images.a.b.tag"',
    },
    { rule: { '==': [{ image: ['*', 'tag'] }, 'x'] }, want: 'must have a name in place of *' },
    { rule: { image: 'tag' }, want: 'is a value and no comparison' },
    { rule: { subset: [{ var: 'actor.teams' }] }, want: '/subset takes a list of two lists' },
    { rule: { subset: [{ var: 'actor.teams' }, []] }, want: '/subset/1 is an empty list' },
    { rule: { subset: [{ var: 'actor.teams' }, [1]] }, want: '/subset/1 must be a list of texts' },
    {
      rule: { semver: [{ var: 'now.hour' }, '^1'] },
      want: '/semver/0 must be a fact that is text',
    },
    { rule: { semver: [tag, { var: 'app' }] }, want: '/semver/1 must be a text in quotes' },
    { rule: { semver: [tag] }, want: '/semver takes a list of two operands, such as [' },
  ])('$rule', ({ rule, want }) => {
    expect(problems(rule).join('; ')).toContain(want)
    expect(problems({ and: [true, { '!': rule }] }).join('; ')).toContain('/and/1/!')
  })
})
