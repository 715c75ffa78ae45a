import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { reindexHere } from '../../src/cli/serve.ts'
import type { ReindexTold } from '../../src/reindex-parts.ts'
import { posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'
import { tempFolder } from '../support/temp.ts'

test('reindex makes the index anew beside a running server, tells how far it is, and may be repeated', async () => {
  const server = await testServer({}, onTestFinished)
  await server.post('/api/artifact', posted())
  const { body } = await server.post('/api/releases', {
    env: 'production',
    app: 'web',
    artifactId: 'web-1',
  })
  await server.ended((body as { id: string }).id)
  const before = (await server.call('/api/status?env=production')).body
  const environment = { PATH: process.env.PATH, GIMLET_DATA_DIR: join(server.folder, 'data') }
  const told: string[] = []
  const tell: ReindexTold = ({ commits, of }) => void told.push(`${commits} of ${of}`)
  const one = { commits: 2, releases: 1, running: 1, changedByHand: 0, different: [] }
  const want = { repositories: [one] }
  expect(await reindexHere(environment, tell)).toMatchObject(want)
  expect(await reindexHere(environment, tell)).toMatchObject(want)
  expect(told).toEqual(['2 of 2', '2 of 2'])
  expect((await server.call('/api/status?env=production')).body).toEqual(before)
  await server.post('/api/artifact', posted({ id: 'web-2', version: { message: 'two' } }))
  const next = await server.post('/api/releases', {
    env: 'production',
    app: 'web',
    artifactId: 'web-2',
  })
  expect(await server.ended((next.body as { id: string }).id)).toMatchObject({
    status: 'processed',
    statusDesc: 'released web-2 to production',
  })
})

test('reindex says what to do where there is no server’s data', async () => {
  const environment = { PATH: process.env.PATH, GIMLET_DATA_DIR: await tempFolder() }
  expect(await reindexHere(environment, () => undefined)).toEqual({
    problems: [expect.stringContaining('run this in the server’s folder')],
  })
})
