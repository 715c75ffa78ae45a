import { afterAll, describe, expect, test } from 'vitest'
import { actionOf } from '../../src/commands/authorize.ts'
import { roles } from '../../src/domain/actor.ts'
import { routes } from '../../src/ingress/http/app.ts'
import { gate, manifest, posted, sha } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

const server = await testServer(
  { manifests: { 'web.yaml': manifest(), 'staging.yaml': manifest({ env: 'staging' }) } },
  afterAll,
)
const { call, post } = server
const anyError = { error: { code: expect.any(String), message: expect.any(String) } }

let made = 0
/** An artifact that nobody else in this file uses. */
async function stored(given: Record<string, unknown> = {}): Promise<string> {
  const id = `web-${++made}-own`
  const { status } = await post('/api/artifact', posted({ id, ...given }))
  expect(status).toBe(201)
  return id
}

async function released(env = 'production') {
  const artifactId = await stored()
  const { status, body } = await post('/api/releases', { env, app: 'web', artifactId })
  expect(status).toBe(201)
  const { id } = body as { id: string }
  expect((await server.ended(id)).status).toBe('processed')
  return { id, artifactId }
}

describe('the calls', () => {
  test('F14, A10: post an artifact: 201, then 200 and the same, then 409, also for an image that moved', async () => {
    const body = posted({ id: 'thrice' })
    const first = await post('/api/artifact', body)
    const again = await post('/api/artifact', body)
    const other = await post('/api/artifact', { ...body, context: { a: 'b' } })
    const items = [
      { name: 'image', repository: 'quay.io/owner/web', tag: 'v1', digest: 'sha256:b' },
    ]
    const moved = await post('/api/artifact', { ...body, items })
    const all = [first, again, other, moved].map(({ status }) => status)
    expect(all).toEqual([201, 200, 409, 409])
    expect(first.body).toMatchObject({
      id: 'thrice',
      version: { repositoryName: 'owner/web', sha },
    })
    expect(again.body).toEqual(first.body)
    expect(other.body).toEqual(anyError)
    expect((await call('/api/artifacts/thrice')).body).toEqual(first.body)
  })

  test('list artifacts, newest first, by filters that may repeat the commit', async () => {
    const one = await stored({ version: { sha: 'a'.repeat(40), branch: 'listed' } })
    const two = await stored({ version: { sha: 'b'.repeat(40), branch: 'listed' } })
    const ids = async (query: string) =>
      ((await call(`/api/artifacts?${query}`)).body as { id: string }[]).map(({ id }) => id)
    expect(await ids('branch=listed')).toEqual([two, one])
    expect(await ids('branch=listed&limit=1&offset=1')).toEqual([one])
    expect(await ids(`sha=${'a'.repeat(40)}&sha=${'b'.repeat(40)}`)).toEqual([two, one])
    expect(await ids(`sha=${'a'.repeat(40)}`)).toEqual([one])
    expect(await ids('branch=listed&app=web&repository=owner/web&event=push')).toEqual([two, one])
    expect(await ids('branch=listed&since=2100-01-01T00:00:00Z')).toEqual([])
    expect(await ids('branch=listed&until=2100-01-01T00:00:00%2B02:00')).toHaveLength(2)
  })

  test('release, and answer status, history, event, decision', async () => {
    const { id, artifactId } = await released()
    const { body: event } = await call(`/api/event?id=${id}`)
    expect(event).toMatchObject({
      id,
      type: 'release',
      status: 'processed',
      gitopsHashes: [{ hash: expect.stringMatching(/^[0-9a-f]{40}$/), status: 'pushed' }],
      releases: [{ id, app: 'web', env: 'production', artifactId, triggeredBy: 'admin' }],
    })
    const { body: status } = await call('/api/status?env=production')
    expect(status).toMatchObject({ web: { artifactId, status: 'pushed', rolledBack: false } })
    expect((await call('/api/status?env=*')).body).toMatchObject({ production: status as object })
    expect((await call('/api/status?env=production&app=web')).body).toEqual(status)
    const { body: history } = await call('/api/releases?env=production&app=web&limit=1')
    expect(history).toMatchObject([{ id, created: expect.any(Number) }])
    const { decisionId } = (history as { decisionId: string }[])[0] ?? {}
    expect((await call(`/api/decisions/${decisionId}`)).body).toMatchObject({ verdict: 'allow' })
    expect((await call('/api/releases?env=production&filter=%25')).body).toEqual([])
  })

  test('tell what a release would do and write nothing', async () => {
    const artifactId = await stored({ items: [{ name: 'image', tag: 'dry' }] })
    const before = (await call('/api/status?env=staging')).body
    const dry = await post('/api/releases', { env: 'staging', artifactId, dryRun: true })
    expect(dry.status).toBe(200)
    expect(dry.body).toMatchObject({ plans: [{ app: 'web', problem: null, diff: expect.stringContaining('dry') }] }) // biome-ignore format: one claim
    expect((await call('/api/status?env=staging')).body).toEqual(before)
  })

  test('roll back and delete', async () => {
    const first = await released()
    await released()
    const back = await call('/api/rollback?env=production&app=web', { method: 'POST' })
    expect(back.status).toBe(201)
    await server.ended((back.body as { id: string }).id)
    expect((await call('/api/status?env=production')).body).toMatchObject({
      web: { artifactId: first.artifactId, rollbackTo: expect.any(String) },
    })
    const gone = await call('/api/delete?env=production&app=web', { method: 'POST' })
    expect(gone.status).toBe(200)
    await server.ended((gone.body as { id: string }).id)
    expect((await call('/api/status?env=production')).body).toEqual({ web: null })
  })

  test('tell the repository, who asks, and that the server lives', async () => {
    expect((await call('/api/gitopsRepo')).body).toEqual({ gitopsRepo: expect.any(String) })
    expect((await call('/api/whoami')).body).toMatchObject({ login: 'admin', roles: ['admin'] })
    expect((await call('/healthz', { token: null })).status).toBe(200)
    expect((await call('/readyz', { token: null })).body).toEqual({
      status: 'ready',
      leader: true,
      problems: [],
    })
    expect((await call('/metrics', { token: null })).body).toContain('gimletd_events')
  })
})

