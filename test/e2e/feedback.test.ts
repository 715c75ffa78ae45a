import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { plain } from '../../src/messages/paint.ts'
import { gate, manifest, posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { testServer } from '../support/server.ts'

const server = await testServer(
  {
    manifests: { 'staging.yaml': manifest({ env: 'staging' }), 'production.yaml': manifest() },
    policies: {
      'healthy.json': gate({
        env: 'production',
        otherwise: 'hold',
        require: { '==': [{ var: 'envs.staging.health' }, 'healthy'] },
        message: 'It waits until staging is healthy',
      }),
    },
  },
  afterAll,
)
const cluster = await server.user('cluster', { roles: ['cluster'] })

/** Runs the program and collects what it wrote. */
async function gimlet(...words: readonly string[]) {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const environment = { GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken }
  const code = await run(words, { out: say, err: say, paint: plain, environment })
  return { code, said: said.join('\n') }
}

const commitOf = async (id: string) => {
  const { body } = await server.call(`/api/event?id=${id}`)
  return (body as { gitopsHashes: { hash: string }[] }).gitopsHashes[0]?.hash ?? ''
}

/** A recorded payload about a commit, sent as the cluster sends it. */
async function told(
  path: string,
  file: string,
  { commit, seconds = 0 }: { commit: string; seconds?: number },
) {
  const time = new Date(Date.now() + seconds * 1000).toISOString()
  const text = readFileSync(`test/fixtures/${file}.json`, 'utf8')
  const body = text.replaceAll('<commit>', commit).replaceAll('2026-11-30T10:00:00Z', time)
  return (await server.post(path, body, cluster)).body
}
const flux = (file: string, about: { commit: string; seconds?: number }) =>
  told('/api/flux-events?env=staging', `flux/${file}`, about)
const argocd = (file: string, about: { commit: string; seconds?: number }) =>
  told('/api/argocd-events?env=production&app=web', `argocd/${file}`, about)

describe('what the cluster says', () => {
  it('opens a gate, fails and recovers, and is shown wherever one looks', async () => {
    await server.post('/api/artifact', posted())
    const ask = async (env: string) => {
      const { body } = await server.post('/api/releases', { env, app: 'web', artifactId: 'web-1' })
      const { id } = body as { id: string }
      return { id, ...(await server.ended(id)) }
    }
    const staging = await ask('staging')
    const commit = await commitOf(staging.id)
    const production = await ask('production')
    expect(production.status).toBe('held')

    const waiting = gimlet('track', staging.id, '--wait', '--timeout', '2m')
    expect(await flux('applied', { commit })).toMatchObject({ apps: ['web'] })
    expect((await gimlet('track', staging.id, '--wait', '--timeout', '1s')).code).toBe(4)
    expect(await flux('health-check-passed', { commit, seconds: 1 })).toMatchObject({
      apps: ['web'],
    })
    expect(await waiting).toMatchObject({ code: 0, said: expect.stringContaining('in the cluster healthy') }) // biome-ignore format: one claim
    await eventually(
      async () =>
      expect((await server.call(`/api/event?id=${production.id}`)).body).toMatchObject({ status: 'processed' }), // biome-ignore format: one claim
    )

    expect(await flux('health-check-failed', { commit, seconds: 2 })).toMatchObject({
      apps: ['web'],
    })
    expect(await flux('health-check-failed', { commit, seconds: 3 })).toMatchObject({ apps: [] })
    expect((await gimlet('track', staging.id, '--wait')).code).toBe(1)
    expect((await gimlet('status', '--env', 'staging')).said).toContain('web in staging: health check failed') // biome-ignore format: one claim
    expect((await gimlet('explain', staging.id)).said).toContain('in the cluster failed')
    expect((await gimlet('history', 'web', 'staging')).said).toContain('failed')
    expect(await metric('gimletd_release_health{env="staging",state="failed"}')).toBe('1')

    expect(await flux('reconciled', { commit, seconds: 4 })).toMatchObject({ apps: ['web'] })
    expect((await server.call('/api/status?env=staging')).body).toMatchObject({
      web: {
        health: {
          state: 'healthy',
          recoveredFrom: { message: expect.stringContaining('health check failed') },
        },
      },
    })
    expect(await metric('gimletd_release_health{env="staging",state="healthy"}')).toBe('1')
    expect(await metric('gimletd_release_health{env="production",state="unknown"}')).toBe('1')
  })

  it('may come from Argo CD', async () => {
    const { body } = await server.call('/api/status?env=production')
    const { gitopsRef: commit } = (body as { web: { gitopsRef: string } }).web
    const state = async () => {
      const { body: now } = await server.call('/api/status?env=production')
      return (now as { web: { health?: { state: string } } }).web.health?.state
    }
    await argocd('sync-running', { commit })
    expect(await state()).toBe('progressing')
    await argocd('multi-source', { commit, seconds: 1 })
    expect(await state()).toBe('healthy')
    await argocd('degraded', { commit, seconds: 2 })
    expect(await state()).toBe('failed')
    await argocd('healthy', { commit, seconds: 3 })
    expect(await state()).toBe('healthy')
  })
})

async function metric(name: string): Promise<string | undefined> {
  const { body } = await server.call('/metrics', { token: null })
  return String(body)
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(' ')[1]
}
