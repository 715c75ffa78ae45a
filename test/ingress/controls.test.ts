import { afterAll, describe, expect, test } from 'vitest'
import { gate, manifest, posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

const people = [
  { login: 'alice', tokens: ['alice-phone'], roles: ['releaser', 'approver'], teams: ['platform'] },
  { login: 'bob', roles: [{ role: 'approver', env: 'production', app: 'we?' }] },
  { login: 'erin', roles: [{ role: 'releaser', env: 'staging' }] },
]
const held = gate({
  env: 'production',
  otherwise: 'hold',
  require: { or: [{ '==': [{ var: 'request.reason' }, 'free'] }, { approvedBy: { count: 1 } }] },
  message: 'It waits for an approval',
})
const server = await testServer(
  {
    manifests: {
      'web.yaml': manifest(),
      'staging.yaml': manifest({ env: 'staging' }),
      'canary.yaml': manifest({ env: 'canary' }),
    },
    policies: { 'held.json': held, 'people.json': JSON.stringify({ people }) },
  },
  afterAll,
)
const { call, post } = server
const token = {
  alice: await server.user('alice', { roles: ['viewer'] }),
  phone: await server.user('alice-phone', { roles: ['viewer'] }),
  bob: await server.user('bob', { roles: ['viewer'] }),
  erin: await server.user('erin', { roles: ['viewer'] }),
  ci: await server.user('ci', { roles: ['ci'] }),
}
await post('/api/artifact', posted({ id: 'web-1' }))
await post('/api/artifact', posted({ id: 'web-2' }))

const idOf = ({ body }: { body: unknown }) => (body as { id: string }).id
const messageOf = ({ body }: { body: unknown }) =>
  (body as { error: { message: string } }).error.message
const ask = async (about: Record<string, unknown>, by: string = token.alice) =>
  idOf(await post('/api/releases', { env: 'production', app: 'web', artifactId: 'web-1', ...about }, by)) // biome-ignore format: one call
const eventOf = async (id: string) => (await call(`/api/event?id=${id}`)).body
const approve = (id: string, by: string) => post(`/api/event/${id}/approve`, '', by)
const reject = (id: string, by: string, reason = '') =>
  post(`/api/event/${id}/reject${reason ? `?reason=${encodeURIComponent(reason)}` : ''}`, '', by)

describe('A27: an approval', () => {
  test('lets a held request go, and is told', async () => {
    const id = await ask({})
    expect(await server.ended(id)).toMatchObject({ status: 'held' })
    expect(await approve(id, token.bob)).toMatchObject({ status: 200, body: { id, approvedBy: 'bob' } }) // biome-ignore format: one claim
    await expect.poll(() => eventOf(id)).toMatchObject({ status: 'processed', approvals: ['bob'] })
    expect((await approve(id, token.bob)).status).toBe(409)
  })

  test('is not for who asked, under any of their names; who asked may withdraw', async () => {
    const id = await ask({}, token.phone)
    await server.ended(id)
    for (const own of [token.alice, token.phone]) {
      const answer = await approve(id, own)
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toContain('alice asked for')
    }
    expect(await reject(id, token.alice)).toMatchObject({ status: 200, body: { what: 'withdrawn' } }) // biome-ignore format: one claim
    expect(await eventOf(id)).toMatchObject({ status: 'denied', statusDesc: 'withdrawn by alice' })
  })

  test('takes the role there, of the request’s own place', async () => {
    const id = await ask({})
    await server.ended(id)
    expect((await approve(id, token.erin)).status).toBe(403)
    expect((await approve(id, token.ci)).status).toBe(403)
    expect((await reject(id, token.erin)).status).toBe(403)
    expect((await reject(id, token.bob, 'not now')).status).toBe(200)
    expect(await eventOf(id)).toMatchObject({ statusDesc: 'rejected by bob: not now' })
  })

  test('of what is not there is a 404', async () => {
    expect((await approve('r-none', token.alice)).status).toBe(404)
  })
})

describe('a role that is limited to a place', () => {
  test('is told by whoami, and holds there only', async () => {
    const { body } = await call('/api/whoami', { token: token.bob })
    expect(body).toMatchObject({ login: 'bob', roles: ['viewer', { role: 'approver', env: 'production' }] }) // biome-ignore format: one claim
    const asked = (env: string, more = {}) => post('/api/releases', { env, artifactId: 'web-1', ...more }, token.erin) // biome-ignore format: one call
    expect((await asked('staging', { app: 'web' })).status).toBe(201)
    expect((await asked('staging')).status).toBe(201)
    expect((await asked('production', { app: 'web' })).status).toBe(403)
    expect((await asked('production')).status).toBe(403)
    expect((await post('/api/locks', { env: 'production', reason: 'x' }, token.erin)).status).toBe(403) // biome-ignore format: one claim
  })
})

describe('a lock', () => {
  test('is made, told, in the way, and ended', async () => {
    const made = await post('/api/locks', { env: 'canary', reason: 'incident 42' }, token.alice)
    expect(made).toMatchObject({ status: 201, body: { env: 'canary', app: null, by: 'alice', until: null } }) // biome-ignore format: one claim
    expect((await call('/api/locks')).body).toEqual([made.body])
    const again = await post('/api/locks', { env: 'canary', reason: 'x' })
    expect([again.status, messageOf(again)]).toEqual([
      409,
      'canary is locked by alice: incident 42',
    ])
    const id = await ask({ env: 'canary' })
    expect(await server.ended(id)).toMatchObject({ status: 'denied' })
    const path = `/api/locks/${idOf(made)}`
    expect((await call(path, { method: 'DELETE', token: token.alice })).status).toBe(200)
    expect((await call(path, { method: 'DELETE' })).status).toBe(404)
    expect((await call('/api/locks')).body).toEqual([])
  })

  test.each([
    { name: 'no reason', body: { env: 'canary' } },
    { name: 'a blank reason', body: { env: 'canary', reason: '  ' } },
    {
      name: 'an end that was',
      body: { env: 'canary', reason: 'x', until: '2020-01-01T00:00:00Z' },
    },
    { name: 'a bad name', body: { env: '../x', reason: 'x' } },
  ])('with $name is a 422, and nothing is locked', async ({ body }) => {
    expect((await post('/api/locks', body)).status).toBe(422)
    expect((await call('/api/locks')).body).toEqual([])
  })

  test('that is not there tells which are', async () => {
    const made = await post('/api/locks', { env: 'canary', app: 'web', reason: 'x' })
    const answer = await call('/api/locks?env=canary', { method: 'DELETE' })
    expect([answer.status, messageOf(answer)]).toEqual([404, 'canary is not locked; there are: unlock canary web']) // biome-ignore format: one claim
    await call(`/api/locks/${idOf(made)}`, { method: 'DELETE' })
  })
})

test('a blocked artifact is denied, and not after it is unblocked', async () => {
  const path = '/api/artifacts/web-2/block'
  expect((await post(path, {})).status).toBe(422)
  expect((await post('/api/artifacts/none/block', { reason: 'x' })).status).toBe(404)
  expect((await post(path, { reason: 'bad' }, token.ci)).status).toBe(403)
  expect((await post(path, { reason: 'bad' }, token.alice)).status).toBe(201)
  expect((await post(path, { reason: 'worse' })).body).toMatchObject({ by: 'alice', reason: 'bad' })
  const id = await ask({ artifactId: 'web-2', env: 'staging' })
  expect(await server.ended(id)).toMatchObject({ status: 'denied', statusDesc: 'web-2 is blocked by alice: bad' }) // biome-ignore format: one claim
  expect((await call(path, { method: 'DELETE' })).status).toBe(200)
  expect((await call(path, { method: 'DELETE' })).status).toBe(404)
})

describe('force', () => {
  test('takes an admin and a reason', async () => {
    const about = { env: 'production', app: 'web', artifactId: 'web-1', force: true }
    expect((await post('/api/releases', about)).status).toBe(422)
    expect((await post('/api/releases', { ...about, reason: ' ' })).status).toBe(422)
    const refused = await post('/api/releases', { ...about, reason: 'x' }, token.alice)
    expect([refused.status, messageOf(refused)]).toEqual([403, expect.stringContaining('force past gates and locks')]) // biome-ignore format: one claim
    const id = idOf(await post('/api/releases', { ...about, reason: 'the shop is down' }))
    expect(await server.ended(id)).toMatchObject({ status: 'processed', forced: true })
  })
})

test('a promotion releases what runs where it comes from', async () => {
  await server.ended(await ask({ env: 'staging', artifactId: 'web-2' }))
  const id = await ask({ env: 'canary', artifactId: undefined, from: 'staging' })
  expect(await server.ended(id)).toMatchObject({ status: 'processed', artifactId: 'web-2' })
  const none = await post('/api/releases', { env: 'canary', app: 'web', from: 'nowhere' })
  expect([none.status, messageOf(none)]).toEqual([404, 'web does not run in nowhere'])
})

test('decisions are listed, oldest first', async () => {
  const { body } = await call('/api/decisions?since=2026-01-01T00:00:00Z&limit=500')
  const times = (body as { created: number }[]).map(({ created }) => created)
  expect(times.length).toBeGreaterThan(5)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect((await call('/api/decisions?since=2100-01-01T00:00:00Z')).body).toEqual([])
  expect((await call('/api/decisions')).status).toBe(422)
})