const hostileNames = ['../x', '..', 'Web', 'a'.repeat(64), 'a\u0000b', 'wéb', 'a/b', '-a', 'a-', '', ' web', 'web\n', 'a_b', '*', '%2e%2e'] // biome-ignore format: one list

describe('F33/A12: bad input is refused with its field, and nothing is stored', () => {
  const count = async () => ((await call('/api/artifacts?limit=500')).body as unknown[]).length

  test.each(hostileNames)('the name %j', async (name) => {
    const before = await count()
    const q = encodeURIComponent(name)
    const answers = [
      await post('/api/releases', { env: name, app: 'web', artifactId: 'web-1' }),
      await post('/api/releases', { env: 'production', app: name, artifactId: 'web-1' }),
      await post('/api/artifact', posted({ id: 'h', environments: [{ app: name, env: 'x' }] })),
      await post('/api/artifact', posted({ id: 'h', environments: [{ app: 'x', env: name }] })),
      await call(`/api/releases?env=${q}`),
      await call(`/api/rollback?env=production&app=${q}`, { method: 'POST' }),
      await call(`/api/delete?env=${q}&app=web`, { method: 'POST' }),
      ...(name === '*' ? [] : [await call(`/api/status?env=${q}`)]),
      await call(`/api/status?env=production&app=${q}`),
      await call(`/api/artifacts?app=${q}`),
    ]
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 422))
    for (const { body } of answers) expect(body).toEqual(anyError)
    expect(await count()).toBe(before)
  })

  const get = (path: string) => () => call(path)
  const send = (path: string, body: unknown) => () => post(path, body)
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  test.each([
    { name: 'broken JSON', ask: send('/api/artifact', '{"version":'), want: 400 },
    { name: 'trailing commas', ask: send('/api/artifact', '{"version": {},}'), want: 400 },
    { name: 'an empty body', ask: send('/api/releases', ''), want: 400 },
    { name: 'a list', ask: send('/api/artifact', []), want: 422 },
    { name: 'null', ask: send('/api/artifact', null), want: 422 },
    { name: 'null as a release', ask: send('/api/releases', null), want: 422 },
    { name: 'deep nesting', ask: send('/api/artifact', deep), want: 422 },
    { name: 'A19: a hostile key', ask: send('/api/artifact', '{"__proto__": {"x": 1}, "version": {"repositoryName": "o/w", "sha": "abcd"}}'), want: 422 }, // biome-ignore format: one row
    { name: '2 MiB', ask: send('/api/artifact', 'x'.repeat(2 << 20)), want: 413 },
    { name: 'an unknown artifact', ask: get('/api/artifacts/none'), want: 404 },
    { name: 'a release of an unknown artifact', ask: send('/api/releases', { env: 'production', artifactId: 'none' }), want: 404 }, // biome-ignore format: one row
    { name: 'a release of nothing', ask: send('/api/releases', { env: 'production' }), want: 422 },
    { name: 'an unknown event', ask: get('/api/event?id=none'), want: 404 },
    { name: 'an event without id', ask: get('/api/event'), want: 422 },
    { name: 'an unknown decision', ask: get('/api/decisions/none'), want: 404 },
    { name: 'releases without env', ask: get('/api/releases'), want: 422 },
    { name: 'status without env', ask: get('/api/status'), want: 422 },
    { name: 'a negative limit', ask: get('/api/artifacts?limit=-1'), want: 422 },
    { name: 'a limit of 0', ask: get('/api/artifacts?limit=0'), want: 422 },
    { name: 'a limit of 501', ask: get('/api/artifacts?limit=501'), want: 422 },
    { name: 'a limit that is no number', ask: get('/api/artifacts?limit=1e2'), want: 422 },
    { name: 'a repeated limit', ask: get('/api/artifacts?limit=1&limit=2'), want: 422 },
    { name: 'a repeated env', ask: get('/api/status?env=staging&env=production'), want: 422 },
    { name: 'a time that is none', ask: get('/api/artifacts?since=yesterday'), want: 422 },
    { name: 'an event that is none', ask: get('/api/artifacts?event=merge'), want: 422 },
    { name: 'a commit that is none', ask: get('/api/artifacts?sha=--all'), want: 422 },
    { name: 'a path that is none', ask: get('/api/none'), want: 404 },
    { name: 'a path with dots', ask: get('/api/artifacts/%2e%2e%2f%2e%2e'), want: 422 },
    { name: 'a rollback of nothing', ask: () => call('/api/rollback?env=none&app=web', { method: 'POST' }), want: 404 }, // biome-ignore format: one row
    { name: 'a delete of nothing', ask: () => call('/api/delete?env=none&app=web', { method: 'POST' }), want: 404 }, // biome-ignore format: one row
  ])('$name: $want', async ({ ask, want }) => {
    const before = await count()
    const { status, body } = await ask()
    expect([status, body]).toEqual([want, anyError])
    expect(await count()).toBe(before)
  })

  test('a release to an unknown environment: 404 that names the known ones', async () => {
    const artifactId = await stored()
    const { status, body } = await post('/api/releases', { env: 'nowhere', artifactId })
    expect([status, body]).toEqual([404, anyError])
    expect(JSON.stringify(body)).toContain('production, staging')
  })

  test('an unknown variable in a manifest that the artifact brings: 422 that names it', async () => {
    const manifests = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: "{{ .NOBODY }}"}\n' // biome-ignore format: one text
    const body = posted({ id: 'bad', environments: [{ app: 'web', env: 'production', manifests }] })
    const answer = await post('/api/artifact', body)
    expect([answer.status, answer.body]).toEqual([422, anyError])
    expect(JSON.stringify(answer.body)).toContain('NOBODY')
    expect((await call('/api/artifacts/bad')).status).toBe(404)
  })
})

