import { describe, expect, test } from 'vitest'
import { type Grant, rolesAt } from '../../src/domain/actor.ts'
import { askedFor, decide } from '../../src/policy/decide.ts'
import { actorOf, readPeople } from '../../src/policy/people.ts'
import { load } from './support/policies.ts'

const alice = {
  login: 'alice',
  github: 'Alice-GH',
  slack: { team: 'T0001', user: 'U0001' },
  email: 'alice@example.com',
  tokens: ['alice-laptop'],
  teams: ['platform'],
  roles: ['releaser', { role: 'approver', env: 'production', app: ['web-*', 'shop'] }],
}
const read = (...people: readonly unknown[]) => readPeople(JSON.stringify({ people }))
const problems = (...people: readonly unknown[]) =>
  read(...people).problems.map(({ pointer, message }) => `${pointer} ${message}`)

describe('A27: a person is one, whatever the surface', () => {
  const { people } = read(alice, { login: 'bob' })

  test.each([
    { how: 'login', found: people.ofToken('alice') },
    { how: 'another token', found: people.ofToken('alice-laptop') },
    { how: 'GitHub, in any case', found: people.ofGithub('alice-gh') },
    { how: 'Slack', found: people.ofSlack({ team: 'T0001', user: 'U0001' }) },
  ])('by $how', ({ found }) => {
    expect(found?.login).toBe('alice')
  })

  test.each([
    {
      how: 'the Slack user of another workspace',
      found: people.ofSlack({ team: 'T0002', user: 'U0001' }),
    },
    { how: 'a login of another case', found: people.ofToken('Alice') },
    { how: 'a GitHub login as a token', found: people.ofToken('Alice-GH') },
    { how: 'an inherited name', found: people.ofToken('constructor') },
  ])('nobody by $how', ({ found }) => {
    expect(found).toBeUndefined()
  })

  test('has the roles of the token and of people.json, under the one login', () => {
    const user = { login: 'alice-laptop', roles: ['ci'], repositories: ['acme/web'], createdUnix: 0 } as const // biome-ignore format: one value
    expect(actorOf(user, people.ofToken('alice-laptop'))).toMatchObject({
      login: 'alice',
      roles: ['ci', ...alice.roles],
      teams: ['platform'],
      repositories: ['acme/web'],
    })
    expect(actorOf(undefined, undefined)).toBeUndefined()
  })

  test('is who they are without a token, and a token without a person is its owner', () => {
    expect(actorOf(undefined, people.ofToken('bob'))).toEqual({
      ...{ login: 'bob', kind: 'token', roles: [], teams: [], repositories: [] },
    })
    const robot = { login: 'ci', roles: ['ci', 'ci'], repositories: [], createdUnix: 0 } as const
    expect(actorOf(robot, undefined)).toMatchObject({ login: 'ci', roles: ['ci'], teams: [] })
  })
})

