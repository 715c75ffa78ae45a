import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EdgeServer } from '../../src/edge/server.ts'
import { manifest, trigger } from '../support/builders.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'

const [one, two] = ['017d995e32e3d1998395d971b969bcf682d20851', '2'.repeat(40)]
/** The design draft's artifact. */
const draft = (sha: string, branch = 'master') => ({
  id: `web-${sha}`,
  version: {
    ...{ sha, branch, pr: false, name: 'web', provider: 'Github', message: 'reformat something' },
    ...{ authorName: 'First Last', authorEmail: 'first@example.com' },
    ...{ committerName: 'First Last', committerEmail: 'first@example.com' },
    url: `https://github.com/owner/web/commits/${sha}`,
  },
  artifacts: [
    { name: 'ci', jobUrl: 'https://jenkins.example.com/job/dev/84' },
    { name: 'image', repository: 'quay.io/owner/web', tag: sha },
  ],
})
const folder = 'production/web'

let world: EdgeWorld
const work: (() => unknown)[] = []

beforeAll(async () => {
  world = await edgeWorld(
    {
      policies: {
        'master.json': trigger({
          env: 'production',
          when: { '==': [{ var: 'artifact.version.branch' }, 'master'] },
        }),
      },
      manifests: { 'staging.yaml': manifest({ env: 'staging' }), 'production.yaml': manifest() },
    },
    (one) => void work.push(one),
  )
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

const show = (path: string, rev = 'main') => world.gitops.git('show', `${rev}:${path}`)
const commits = (count: number) =>
  eventually(async () => {
    const all = await world.gitops.commits(folder)
    expect(all).toHaveLength(count)
    return all
  })
const get = async (path: string) => (await world.call(path)).body as never
const asked = async (path: string, body: unknown = {}) =>
  ((await world.post(path, body)).body as { id: string }).id

describe('the main job on the edge', () => {
  it('begins with a server that is healthy, ready and measured', async () => {
    expect(await world.call('/healthz')).toMatchObject({ status: 200 })
    await eventually(async () =>
      expect(await world.call('/readyz')).toMatchObject({ status: 200, body: { problems: [] } }),
    )
    expect((await world.call('/metrics')).text).toMatch(/^# HELP /m)
  })

  it('takes nothing from a caller without a token (A12)', async () => {
    expect(await world.post('/api/artifact', draft(one), null)).toMatchObject({ status: 401 })
    expect(await world.call('/api/artifacts', { token: 'wrong' })).toMatchObject({ status: 401 })
    expect(await get('/api/artifacts')).toEqual([])
  })

  it('takes an artifact, and the same one twice, once', async () => {
    const taken = await world.post('/api/artifact', draft(one))
    expect(taken).toMatchObject({ status: 201, body: { version: { repositoryName: 'web' } } })
    const again = await world.post('/api/artifact', draft(one))
    expect(again).toMatchObject({ status: 200, body: { id: `web-${one}` } })
    const other = await world.post('/api/artifact', { ...draft(one), artifacts: [] })
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } })
  })

  it('releases it by policy, in one commit that explains itself and that GitHub signed', async () => {
    const [commit = ''] = await commits(1)
    expect(await show(`${folder}/configmap-web.yaml`)).toContain(one)
    expect(JSON.parse(await show(`${folder}/release.json`))).toMatchObject({
      ...{ app: 'web', env: 'production', artifactId: `web-${one}` },
    })
    const message = await world.gitops.git('log', '-1', '--format=%B', commit)
    for (const name of ['Release', 'Artifact', 'Decision'])
      expect(message).toMatch(new RegExp(`^${name}-Id: \\S`, 'm'))
    for (const name of ['Triggered-By', 'Policy-Version', 'Source-Commit'])
      expect(message).toMatch(new RegExp(`^${name}: \\S`, 'm'))
    expect(await world.gitops.git('cat-file', 'commit', commit)).toContain('\ngpgsig ')
  })

  it('does not release what no policy asks for', async () => {
    const id = await asked('/api/artifact', draft('3'.repeat(40), 'feature/x'))
    expect(await world.ended(id)).toMatchObject({ status: 'processed', releases: [] })
    await commits(1)
  })

  it('releases on request, and tells when it is done', async () => {
    const artifactId = `web-${one}`
    const id = await asked('/api/releases', { env: 'staging', app: 'web', artifactId })
    const event = await world.ended(id)
    const hash = await world.gitops.git('rev-parse', 'main')
    expect(event).toMatchObject({ status: 'processed', gitopsHashes: [{ hash }] })
  })

  it('shows status, history and artifacts', async () => {
    await world.ended(await asked('/api/artifact', draft(two)))
    const [gitopsRef] = await commits(2)
    await eventually(async () =>
      expect(await get('/api/status?env=production')).toMatchObject({
        web: { gitopsRef, version: { sha: two } },
      }),
    )
    expect(await get('/api/releases?env=production&app=web')).toMatchObject([
      { version: { sha: two } },
      { version: { sha: one } },
    ])
    const newest = await get('/api/artifacts?branch=master&limit=1')
    expect(newest).toMatchObject([{ version: { sha: two } }])
  })

  it('rolls back in one commit, byte for byte', async () => {
    const [, first] = await commits(2)
    const id = await asked(`/api/rollback?env=production&app=web&sha=${first}`)
    expect(await world.ended(id)).toMatchObject({ status: 'processed' })
    await commits(3)
    const changed = await world.gitops.git('diff', '--name-only', `${first}`, 'main', '--', folder)
    expect(changed).toBe(`${folder}/release.json`)
    // The API reads no body here, and the platform breaks on one that comes after the answer.
    expect(world.worker.log()).not.toContain('request stream after response')
    expect(await get('/api/status?env=production&app=web')).toMatchObject({
      web: { version: { sha: one } },
    })
  })

  it('says what a dry run would do, and does nothing', async () => {
    const before = await world.gitops.git('rev-parse', 'main')
    const request = { env: 'production', app: 'web', artifactId: `web-${two}`, dryRun: true }
    const { status, text } = await world.post('/api/releases', request)
    expect(status).toBe(200)
    expect(text).toContain(two)
    expect(await world.gitops.git('rev-parse', 'main')).toBe(before)
  })
})