describe('tokens', () => {
  test('are told once, when the user is made', async () => {
    const first = await post('/api/user', { login: 'once' })
    expect(first).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^gimlet_/) } })
    expect((await post('/api/user', { login: 'once' })).status).toBe(409)
    expect((await post('/api/user', { login: 'admin' })).status).toBe(409)
    const { token } = first.body as { token: string }
    for (const path of ['/api/users', '/api/user/once'])
      expect(JSON.stringify((await call(path)).body)).not.toContain(token)
    expect((await call('/api/user/once')).body).toMatchObject({ login: 'once', admin: false })
  })

  test('may stand in the query, as GimletD’s clients send them', async () => {
    const path = `/api/whoami?access_token=${server.adminToken}`
    expect((await call(path, { token: null })).status).toBe(200)
    expect((await call('/api/whoami?access_token=wrong', { token: null })).status).toBe(401)
  })

  test.each(['', 'Bearer', 'Bearer ', 'Bearer wrong', 'Basic {}', 'Token {}', '{}', 'Bearer x {}'])(
    'are refused as %j',
    async (scheme) => {
      const authorization = scheme.replace('{}', server.adminToken)
      const { status, body, headers } = await call('/api/whoami', { token: null, headers: { authorization } }) // biome-ignore format: one call
      expect([status, body]).toEqual([401, anyError])
      expect(headers.get('www-authenticate')).toBe('Bearer')
    },
  )

  test('A7: die with their removal', async () => {
    const token = await server.user('leaver')
    expect((await call('/api/whoami', { token })).status).toBe(200)
    expect((await call('/api/user/leaver', { method: 'DELETE' })).status).toBe(200)
    await expect.poll(async () => (await call('/api/whoami', { token })).status).toBe(401)
    expect((await call('/api/user/leaver')).status).toBe(404)
  })

  test('A7/A9: of one repository touch nothing of another', async () => {
    const token = await server.user('other-ci', { roles: ['ci', 'releaser'], repositories: ['owner/other'] }) // biome-ignore format: one call
    await released()
    const artifactId = await stored()
    const own = posted({ id: 'other-1', version: { repositoryName: 'owner/other' } })
    expect((await post('/api/artifact', own, token)).status).toBe(201)
    const foreign = [
      await post('/api/artifact', posted({ id: 'forged' }), token),
      await post('/api/releases', { env: 'production', artifactId }, token),
      await post('/api/releases', { env: 'production', app: 'web', artifactId }, token),
      await post('/api/releases', { env: 'production', app: 'web' }, token),
      await call('/api/rollback?env=production&app=web', { method: 'POST', token }),
      await call('/api/delete?env=production&app=web', { method: 'POST', token }),
    ]
    expect(foreign.map(({ status }) => status)).toEqual(foreign.map(() => 403))
    const stolen = await post('/api/releases', { env: 'production', app: 'web', artifactId: 'other-1' }, token) // biome-ignore format: one call
    expect(stolen.status).toBe(403)
  })

  test('A28: stand in no line of the log', () => {
    const log = server.lines.join('')
    expect(log).not.toContain(server.adminToken)
    expect(log).not.toMatch(/gimlet_[\w-]{40,}/)
  })
})

