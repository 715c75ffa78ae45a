import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { migrateHere } from '../../src/cli/serve.ts'
import type { Release } from '../../src/domain/release.ts'
import { formerArtifact, gimletdDatabase } from '../support/gimletd-database.ts'
import { gimletdRepository } from '../support/gimletd-repository.ts'
import { testServer } from '../support/server.ts'
import { tempGitops } from '../support/temp.ts'

/** A GimletD as it is left: its repository, its database, and a server of ours on that repository. */
async function leftGimletd() {
  const gitops = await tempGitops()
  const repository = await gimletdRepository(gitops)
  const web1 = await repository.release('web', 1)
  const web2 = await repository.release('web', 2, 'alice')
  const web3 = await repository.release('web', 3)
  const undone = await repository.revert(web3)
  const api4 = await repository.release('api', 4)
  const webAgain = await repository.release('web', 1)
  await repository.release('old', 5)
  await repository.delete('old')
  await repository.push()

  const database = await gimletdDatabase()
  for (const [at, app] of (['web', 'web', 'web', 'api', 'old'] as const).entries())
    await database.event({
      id: `1111111${at + 1}-1111-4111-8111-111111111111`,
      type: 'artifact',
      created: 1_622_792_757 + at,
      blob: formerArtifact(app, at + 1),
      gitopsHashes: [[web1, web3, web3, api4][at] ?? webAgain],
    })
  const asked = { env: 'production', app: 'web', triggeredBy: 'alice' }
  await database.event({
    id: requestId,
    type: 'release',
    blob: { ...asked, artifactId: formerArtifact('web', 2).id },
    gitopsHashes: [web2],
  })
  await database.event({
    id: rollbackId,
    type: 'rollback',
    blob: { ...asked, targetSHA: web2 },
    gitopsHashes: [undone],
  })
  await database.event({
    id: pendingId,
    type: 'release',
    status: 'new',
    blob: { ...asked, artifactId: formerArtifact('web', 3).id },
  })
  await database.commit(webAgain, 'ReconciliationSucceeded', 'Applied revision: main/1')
  await database.commit(api4, 'HealthCheckFailed', 'Deployment/api is not ready')
  const tokens = {
    admin: await database.user('admin', { admin: true }),
    ci: await database.user('ci'),
  }
  database.close()

  const server = await testServer({ environment: { GITOPS_REPO: gitops.remote } }, onTestFinished)
  const environment = {
    PATH: process.env.PATH,
    GIMLET_DATA_DIR: join(server.folder, 'data'),
    GITOPS_REPO: gitops.remote,
  }
  const migrate = (isDry = false) => migrateHere({ environment, file: database.file, isDry })
  return { gitops, database, server, migrate, tokens, refs: { web1, web2, web3, api4, webAgain } }
}

const requestId = '22222222-2222-4222-8222-222222222222'
const rollbackId = '33333333-3333-4333-8333-333333333333'
const pendingId = '44444444-4444-4444-8444-444444444444'
const tally = (brought: number, known = 0, left = 0) => ({ brought, known, left })