describe('bad input on the edge', () => {
  const escaping = [{ app: '../../etc', env: 'production', manifests: 'a: 1' }]
  const [artifact, releases] = ['/api/artifact', '/api/releases']
  const error = { message: expect.any(String) }

  it.each([
    { path: artifact, body: '{"id": "x",}', status: 400 },
    { path: artifact, body: '[]', status: 422 },
    { path: artifact, body: JSON.stringify({ id: 'x'.repeat(2 << 20) }), status: 413 },
    { path: releases, body: JSON.stringify({ app: 'x'.repeat(2 << 20) }), status: 413 },
    { path: artifact, body: { ...draft('4'.repeat(40)), environments: escaping }, status: 422 },
    { path: releases, body: { env: '../x', app: 'web', artifactId: `web-${one}` }, status: 422 },
    { path: releases, body: { env: 'production', artifactId: 'no-such-artifact' }, status: 404 },
    { path: releases, body: { artifactId: `web-${one}` }, status: 422 },
  ])('is refused in words: $status for $path %#', async ({ path, body, status }) => {
    expect(await world.post(path, body)).toMatchObject({ status, body: { error } })
  })

  it.each([
    { path: '/api/status', status: 422 },
    { path: '/api/event?id=no-such-event', status: 404 },
    { path: '/api/artifacts?limit=-1', status: 422 },
    { path: '/api/nothing', status: 404 },
  ])('is refused in words: $path', async ({ path, status }) => {
    expect(await world.call(path)).toMatchObject({ status, body: { error } })
  })
})

describe('a chart that helm would have to render', () => {
  it('is a problem of its manifest, and its release is refused with the way out', async () => {
    const chart = 'chart: { repository: https://charts.example.com, name: shop, version: 1.0.0 }\n'
    const shop = `app: shop\nenv: staging\nrepository: web\n${chart}`
    const put = async (text: string) => {
      const after = await world.gitops.commit({ 'manifests/shop.yaml': text })
      await world.githubSender.push({ repository: world.repository, ref: 'main', after })
    }
    await put(shop)
    const wayOut = expect.stringContaining('render: helmrelease')
    await eventually(async () => expect(await get('/readyz')).toMatchObject({ problems: [wayOut] }))
    const request = { env: 'staging', app: 'shop', artifactId: `web-${one}` }
    const event = await world.ended(await asked('/api/releases', request))
    expect(event).toMatchObject({ status: 'denied', statusDesc: wayOut })
    await put(`${shop}render: helmrelease\n`)
    const released = await world.ended(await asked('/api/releases', request))
    expect(released).toMatchObject({ status: 'processed' })
    expect(await get('/readyz')).toMatchObject({ problems: [] })
  })
})

describe('F6: a runtime that is lost', () => {
  it('looks at once what was left, when it is opened anew by anybody', async () => {
    const alarms: number[] = []
    const setAlarm = async (ms: number) => void alarms.push(ms)
    const state = { storage: { setAlarm, deleteAlarm: () => Promise.resolve() } }
    const nobody = () => Promise.reject(new Error('an object calls no other'))
    const bindings = { SERVER: { idFromName: nobody, get: nobody }, DELIVERIES: { send: nobody } }
    const object = new EdgeServer(state, { ...world.vars, ...bindings } as never)
    await object.fetch(new Request(`${world.worker.url}/openapi.json`))
    expect(alarms).toEqual([expect.any(Number)])
    expect(alarms[0]).toBeLessThanOrEqual(Date.now())
  })

  it('keeps everything, and finishes what was asked for', async () => {
    const before = await get('/api/artifacts')
    const request = { env: 'staging', app: 'web', artifactId: `web-${two}` }
    const id = await asked('/api/releases', request)
    await world.worker.restart()
    expect(await get('/api/artifacts')).toEqual(before)
    expect(await world.ended(id)).toMatchObject({ status: 'processed' })
    expect(await world.gitops.commits('staging/web')).toHaveLength(2)
  })
})