describe('A26: who may do what', () => {
  const all = [...roles]
  const looks = { viewer: 1, ci: 1, releaser: 1, approver: 1, admin: 1 }
  const ask = (method: string, path: string, body?: unknown) => ({ method, path, body })
  const approves = { approver: 1, admin: 1 }
  const controls = { releaser: 1, approver: 1, admin: 1 }
  const table = {
    'push-artifact': { by: { ci: 1, admin: 1 }, ...ask('POST', '/api/artifact', {}) },
    release: { by: { releaser: 1, admin: 1 }, ...ask('POST', '/api/releases', { env: 'x', artifactId: 'none' }) }, // biome-ignore format: one row
    rollback: { by: { releaser: 1, admin: 1 }, ...ask('POST', '/api/rollback?env=x&app=x') },
    delete: { by: { releaser: 1, admin: 1 }, ...ask('POST', '/api/delete?env=x&app=x') },
    'branch-deleted': {
      by: { ci: 1, admin: 1 },
      ...ask('POST', '/api/branch-deleted', { repository: 'owner/none', branch: 'x' }),
    },
    'report-health': {
      by: { cluster: 1, ci: 1, admin: 1 },
      ...ask('POST', '/api/flux-events?env=x', {
        metadata: { revision: `main@sha1:${'0'.repeat(40)}` },
      }),
    },
    approve: { by: approves, ...ask('POST', '/api/event/none/approve') },
    reject: { by: approves, ...ask('POST', '/api/event/none/reject') },
    block: { by: controls, ...ask('POST', '/api/artifacts/none/block', { reason: 'x' }) },
    unblock: { by: controls, ...ask('DELETE', '/api/artifacts/none/block') },
    lock: { by: controls, ...ask('POST', '/api/locks', { env: 'x', reason: 'x', until: '2020-01-01T00:00:00Z' }) }, // biome-ignore format: one row
    unlock: { by: controls, ...ask('DELETE', '/api/locks?env=x') },
    locks: { by: looks, ...ask('GET', '/api/locks') },
    artifacts: { by: looks, ...ask('GET', '/api/artifacts') },
    artifact: { by: looks, ...ask('GET', '/api/artifacts/none') },
    status: { by: looks, ...ask('GET', '/api/status?env=x') },
    history: { by: looks, ...ask('GET', '/api/releases?env=x') },
    event: { by: looks, ...ask('GET', '/api/event?id=none') },
    decision: { by: looks, ...ask('GET', '/api/decisions/none') },
    decisions: { by: looks, ...ask('GET', '/api/decisions?since=2026-01-01T00:00:00Z') },
    'gitops-repo': { by: looks, ...ask('GET', '/api/gitopsRepo') },
    'gitops-state': { by: looks, ...ask('GET', '/api/gitops') },
    'resume-gitops': { by: { admin: 1 }, ...ask('POST', '/api/gitops/resume', { tip: '1'.repeat(40) }) }, // biome-ignore format: one row
    whoami: { by: looks, ...ask('GET', '/api/whoami') },
    users: { by: { admin: 1 }, ...ask('GET', '/api/users') },
    user: { by: { admin: 1 }, ...ask('GET', '/api/user/none') },
    'add-user': { by: { admin: 1 }, ...ask('POST', '/api/user', { login: 'admin' }) },
    'renew-token': { by: { admin: 1 }, ...ask('POST', '/api/user/none/token', {}) },
    'remove-user': { by: { admin: 1 }, ...ask('DELETE', '/api/user/none') },
    audit: { by: { admin: 1 }, ...ask('GET', '/api/audit') },
  }

  test('is said of every command', () => {
    expect(Object.keys(table).sort()).toEqual(Object.keys(actionOf).sort())
    // A lock is ended by its place or by its id, and health told by Flux or Argo CD: two calls for one
    // command. So is what became of a request, which GimletD's later clients ask for in two ways of their own.
    expect(routes).toHaveLength(Object.keys(table).length + 4)
  })

  test.each(all)('%s', async (role) => {
    const token = await server.user(`role-${role}`, { roles: [role] })
    const got: Record<string, boolean> = {}
    for (const [verb, { method, path, body }] of Object.entries(table)) {
      const artifact = posted({ id: `of-${role}` })
      const sent = verb === 'push-artifact' ? artifact : body
      const init = sent === undefined ? {} : { body: JSON.stringify(sent) }
      got[verb] = (await call(path, { method, token, ...init })).status !== 403
    }
    const want = Object.entries(table).map(([verb, { by }]) => [verb, role in by])
    expect(got).toEqual(Object.fromEntries(want))
  })

  test('a user without roles may do nothing', async () => {
    const token = await server.user('nobody', { roles: [] })
    expect((await call('/api/whoami', { token })).status).toBe(403)
  })

  test.each(routes.map(({ method, path }) => ({ method, path })))(
    '$method $path takes a token, before its input is looked at',
    async ({ method, path }) => {
      const url = path.replace(/\{\w+\}/, 'x')
      const { status, body } = await call(url, { method: method.toUpperCase(), token: null })
      expect([status, body]).toEqual([401, anyError])
    },
  )

  test('openapi.json describes every route', async () => {
    const { body } = await call('/openapi.json', { token: null })
    const { paths } = body as { paths: Record<string, Record<string, unknown>> }
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort())
  })
})

