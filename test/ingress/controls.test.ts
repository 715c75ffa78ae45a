import { afterAll, describe, expect, test } from 'vitest'
import { gate, manifest, posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

const people = [
  { login: 'alice', tokens: ['alice-phone'], roles: ['releaser', 'approver'], teams: ['platform'] },
  { login: 'bob', roles: [{ role: 'approver', env: 'production', app: 'we?' }] },
  { login: 'dave', roles: ['releaser'] },
  { login: 'erin', roles: [{ role: 'releaser', env: 'staging' }] },
  { login: 'fay', roles: [{ role: 'releaser', env: ['staging', 'can*'], app: '!{api,shop}' }] },
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
  dave: await server.user('dave', { roles: ['viewer'] }),
  erin: await server.user('erin', { roles: ['viewer'] }),
  fay: await server.user('fay', { roles: ['viewer'] }),
  ci: await server.user('ci', { roles: ['ci'] }),
}
await post('/api/artifact', posted({ id: 'web-1' }))
await post('/api/artifact', posted({ id: 'web-2' }))
const api = { app: 'api', env: 'staging', manifests: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: api}\n' } // biome-ignore format: one value
await post('/api/artifact', posted({ id: 'both-1', environments: [api] }))

const anyError = { error: { code: expect.any(String), message: expect.any(String) } }
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

  test('is not for who may only release; who asked may withdraw all the same, once', async () => {
    const id = await ask({}, token.dave)
    await server.ended(id)
    const refused = await approve(id, token.dave)
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain('that takes the role approver or admin')
    expect(await eventOf(id)).toMatchObject({ status: 'held', approvals: [] })
    expect(await reject(id, token.dave, 'changed my mind')).toMatchObject({ status: 200, body: { id, rejectedBy: 'dave', what: 'withdrawn' } }) // biome-ignore format: one claim
    expect(await eventOf(id)).toMatchObject({ statusDesc: 'withdrawn by dave: changed my mind' })
    for (const again of [await reject(id, token.dave), await approve(id, token.bob)])
      expect([again.status, messageOf(again)]).toEqual([409, expect.stringContaining('is over: denied')]) // biome-ignore format: one claim
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

  test('is the same, with the teams, for every token of a person', async () => {
    const [first, second] = [token.alice, token.phone].map((by) => call('/api/whoami', { token: by })) // biome-ignore format: one value
    const { body } = (await first) ?? { body: null }
    expect(body).toMatchObject({ login: 'alice', teams: ['platform'], roles: ['viewer', 'releaser', 'approver'] }) // biome-ignore format: one claim
    expect((await second)?.body).toEqual(body)
  })

  test.each([
    { name: 'its app', about: { app: 'web', artifactId: 'both-1' }, want: 201 },
    { name: 'an app that its pattern leaves out', about: { app: 'api', artifactId: 'both-1' }, want: 403 }, // biome-ignore format: one row
    { name: 'every app of an artifact, one of them left out', about: { artifactId: 'both-1' }, want: 403 }, // biome-ignore format: one row
    { name: 'the same, with the artifact’s id in the place of the app', about: { app: 'both-1' }, want: 403 }, // biome-ignore format: one row
    { name: 'every app of an artifact, all of them its own', about: { artifactId: 'web-1' }, want: 201 }, // biome-ignore format: one row
    { name: 'an environment that is not its own', about: { app: 'web', artifactId: 'web-1', env: 'production' }, want: 403 }, // biome-ignore format: one row
    { name: 'a promotion to an environment that is not its own', about: { app: 'web', from: 'staging', env: 'production' }, want: 403 }, // biome-ignore format: one row
  ])('A26: of fay, asked for $name: $want', async ({ about, want }) => {
    const { status, body } = await post('/api/releases', { env: 'staging', ...about }, token.fay)
    expect(status).toBe(want)
    if (status === 201) await server.ended(idOf({ body }))
    else expect(body).toEqual(anyError)
  })

  test('A26: holds for locks, whether they are named by their place or by their id', async () => {
    const lock = (about: object, by?: string) => post('/api/locks', { env: 'canary', reason: 'x', ...about }, by) // biome-ignore format: one call
    const end = async (path: string, by: string) =>
      (await call(`/api/locks${path}`, { method: 'DELETE', token: by })).status
    expect((await lock({}, token.fay)).status).toBe(403)
    expect((await lock({ app: 'api' }, token.fay)).status).toBe(403)
    expect((await lock({ app: 'web' }, token.erin)).status).toBe(403)
    const own = await lock({ app: 'web' }, token.fay)
    expect(own.status).toBe(201)
    const other = await lock({ app: 'api' }, token.alice)
    expect(await end(`/${idOf(other)}`, token.fay)).toBe(403)
    expect(await end('?env=canary&app=api', token.fay)).toBe(403)
    expect(await end(`/${idOf(own)}`, token.erin)).toBe(403)
    expect(await end('?env=canary&app=web', token.fay)).toBe(200)
    expect(await end(`/${idOf(other)}`, token.alice)).toBe(200)
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

describe('F33: what cannot be done is refused in one shape, and nothing is stored', () => {
  const send =
    (path: string, body: unknown = '') =>
    () =>
      post(path, body)
  const end = (path: string) => () => call(path, { method: 'DELETE' })
  const release = (about: object) => send('/api/releases', { env: 'canary', app: 'web', ...about })
  const block = '/api/artifacts/web-1/block'
  const long = 'x'.repeat(2_001)
  test.each([
    { name: 'the approval of an unknown request', ask: send('/api/event/none/approve'), want: 404 },
    { name: 'the rejection of an unknown request', ask: send('/api/event/none/reject'), want: 404 },
    { name: 'a rejection with a blank reason', ask: send('/api/event/none/reject?reason=%20'), want: 422 }, // biome-ignore format: one row
    { name: 'a rejection with two reasons', ask: send('/api/event/none/reject?reason=a&reason=b'), want: 422 }, // biome-ignore format: one row
    { name: 'a block of an unknown artifact', ask: send('/api/artifacts/none/block', { reason: 'x' }), want: 404 }, // biome-ignore format: one row
    { name: 'a block without a reason', ask: send(block, {}), want: 422 },
    { name: 'a block with a blank reason', ask: send(block, { reason: ' \n' }), want: 422 },
    { name: 'a block with a reason that is no text', ask: send(block, { reason: 7 }), want: 422 },
    { name: 'a block with a reason too long', ask: send(block, { reason: long }), want: 422 },
    { name: 'a block without a body', ask: send(block), want: 400 },
    { name: 'the end of a block that is not', ask: end(block), want: 404 },
    { name: 'a block of a path', ask: send('/api/artifacts/..%2Fx/block', { reason: 'x' }), want: 422 }, // biome-ignore format: one row
    { name: 'a lock without a body', ask: send('/api/locks'), want: 400 },
    { name: 'a lock that is a list', ask: send('/api/locks', []), want: 422 },
    { name: 'a lock of no environment', ask: send('/api/locks', { reason: 'x' }), want: 422 },
    { name: 'a lock of every environment', ask: send('/api/locks', { env: '*', reason: 'x' }), want: 422 }, // biome-ignore format: one row
    { name: 'a lock with a reason too long', ask: send('/api/locks', { env: 'canary', reason: long }), want: 422 }, // biome-ignore format: one row
    { name: 'a lock until a time that is none', ask: send('/api/locks', { env: 'canary', reason: 'x', until: 'tomorrow' }), want: 422 }, // biome-ignore format: one row
    { name: 'the end of an unknown lock', ask: end('/api/locks/none'), want: 404 },
    { name: 'the end of a lock where there is none', ask: end('/api/locks?env=canary'), want: 404 },
    { name: 'the end of locks nowhere', ask: end('/api/locks'), want: 422 },
    { name: 'a promotion of no app', ask: release({ app: undefined, from: 'staging' }), want: 422 },
    { name: 'a promotion from a name that is none', ask: release({ from: '../x' }), want: 422 },
    { name: 'a promotion that names an artifact, too', ask: release({ from: 'staging', artifactId: 'web-1' }), want: 422 }, // biome-ignore format: one row
    { name: 'a promotion that names a commit, too', ask: release({ from: 'staging', sha: 'abcdef0' }), want: 422 }, // biome-ignore format: one row
    { name: 'force that is no yes or no', ask: release({ artifactId: 'web-1', force: 'yes', reason: 'x' }), want: 422 }, // biome-ignore format: one row
  ])('$name: $want', async ({ ask: refused, want }) => {
    const all = async () => {
      const decisions = await call('/api/decisions?since=2026-01-01T00:00:00Z&limit=500')
      const dry = await post('/api/releases', { env: 'canary', artifactId: 'web-1', dryRun: true })
      const { plans } = dry.body as { plans: { decision: { verdict: string } }[] }
      return [(await call('/api/locks')).body, decisions.body, plans.map(({ decision }) => decision.verdict)] // biome-ignore format: one value
    }
    const before = await all()
    const { status, body } = await refused()
    expect([status, body]).toEqual([want, anyError])
    expect(await all()).toEqual(before)
  })
})

test.each([
  { path: '/api/releases', body: { env: 'staging', app: 'web', dryrun: true } },
  { path: '/api/locks', body: { env: 'staging', apps: 'web', reason: 'x' } },
])('a mistyped field of $path does nothing but say so', async ({ path, body }) => {
  const answer = await post(path, body)
  expect([answer.status, messageOf(answer)]).toEqual([422, expect.stringContaining('there is no such field')]) // biome-ignore format: one claim
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
