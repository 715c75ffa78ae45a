import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Action, actionsOf, authorize } from '../../src/commands/authorize.ts'
import { type Actor, type Grant, roles } from '../../src/domain/actor.ts'

const actor = (roles: readonly Grant[], repositories: readonly string[] = []): Actor => ({
  login: 'alice',
  kind: 'token',
  roles,
  teams: [],
  repositories,
})
const at = (env: string | null, app: string | null, repository: string | null = 'owner/web') => ({
  env,
  app,
  repository,
})

describe('A26: a role for some places', () => {
  const grant = (given: { env?: string | string[]; app?: string | string[] }) => [{ role: 'releaser', ...given }] as const // biome-ignore format: one value
  test.each([
    { name: 'everywhere', roles: grant({}), place: at('production', 'web'), want: true },
    { name: 'everywhere, place unknown', roles: grant({}), place: at(null, null), want: true },
    { name: 'any environment, place unknown', roles: grant({ env: '*' }), place: at(null, null), want: true }, // biome-ignore format: one row
    { name: 'its environment', roles: grant({ env: 'prod*' }), place: at('production', 'web'), want: true }, // biome-ignore format: one row
    { name: 'its environment, every app', roles: grant({ env: 'prod*' }), place: at('production', null), want: true }, // biome-ignore format: one row
    { name: 'another environment', roles: grant({ env: 'prod*' }), place: at('staging', 'web'), want: false }, // biome-ignore format: one row
    { name: 'a longer name', roles: grant({ env: 'prod' }), place: at('production', 'web'), want: false }, // biome-ignore format: one row
    { name: 'one of its apps', roles: grant({ app: ['api', 'we?'] }), place: at('staging', 'web'), want: true }, // biome-ignore format: one row
    { name: 'its app elsewhere', roles: grant({ env: 'staging', app: 'web' }), place: at('production', 'web'), want: false }, // biome-ignore format: one row
    { name: 'every app', roles: grant({ app: 'w*' }), place: at('staging', null), want: false },
    { name: 'every app but one', roles: grant({ app: '!api' }), place: at('staging', null), want: false }, // biome-ignore format: one row
    { name: 'an environment that is not known', roles: grant({ env: '!production' }), place: at(null, 'web'), want: false }, // biome-ignore format: one row
  ])('of $name: $want', ({ roles: grants, place, want }) => {
    expect(authorize(actor(grants), 'release', place) === null).toBe(want)
  })

  test('never allows what the same role everywhere does not', () => {
    const name = fc.constantFrom('production', 'staging', 'web', 'api')
    const place = fc.record({
      env: fc.option(name),
      app: fc.option(name),
      repository: fc.option(fc.constantFrom('owner/web', 'owner/api')),
    })
    const pattern = fc.constantFrom('*', 'web', '!web', 'prod*', '{web,api}')
    const limits = fc.record({ env: pattern, app: pattern }, { requiredKeys: [] })
    const repositories = fc.subarray(['owner/web', 'owner/api'])
    const action = fc.constantFrom(...actionsOf(actor(['admin'])))
    const given = fc.record({
      role: fc.constantFrom(...roles),
      limits,
      repositories,
      action,
      place,
    })
    fc.assert(
      fc.property(given, ({ role, limits: some, repositories: of, action: what, place: where }) => {
        const isAllowed = (grant: Grant, only: string[]) =>
          authorize(actor([grant], only), what, where) === null
        if (!isAllowed({ role, ...some }, of)) return
        expect(isAllowed(role, of)).toBe(true)
        expect(isAllowed(role, [])).toBe(true)
      }),
    )
  })
})

describe('A7: a token of one repository', () => {
  test.each([
    { name: 'its own', place: at('staging', 'web'), want: true },
    { name: 'another', place: at('staging', 'web', 'owner/api'), want: false },
    { name: 'none that is known', place: at('staging', 'web', null), want: false },
  ])('touches of $name: $want', ({ place, want }) => {
    const limited = actor(['admin'], ['owner/web'])
    expect(authorize(limited, 'delete apps', place) === null).toBe(want)
  })
})

describe('A27: who asked', () => {
  const own = { ...at('production', 'web'), requester: 'alice' }
  const others = { ...own, requester: 'bob' }

  test.each<{ action: Action; roles: Grant[]; place: typeof own; want: boolean }>([
    { action: 'reject', roles: [], place: own, want: true },
    { action: 'reject', roles: ['releaser'], place: others, want: false },
    { action: 'reject', roles: ['approver'], place: others, want: true },
    { action: 'approve', roles: ['releaser'], place: own, want: false },
    { action: 'block artifacts', roles: [], place: own, want: false },
  ])('$action, with the roles $roles: $want', ({ action, roles: grants, place, want }) => {
    expect(authorize(actor(grants), action, place) === null).toBe(want)
  })
})

test('the refusal names who, what, where and what it takes', () => {
  expect(authorize(actor(['viewer']), 'approve', at('production', null))).toMatchObject({
    code: 'forbidden',
    message:
      'alice may not approve (every app in production); that takes the role approver or admin',
  })
})