describe('F25: files that cannot be used', () => {
  test.each([
    {
      name: 'a broken policy file, which could touch all',
      policies: { 'no.json': '{"kind": "gate", "env": "production", ' },
      staging: 'denied',
    },
    { name: 'a rule that is invalid', policies: { 'no.json': gate({ env: 'production', require: { '<<': [] } }) } }, // biome-ignore format: one row
    { name: 'a manifest without YAML', manifests: { 'web.yaml': 'app: web\n\t: {' } },
    {
      name: 'a manifest without objects',
      manifests: { 'web.yaml': 'app: web\nenv: production\n' },
    },
    {
      name: 'a manifest with an unknown variable',
      manifests: { 'web.yaml': manifest().replace('.image.tag', '.NOBODY') },
      isReady: true,
    },
  ])('$name: what it touches is denied, what it does not goes on', async (given) => {
    const artifactId = await stored()
    await server.putPolicies(given.policies ?? {})
    await server.putManifests(given.manifests ?? {})
    try {
      const ready = await call('/readyz', { token: null })
      expect(ready.status).toBe(200)
      const { problems } = ready.body as { problems: string[] }
      if (!given.isReady) expect(problems.join()).toMatch(/no\.json|web\.yaml/)
      const answers: Record<string, string> = {}
      for (const env of ['production', 'staging']) {
        const { status, body } = await post('/api/releases', { env, app: 'web', artifactId })
        const id = (body as { id?: string }).id
        answers[env] = id ? (await server.ended(id)).status : `refused ${status}`
      }
      expect(answers.staging).toBe(given.staging ?? 'processed')
      expect(['denied', 'refused 422']).toContain(answers.production)
    } finally {
      await server.putPolicies({ 'no.json': null })
      await server.putManifests({ 'web.yaml': manifest() })
    }
  })
})
