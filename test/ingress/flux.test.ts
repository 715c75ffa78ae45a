import { afterAll, expect, test } from 'vitest'
import type { Release } from '../../src/domain/release.ts'
import { gate, manifest, posted, trigger } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

const manifests = {
  'web.yaml': manifest(),
  'api.yaml': manifest({ app: 'api' }),
  'staging.yaml': manifest({ env: 'staging' }),
}
const healthy = gate({
  env: 'staging',
  otherwise: 'hold',
  require: { '==': [{ var: 'envs.production.health' }, 'healthy'] },
  message: 'It waits until production is healthy',
})
const back = trigger({
  on: 'health',
  env: 'production',
  app: 'web',
  when: { '==': [{ var: 'current.health' }, 'failed'] },
})
const server = await testServer({ manifests, policies: { 'healthy.json': healthy } }, afterAll)
const { call, post } = server

let made = 0
async function release(app: string, env = 'production'): Promise<{ id: string; ref: string }> {
  const artifactId = `${app}-${++made}`
  await post(
    '/api/artifact',
    posted({ id: artifactId, version: { repositoryName: `owner/${app}` } }),
  )
  const { id } = (await post('/api/releases', { env, app, artifactId })).body as { id: string }
  await server.ended(id)
  return { id, ref: (await running(app, env))?.gitopsRef ?? '' }
}
const running = async (app: string, env = 'production') =>
  ((await call(`/api/status?env=${env}`)).body as Record<string, Release | undefined>)[app]
const report = (revision: string, about: object = {}, env = 'production') =>
  post(`/api/flux-events?env=${env}`, {
    involvedObject: { kind: 'Kustomization', name: 'apps', namespace: 'flux-system' },
    severity: 'info',
    reason: 'ReconciliationSucceeded',
    message: 'Reconciliation finished',
    metadata: { revision },
    ...about,
  })
const later = (seconds: number) => ({
  timestamp: new Date(Date.now() + seconds * 1000).toISOString(),
})
const stateOf = async (app: string) => (await running(app))?.health?.state

test.each(['main@sha1:', 'sha1:', 'main/', 'feature/x@sha1:', 'feature/x/'])(
  'a revision after %j is read',
  async (before) => {
    const { ref } = await release('web')
    expect(await report(before + ref)).toMatchObject({ status: 200, body: { env: 'production', apps: ['web'] } }) // biome-ignore format: one claim
    expect(await stateOf('web')).toBe('healthy')
  },
)

test('what a commit brings is true of every release up to it, and of no later one', async () => {
  const [web, api] = [await release('web'), await release('api')]
  expect((await report(`main@sha1:${web.ref}`)).body).toMatchObject({ apps: ['web'] })
  expect(await stateOf('api')).toBeUndefined()
  expect((await report(`main@sha1:${api.ref}`)).body).toMatchObject({ apps: ['api'] })
  expect([await stateOf('web'), await stateOf('api')]).toEqual(['healthy', 'healthy'])
})

test('a report that comes late says nothing, and failed then recovered is recovered', async () => {
  const { ref } = await release('web')
  await report(`main@sha1:${ref}`, { ...later(60), severity: 'error', reason: 'BuildFailed' })
  await report(`main@sha1:${ref}`, later(30))
  expect(await stateOf('web')).toBe('failed')
  await report(`main@sha1:${ref}`, later(90))
  expect(await stateOf('web')).toBe('healthy')
})

test.each([
  { name: 'no revision', body: { metadata: {} } },
  { name: 'a revision without a commit', body: { metadata: { revision: 'main' } } },
  { name: 'a list', body: [] },
])('what no object of Flux sent is a 422: $name', async ({ body }) => {
  expect((await post('/api/flux-events?env=production', body)).status).toBe(422)
})

test.each([
  { name: 'a GitRepository', about: { involvedObject: { kind: 'GitRepository', name: 'gitops' } } },
  { name: 'a HelmRelease', about: { involvedObject: { kind: 'HelmRelease', name: 'web' } } },
  { name: 'a Kustomization without a revision', about: { metadata: null } },
  { name: 'a commit that is not on the branch', about: {} },
])('$name is taken, and is news of nothing', async ({ about }) => {
  await release('web')
  const { status, body } = await report(`main@sha1:${'0'.repeat(40)}`, about)
  expect({ status, body }).toMatchObject({ status: 200, body: { apps: [], ignored: expect.any(String) } }) // biome-ignore format: one claim
  expect(await stateOf('web')).toBeUndefined()
})