test('GimletD’s database and repository come over together: what ran there runs here, under its tokens', async () => {
  const { gitops, database, server, migrate, tokens, refs } = await leftGimletd()
  const was = createHash('sha256').update(readFileSync(database.file)).digest('hex')
  const all = {
    artifacts: tally(5),
    requests: tally(3),
    users: tally(2),
    health: tally(2),
    left: [],
  }
  expect(await migrate(true)).toEqual(all)
  expect((await server.call('/api/artifacts')).body).toEqual([])
  expect(await migrate()).toEqual(all)
  const again = {
    artifacts: tally(0, 5),
    requests: tally(0, 3),
    users: tally(0, 2),
    health: tally(0, 2),
  }
  expect(await migrate()).toEqual({ ...again, left: [] })
  expect(createHash('sha256').update(readFileSync(database.file)).digest('hex')).toBe(was)

  const call = async (path: string, init: Parameters<typeof server.call>[1] = {}) =>
    (await server.call(path, { token: tokens.ci, ...init })).body as never
  const status: Record<string, Release> = await call('/api/status?env=production')
  expect(status).toMatchObject({
    api: { artifactId: formerArtifact('api', 4).id, health: { state: 'failed' } },
    web: {
      artifactId: formerArtifact('web', 1).id,
      gitopsRef: refs.webAgain,
      health: { state: 'healthy' },
    },
  })
  expect(Object.keys(status)).toEqual(['api', 'web'])
  const history: Release[] = await call('/api/releases?env=production&app=web')
  // Its own list has no rollbacks; what was rolled back is marked in both.
  const released = history.filter(({ rollbackTo }) => rollbackTo === undefined)
  expect(
    released.map(({ gitopsRef, rolledBack, triggeredBy }) => [gitopsRef, rolledBack, triggeredBy]),
  ).toEqual([
    [refs.webAgain, false, 'policy'],
    [refs.web3, true, 'policy'],
    [refs.web2, false, 'alice'],
    [refs.web1, false, 'policy'],
  ])

  const artifacts: { id: string; created: number }[] = await call(
    '/api/artifacts?repository=owner/web',
  )
  expect(artifacts.map(({ id }) => id)).toEqual([3, 2, 1].map((at) => formerArtifact('web', at).id))
  expect(await call(`/api/artifacts?sha=${'2'.repeat(40)}`)).toHaveLength(1)
  expect(await call(`/api/event?id=${requestId}`)).toMatchObject({
    ...{
      type: 'release',
      status: 'processed',
      triggeredBy: 'alice',
      env: 'production',
      app: 'web',
    },
    gitopsHashes: [{ hash: refs.web2 }],
  })
  expect(await call(`/api/event?id=${rollbackId}`)).toMatchObject({ type: 'rollback' })
  expect(await call(`/api/event?id=${pendingId}`)).toMatchObject({
    status: 'superseded',
    statusDesc: 'was still open in the GimletD before; ask for it again',
  })
  expect(await gitops.log('-1')).toEqual(['[GimletD delete] production/old deleted by alice'])

  const roll = (sha: string) =>
    server.call(`/api/rollback?env=production&app=web&sha=${sha}`, {
      method: 'POST',
      token: tokens.ci,
    })
  const tip = await gitops.tipOfRemote()
  expect((await roll('0123456789')).status).toBe(404)
  expect((await roll(refs.api4.slice(0, 10))).status).toBe(404)
  expect(await gitops.tipOfRemote()).toBe(tip)
  const { status: accepted, body } = await roll(refs.web2.slice(0, 10))
  expect(accepted).toBe(201)
  await server.ended((body as { id: string }).id)
  const files = await gitops.files()
  expect(files['production/web/deployment.yaml']).toBe('image: web:2\n')
  expect(files['production/api/deployment.yaml']).toBe('image: api:4\n')
  expect(JSON.parse(files['production/release.json'] ?? '')).toMatchObject({ app: 'old' })
})

test('a migrated artifact is released here, by the newest of its branch and by its id', async () => {
  const { gitops, server, migrate } = await leftGimletd()
  await migrate()
  await server.call('/api/locks?env=production&app=web', { method: 'DELETE' })
  const ask = async (body: object) => {
    const { body: accepted } = await server.post('/api/releases', { env: 'production', ...body })
    return server.ended((accepted as { id: string }).id)
  }
  expect(await ask({ app: 'web' })).toMatchObject({ status: 'processed' })
  expect((await gitops.files())['production/web/configmap-web.yaml']).toContain('tag: "v3"')
  await server.post('/api/artifact', { ...formerArtifact('web', 9), id: 'web-9' })
  await migrate()
  expect(await ask({ app: 'web' })).toMatchObject({ statusDesc: 'released web-9 to production' })
  const { id: artifactId } = formerArtifact('web', 2)
  expect(await ask({ app: 'web', artifactId })).toMatchObject({ status: 'processed' })
})