describe('A27: roles at a place', () => {
  const grants = alice.roles as readonly Grant[]
  test.each([
    { env: 'production', app: 'web-eu', want: ['releaser', 'approver'] },
    { env: 'production', app: 'shop', want: ['releaser', 'approver'] },
    { env: 'production', app: 'web', want: ['releaser'] },
    { env: 'staging', app: 'web-eu', want: ['releaser'] },
    { env: 'production', app: null, want: ['releaser'] },
  ])('$app in $env: $want', ({ env, app, want }) => {
    expect(rolesAt(grants, { env, app })).toEqual(want)
  })

  test.each<{
    grant: Exclude<Grant, string>
    env: string | null
    app: string | null
    want: boolean
  }>([
    { grant: { role: 'admin' }, env: null, app: null, want: true },
    { grant: { role: 'admin', env: '*' }, env: null, app: 'web', want: true },
    { grant: { role: 'admin', env: 'prod*' }, env: null, app: 'web', want: false },
    { grant: { role: 'admin', env: '!production' }, env: 'production', app: 'web', want: false },
    { grant: { role: 'admin', env: '!production' }, env: 'staging', app: 'web', want: true },
    // Of what is not known, nobody can say that it is not production.
    { grant: { role: 'admin', env: '!production' }, env: null, app: 'web', want: false },
    { grant: { role: 'admin', app: '{web,shop}' }, env: 'any', app: 'shop', want: true },
    { grant: { role: 'admin', app: ['web', 'shop-*'] }, env: 'any', app: 'shop', want: false },
    {
      grant: { role: 'admin', env: 'production', app: 'web' },
      env: 'production',
      app: 'api',
      want: false,
    },
    {
      grant: { role: 'admin', env: 'production', app: 'web' },
      env: 'staging',
      app: 'web',
      want: false,
    },
    { grant: { role: 'admin', env: '{' }, env: '{', app: 'web', want: false },
  ])('$grant for $app in $env: $want', ({ grant, env, app, want }) => {
    expect(rolesAt([grant], { env, app })).toEqual(want ? ['admin'] : [])
  })

  test('stand once, however often they are given', () => {
    const twice: Grant[] = ['releaser', { role: 'releaser', env: '*' }, 'releaser']
    expect(rolesAt(twice, { env: 'staging', app: 'web' })).toEqual(['releaser'])
    expect(rolesAt([], { env: 'staging', app: 'web' })).toEqual([])
  })

  test('anywhere are all of them', () => {
    expect(rolesAt(grants, null)).toEqual(['releaser', 'approver'])
  })
})

describe('F25: people.json is refused, with the place and what to write, for', () => {
  test.each<{ name: string; given: readonly unknown[]; want: string }>([
    {
      name: 'two logins that differ in case only',
      given: [alice, { login: 'Alice' }],
      want: '/people/1 login Alice is alice already',
    },
    {
      name: 'two people with one login',
      given: [alice, { login: 'alice' }],
      want: '/people/1 login alice is alice already',
    },
    {
      name: 'two with one GitHub login',
      given: [alice, { login: 'b', github: 'ALICE-gh' }],
      want: '/people/1 github alice-gh is alice already',
    },
    {
      name: 'two with one Slack user',
      given: [alice, { login: 'b', slack: alice.slack }],
      want: 'slack T0001 U0001 is alice already',
    },
    {
      name: 'a token that is someone else’s login',
      given: [alice, { login: 'b', tokens: ['alice'] }],
      want: '/people/1 login alice is alice already',
    },
    {
      name: 'the administrator',
      given: [{ login: 'admin' }],
      want: '/people/0/login must not be admin',
    },
    {
      name: 'the administrator’s token',
      given: [{ login: 'b', tokens: ['admin'] }],
      want: '/people/0/tokens/0 must not be admin',
    },
    { name: 'no login', given: [{ github: 'x' }], want: '/people/0/login' },
    {
      name: 'the login of a policy',
      given: [{ login: 'policy:x' }],
      want: '/people/0/login must be one word',
    },
    {
      name: 'an unknown role',
      given: [{ login: 'b', roles: ['root'] }],
      want: '/people/0/roles/0 must be one of viewer',
    },
    {
      name: 'an unknown key',
      given: [{ login: 'b', team: ['x'] }],
      want: 'there is no key "team"; did you mean teams?',
    },
    {
      name: 'a bad pattern',
      given: [{ login: 'b', roles: [{ role: 'admin', env: '{a' }] }],
      want: '/people/0/roles/0',
    },
    // Side by side they would fit everything.
    {
      name: 'several patterns for all but one',
      given: [{ login: 'b', roles: [{ role: 'admin', env: ['!production', '!staging'] }] }],
      want: '/people/0/roles/0/env has a ! in a list: write one pattern such as !{one,other}',
    },
    {
      name: 'a pattern for all but one beside a name',
      given: [{ login: 'b', roles: [{ role: 'admin', app: ['web', '!shop'] }] }],
      want: '/people/0/roles/0/app has a ! in a list',
    },
    {
      name: 'a bad pattern in a list',
      given: [{ login: 'b', roles: [{ role: 'admin', env: ['a', '{b'] }] }],
      want: '/people/0/roles/0/env/1 is no pattern: write a name',
    },
    {
      name: 'an unknown key of a role',
      given: [{ login: 'b', roles: [{ role: 'admin', envs: 'staging' }] }],
      want: '/people/0/roles/0/envs there is no key "envs"; did you mean env?',
    },
    {
      name: 'an unknown role at a place',
      given: [{ login: 'b', roles: [{ role: 'root', env: 'staging' }] }],
      want: '/people/0/roles/0 must be one of viewer',
    },
    {
      name: 'a role that is no text',
      given: [{ login: 'b', roles: [1] }],
      want: '/people/0/roles/0 must be one of viewer',
    },
    {
      name: 'roles that are no list',
      given: [{ login: 'b', roles: 'admin' }],
      want: '/people/0/roles must be a list of roles',
    },
    {
      name: 'an unknown key of a Slack user',
      given: [{ login: 'b', slack: { team: 'T1', user: 'U1', usr: 'U2' } }],
      want: '/people/0/slack/usr there is no key "usr"',
    },
    {
      name: 'half of a Slack user',
      given: [{ login: 'b', slack: { user: 'U1' } }],
      want: '/people/0/slack/team',
    },
    {
      name: 'an address that is none',
      given: [{ login: 'b', email: 'bob' }],
      want: '/people/0/email must be an e-mail address',
    },
    {
      name: 'the login of a stranger on GitHub',
      given: [{ login: 'github:x' }],
      want: '/people/0/login must be one word',
    },
    {
      name: 'a token that two people have',
      given: [
        { login: 'a', tokens: ['ci'] },
        { login: 'b', tokens: ['ci'] },
      ],
      want: '/people/1 login ci is a already: one person, one entry',
    },
    { name: 'a team of two words', given: [{ login: 'b', teams: ['a b'] }], want: '/people/0/teams/0 must be one word' }, // biome-ignore format: one row
    { name: 'a person that is a text', given: ['bob'], want: '/people/0 must be an object with login' }, // biome-ignore format: one row
    {
      name: 'no patterns',
      given: [{ login: 'b', roles: [{ role: 'admin', app: [] }] }],
      want: '/people/0/roles/0',
    },
  ])('$name', ({ given, want }) => {
    expect(problems(...given).join('; ')).toContain(want)
    expect(read(...given).people.ofToken('alice')).toBeUndefined()
  })

  test.each(['', '[]', '{"people": {}}', '{"people": [], "people": []}', '{"poeple": []}'])(
    '%j',
    (text) => {
      expect(readPeople(text).problems).not.toEqual([])
    },
  )
})

