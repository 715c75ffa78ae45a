import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { authenticator } from '../../src/commands/authenticate.ts'
import { isRefusal, refuse } from '../../src/domain/fault.ts'
import { readPeople } from '../../src/policy/people.ts'
import { newToken, tokenHash, UserStore } from '../../src/store/users.ts'
import { posted } from '../support/builders.ts'
import { settableClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { testServer } from '../support/server.ts'
import { tempDatabase } from '../support/temp.ts'

const server = await testServer({}, afterAll)
const { call, post } = server
const user = async (login: string) => (await call(`/api/user/${login}`)).body
const whoami = async (token: string) => (await call('/api/whoami', { token })).status
const nowUnix = () => Math.floor(Date.now() / 1000)

describe('GimletD’s calls go on', () => {
  test('a user without more is as it was', async () => {
    const { status, body } = await post('/api/user', { login: 'plain', admin: false })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      ...{ login: 'plain', admin: false, roles: ['ci', 'releaser'], repositories: [], verbs: [] },
      ...{ expires: null, lastUsed: null, token: expect.stringMatching(/^gimlet_/) },
    })
  })

  test.each(['oidc:github:acme-web', 'policy:x', 'github:x'])('%s is no login', async (login) => {
    expect((await post('/api/user', { login })).status).toBe(422)
  })
})

describe('A7: a token is for some commands', () => {
  test('and for no other, whatever its roles are', async () => {
    const token = await server.user('flux', { roles: ['ci'], verbs: ['report-health'] })
    const health = { metadata: { revision: `main@sha1:${'0'.repeat(40)}` } }
    expect((await post('/api/flux-events?env=x', health, token)).status).toBe(200)
    const refused = await post('/api/artifact', posted({ id: 'x' }), token)
    expect(refused).toMatchObject({
      status: 403,
      body: {
        error: { message: 'The token of flux is for report-health only, not for push-artifact' },
      },
    })
    expect((await call('/api/status?env=x', { token })).status).toBe(403)
    expect(await whoami(token)).toBe(200)
    expect(await user('flux')).toMatchObject({ verbs: ['report-health'] })
  })

  test('that exist', async () => {
    const { status, body } = await post('/api/user', { login: 'odd', verbs: ['relaese'] })
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('report-health')])
  })
})

describe('A7: a token ends', () => {
  test.each([
    { given: '90d', seconds: 90 * 86_400 },
    { given: '12h', seconds: 12 * 3_600 },
    { given: '30m', seconds: 30 * 60 },
  ])('after $given, as is answered and listed', async ({ given, seconds }) => {
    const login = `ends-${given}`
    const { body } = await post('/api/user', { login, expires: given })
    const { expires } = body as { expires: number }
    expect(Math.abs(expires - nowUnix() - seconds)).toBeLessThan(60)
    expect(await user(login)).toMatchObject({ expires })
    expect((await call('/api/users')).body).toContainEqual(
      expect.objectContaining({ login, expires }),
    )
  })

  test('at a time', async () => {
    const { body } = await post('/api/user', { login: 'at', expires: '2100-01-01T00:00:00Z' })
    expect(body).toMatchObject({ expires: Date.parse('2100-01-01T00:00:00Z') / 1000 })
  })

  test.each(['2020-01-01T00:00:00Z', '0d', 'soon', '1w', '-1d', '90', 90, null])(
    'not at %j, and then there is no user',
    async (expires) => {
      expect((await post('/api/user', { login: 'never', expires })).status).toBe(422)
      expect((await call('/api/user/never')).status).toBe(404)
    },
  )
})