test('one broken app leaves the others alone, by its name, its Kustomization or its address', async () => {
  const [, { ref }] = [await release('web'), await release('api')]
  await report(`main@sha1:${ref}`)
  const failing = { severity: 'error', reason: 'HealthCheckFailed' }
  const message = "timeout waiting for: [Deployment/production/web status: 'InProgress']"
  expect((await report(`main@sha1:${ref}`, { ...failing, message })).body).toMatchObject({ apps: ['web'] }) // biome-ignore format: one claim
  const involvedObject = { kind: 'Kustomization', name: 'production-api', namespace: 'flux-system' }
  expect((await report(`main@sha1:${ref}`, { ...failing, involvedObject })).body).toMatchObject({ apps: ['api'] }) // biome-ignore format: one claim
  expect((await report(`main@sha1:${ref}`, later(5), 'production&app=web')).body).toMatchObject({ apps: ['web'] }) // biome-ignore format: one claim
  expect([await stateOf('web'), await stateOf('api')]).toEqual(['healthy', 'failed'])
})

test('releases that the cluster skipped get the state of the one that it applied', async () => {
  const skipped: string[] = []
  for (let n = 0; n < 10; n++) skipped.push((await release('web')).id)
  const { ref } = await release('api')
  await report(`main@sha1:${ref}`)
  const shown = await Promise.all(skipped.map((id) => call(`/api/event?id=${id}`)))
  expect(shown.map(({ body }) => (body as { gitopsHashes: { status: string }[] }).gitopsHashes[0]?.status)).toEqual(Array(10).fill('ReconciliationSucceeded')) // biome-ignore format: one claim
})

test('reports that come at once lose none of each other (F15)', async () => {
  const { ref } = await release('web')
  const reports = Array.from({ length: 20 }, (_, n) =>
    report(`main@sha1:${ref}`, { ...later(n), severity: n % 2 ? 'info' : 'error' }),
  )
  const answers = await Promise.all(reports)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(await running('web')).toMatchObject({ health: { state: 'healthy' } })
})

test.each([
  { role: 'cluster', report: 200, look: 403, artifact: 403 },
  { role: 'viewer', report: 403, look: 200, artifact: 403 },
])('a token of the role $role may report health: $report', async ({ role, ...want }) => {
  const token = await server.user(`${role}-token`, { roles: [role] })
  const body = { involvedObject: { kind: 'GitRepository' } }
  const { status } = await post('/api/flux-events?env=production', body, token)
  const look = await call('/api/status?env=production', { token })
  const artifact = await post('/api/artifact', posted({ id: `by-${role}` }), token)
  expect({ report: status, look: look.status, artifact: artifact.status }).toEqual(want)
})

test('a held release wakes when its fact comes true', async () => {
  const { ref } = await release('web')
  const { id } = (await post('/api/releases', { env: 'staging', app: 'web', artifactId: `web-${made}` })).body as { id: string } // biome-ignore format: one call
  expect(await server.ended(id)).toMatchObject({ status: 'held' })
  await report(`main@sha1:${ref}`)
  await expect.poll(async () => (await call(`/api/event?id=${id}`)).body).toMatchObject({ status: 'processed' }) // biome-ignore format: one claim
})

test('a trigger on health rolls a failed release back, and not what it went back to', async () => {
  await server.putPolicies({ 'back.json': back })
  await release('web')
  const { ref } = await release('web')
  const good = `web-${made - 1}`
  await report(`main@sha1:${ref}`, { severity: 'error', reason: 'HealthCheckFailed' })
  await expect.poll(async () => (await running('web'))?.artifactId).toBe(good)
  const again = await running('web')
  expect(again?.triggeredBy).toBe('policy:back')
  await report(`main@sha1:${again?.gitopsRef}`, { severity: 'error', reason: 'HealthCheckFailed' })
  await expect.poll(async () => stateOf('web')).toBe('failed')
  const { id } = await release('api')
  expect(await server.ended(id)).toMatchObject({ status: 'processed' })
  expect((await running('web'))?.gitopsRef).toBe(again?.gitopsRef)
})

test('a cluster that is one environment’s reports of no other', async () => {
  const limited = { login: 'production-cluster', roles: [{ role: 'cluster', env: 'production' }] }
  await server.putPolicies({ 'people.json': JSON.stringify({ people: [limited] }) })
  const token = await server.user('production-cluster', { roles: [] })
  const body = { involvedObject: { kind: 'GitRepository' } }
  const statuses = ['production', 'staging'].map(async (env) => (await post(`/api/flux-events?env=${env}`, body, token)).status) // biome-ignore format: one list
  expect(await Promise.all(statuses)).toEqual([200, 403])
})