describe('F25: a people.json that cannot be used stops everything, and says so', () => {
  const trigger = { kind: 'trigger', on: 'artifact', env: '*' }
  const facts = { app: 'web' }

  test.each([
    { name: 'broken JSON', people: '{' },
    { name: 'an empty file', people: '' },
    { name: 'one unknown key', people: { people: [{ login: 'a', team: ['x'] }] } },
    { name: 'one person twice', people: { people: [{ login: 'a' }, { login: 'a' }] } },
  ])('$name', ({ people }) => {
    const policies = load({ people, trigger })
    expect(policies.people.ofToken('a')).toBeUndefined()
    for (const [app, env] of [
      ['web', 'production'],
      ['api', 'staging'],
    ] as const) {
      const question = { app, env, facts, nowMs: 0 }
      const judgement = decide(policies, question)
      expect(judgement).toMatchObject({ verdict: 'deny', policy: 'people' })
      expect(judgement.message).toContain('people.json cannot be used')
      expect(judgement.trace[0]).toMatchObject({ kind: 'invalid', outcome: 'error' })
      const asked = askedFor(policies, { ...question, on: 'artifact', event: 'push' })
      expect(asked.by).toBeNull()
      expect(asked.problem).toContain('people.json cannot be used')
    }
  })

  test('and without one nobody is known, but releases go', () => {
    const policies = load({ trigger })
    expect(policies.people.ofToken('alice')).toBeUndefined()
    expect(decide(policies, { app: 'web', env: 'staging', facts, nowMs: 0 }).verdict).toBe('allow')
  })
})
