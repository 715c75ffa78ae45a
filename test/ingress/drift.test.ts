import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { testServer } from '../support/server.ts'
import { putFiles, someonesGit, tempFolder } from '../support/temp.ts'

type Shown = {
  readonly id: string
  readonly web: { readonly created: number }
  readonly plans: readonly { readonly diff: string }[]
}
const json = (body: unknown) => body as Shown

/** A server that has released web-1, and its GitOps repository. */
async function started(environment: Record<string, string> = {}) {
  const server = await testServer({ environment }, onTestFinished)
  const gitops = join(server.folder, 'data/gitops.git')
  await server.post('/api/artifact', posted())
  const { body } = await server.post('/api/releases', {
    env: 'production',
    app: 'web',
    artifactId: 'web-1',
  })
  await server.ended(json(body).id)
  const tree = await tempFolder()
  await someonesGit(tree, 'clone', '--quiet', gitops, '.')
  const commit = async (message: string) => {
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '-m', message)
    await someonesGit(tree, 'push', 'origin', 'HEAD:main')
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  return { server, tree, commit }
}

test('F9: the API shows who changed an app by hand, a dry run tells of it, and what ran at a time is told', async () => {
  const { server, tree, commit } = await started({ GITOPS_DRIFT: 'stop' })
  await putFiles(tree, { 'production/web/by-hand.yaml': 'replicas: 3\n' })
  const ref = await commit('more replicas')
  await server.post('/api/artifact', posted({ id: 'web-2', version: { message: 'two' } }))
  const asked = await server.post('/api/releases', {
    env: 'production',
    app: 'web',
    artifactId: 'web-2',
  })
  // The push of the first attempt shows the server the new tip.
  const ended = await server.ended(json(asked.body).id)
  expect(ended).toMatchObject({
    status: 'denied',
    statusDesc: expect.stringContaining(`changed by hand by Someone in ${ref.slice(0, 8)}`),
  })
  const { body } = await server.call('/api/status?env=production')
  expect(json(body).web).toMatchObject({
    artifactId: 'web-1',
    drift: { commits: [{ ref, author: 'Someone', subject: 'more replicas' }] },
  })
  const dry = { env: 'production', app: 'web', artifactId: 'web-2', dryRun: true }
  const [plan] = json((await server.post('/api/releases', dry)).body).plans
  expect(plan).toMatchObject({ decision: { verdict: 'deny', policy: 'drift' } })
  expect(plan?.diff).toContain('-replicas: 3')

  const { created } = json(body).web
  const at = (unix: number) =>
    server.call(`/api/status?env=production&at=${new Date(unix * 1000).toISOString()}`)
  expect(json((await at(created)).body).web).toMatchObject({ artifactId: 'web-1' })
  expect((await at(created - 1)).body).toEqual({ web: null })
  expect((await server.call('/api/status?env=production&at=yesterday')).status).toBe(422)
})

test('a server on a database without releases shows what the repository holds', async () => {
  const { server } = await started()
  await server.stop()
  const { folder } = server
  const GIMLET_DB_URL = `file:${join(folder, 'other.db')}`
  const other = await testServer({ folder, environment: { GIMLET_DB_URL } }, onTestFinished)
  await eventually(async () => {
    const { body } = await other.call('/api/status?env=production')
    expect(json(body).web).toMatchObject({ artifactId: 'web-1', triggeredBy: 'admin' })
  })
  expect(json((await other.call('/readyz')).body)).toMatchObject({ problems: [] })
})