describe('a token is replaced', () => {
  test('F32: both work for a while, so that no run of a CI fails', async () => {
    const old = await server.user('both')
    const { status, body } = await post('/api/user/both/token', {})
    expect([status, body]).toMatchObject([
      201,
      { login: 'both', previousExpires: expect.any(Number) },
    ])
    const { token } = body as { token: string }
    expect([await whoami(old), await whoami(token)]).toEqual([200, 200])
    expect(JSON.stringify(await user('both'))).not.toContain(token)
  })

  test('A7: at once, when it was stolen; the refusal says so', async () => {
    const old = await server.user('stolen')
    const { body } = await post('/api/user/stolen/token', { overlap: '0m' })
    const refused = await eventually(async () => {
      const answer = await call('/api/whoami', { token: old })
      expect(answer.status).toBe(401)
      return answer
    })
    expect(JSON.stringify(refused.body)).toContain('This token of stolen was replaced')
    expect(await whoami((body as { token: string }).token)).toBe(200)
  })

  test('the one before the one before it is gone, and both go with their user', async () => {
    const first = await server.user('thrice')
    const { token: second } = (await post('/api/user/thrice/token', {})).body as { token: string }
    const { token: third } = (await post('/api/user/thrice/token', {})).body as { token: string }
    expect(await Promise.all([first, second, third].map(whoami))).toEqual([401, 200, 200])
    await call('/api/user/thrice', { method: 'DELETE' })
    await eventually(async () =>
      expect(await Promise.all([second, third].map(whoami))).toEqual([401, 401]),
    )
  })

  test('holds as long as the one before it, unless told otherwise', async () => {
    await server.user('same', { expires: '90d' })
    const { body } = await post('/api/user/same/token', {})
    const { expires } = body as { expires: number }
    expect(Math.abs(expires - nowUnix() - 90 * 86_400)).toBeLessThan(60)
    const shorter = await post('/api/user/same/token', { expires: '1d' })
    expect((shorter.body as { expires: number }).expires).toBeLessThan(expires)
  })

  test('of a user who is not there: 404', async () => {
    expect((await post('/api/user/nobody-here/token', {})).status).toBe(404)
  })
})

describe('a store and a clock that is moved', () => {
  async function kept(expiresUnix: number | null) {
    const { database } = await tempDatabase(onTestFinished)
    const users = new UserStore(database)
    const clock = settableClock()
    const atUnix = () => Math.floor(clock.nowMs() / 1000)
    const people = async () => readPeople('{"people": []}').people
    const keyless = async () => refuse('unauthenticated', 'no CI is known')
    const ports = { clock, hash: tokenHash, users, people, keyless }
    const authenticate = authenticator(ports, { adminHash: '' })
    const { token, hash } = newToken()
    const created = { login: 'ci', roles: ['ci'], repositories: [], createdUnix: atUnix() } as const
    await users.add({ ...created, expiresUnix: expiresUnix && atUnix() + expiresUnix }, hash)
    const who = async () => {
      const actor = await authenticate(token)
      return isRefusal(actor) ? actor.message : actor?.login
    }
    return { users, clock, who, atUnix }
  }

  test('an expired token is refused in the second that it ends, with what to do', async () => {
    const { who, clock } = await kept(60)
    clock.moveMs(59_999)
    expect(await who()).toBe('ci')
    clock.moveMs(1)
    expect(await who()).toContain('POST /api/user/ci/token')
  })

  test('a token before theirs of now does not outlive its own end', async () => {
    const { users, clock, who, atUnix } = await kept(60)
    const { hash } = newToken()
    const previousExpiresUnix = atUnix() + 3_600
    await users.renew({
      login: 'ci',
      hash,
      createdUnix: atUnix(),
      expiresUnix: null,
      previousExpiresUnix,
    })
    expect(await who()).toBe('ci')
    clock.moveMs(60_000)
    expect(await who()).toContain('was replaced')
  })

  test('its last use is noted, once an hour', async () => {
    const { users, clock, who, atUnix } = await kept(null)
    const noted = async () => (await users.find('ci'))?.lastUsedUnix
    expect(await noted()).toBeNull()
    const firstUnix = atUnix()
    await who()
    await eventually(async () => expect(await noted()).toBe(firstUnix))
    clock.moveMs(3_599_000)
    await who()
    await users.used('ci', atUnix())
    expect(await noted()).toBe(firstUnix)
    clock.moveMs(2_000)
    await who()
    await eventually(async () => expect(await noted()).toBe(atUnix()))
  })
})
