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
  const at = (seconds: number) => ({
    timestamp: new Date(Date.now() + seconds * 1000).toISOString(),
  })
  await report(`main@sha1:${ref}`, { ...at(60), severity: 'error', reason: 'BuildFailed' })
  await report(`main@sha1:${ref}`, at(30))
  expect(await stateOf('web')).toBe('failed')
  await report(`main@sha1:${ref}`, at(90))
  expect(await stateOf('web')).toBe('healthy')
})

test.each([
  { name: 'no revision', body: { metadata: {} } },
  { name: 'a revision without a commit', body: { metadata: { revision: 'main' } } },
  { name: 'a list', body: [] },
])('$name is a 422', async ({ body }) => {
  expect((await post('/api/flux-events?env=production', body)).status).toBe(422)
})

test('a commit that is not on the branch is news of nothing', async () => {
  await release('web')
  expect((await report(`main@sha1:${'0'.repeat(40)}`)).body).toMatchObject({ apps: [] })
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
