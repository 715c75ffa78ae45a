import { describe, expect, test } from 'vitest'
import { type Grant, rolesAt } from '../../src/domain/actor.ts'
import { decide } from '../../src/policy/decide.ts'
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
})

describe('roles at a place', () => {
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

  test('anywhere are all of them', () => {
    expect(rolesAt(grants, null)).toEqual(['releaser', 'approver'])
  })
})

describe('people.json is refused, with the place and what to write, for', () => {
  test.each<{ name: string; given: readonly unknown[]; want: string }>([
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

test('F25: a people.json that cannot be read stops every release, and says so', () => {
  const policies = load({ people: '{' })
  const question = { app: 'web', env: 'production', facts: {}, nowMs: 0 }
  expect(decide(policies, question)).toMatchObject({ verdict: 'deny', policy: 'people' })
  expect(decide(policies, question).message).toContain('people.json cannot be used')
})
