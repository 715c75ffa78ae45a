import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { posted, sha } from '../support/builders.ts'
import { gimletIn } from '../support/gimlet.ts'
import { formerArtifact, gimletdDatabase } from '../support/gimletd-database.ts'
import { testServer } from '../support/server.ts'
import { tempDatabase, tempFolder } from '../support/temp.ts'

/** A server, and the program in its folder. */
async function inServersFolder() {
  const server = await testServer({}, onTestFinished)
  const environment = {
    PATH: process.env.PATH,
    GIMLET_DATA_DIR: join(server.folder, 'data'),
  }
  return { server, gimlet: gimletIn(environment) }
}

test('migrate tells what came over, and why the rest did not', async () => {
  const { server, gimlet } = await inServersFolder()
  await server.user('taken')
  const former = await gimletdDatabase({ isLater: true })
  await former.event({ id: 'e-1', type: 'artifact', blob: formerArtifact('web', 1) })
  await former.event({ id: 'e-2', type: 'artifact', blob: { id: '-x', version: {} } })
  await former.event({ id: 'e-3', type: 'imageBuild', blob: {} })
  await former.event({
    id: 'e-4',
    type: 'release',
    blob: { env: 'staging', app: 'web' },
    results: [{ Status: 1, StatusDesc: 'no chart' }],
  })
  for (const login of ['ci', 'taken', 'no such name']) await former.user(login)
  await former.user('oauth', { secret: 'an encrypted secret' })
  await former.commit('b'.repeat(40), 'ReconciliationSucceeded')
  // Not closed: what is in the file's write-ahead log comes over, too.
  await former.run('pragma journal_mode = wal')
  await former.event({ id: 'e-5', type: 'release', blob: { env: 'staging', app: 'web' } })

  const dry = await gimlet('migrate', former.file, '--dry-run')
  expect(dry.out).toContain('WOULD COME')
  expect((await server.call('/api/event?id=e-1')).status).toBe(404)
  const { code, out, err } = await gimlet('migrate', former.file)
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
    ['', 'CAME OVER', 'HERE ALREADY', 'LEFT'],
    ['artifacts', '1', '0', '1'],
    ['requests', '2', '0', '1'],
    ['users', '1', '0', '3'],
    ['health', '0', '0', '1'],
  ])
  expect(err).toContain('artifact e-2: artifact.id')
  expect(err).toContain('imageBuild e-3: there is no event "imageBuild" here')
  expect(err).toContain('user oauth: its tokens cannot be checked here; give a new token with')
  expect(err).toContain('user taken: a user of that name was made here')
  expect((await server.call('/api/event?id=e-4')).body).toMatchObject({
    status: 'error',
    statusDesc: 'no chart',
  })
  expect((await server.call('/api/event?id=e-5')).body).toMatchObject({ status: 'processed' })
  const again = await gimlet('migrate', former.file, '--output', 'json')
  expect(JSON.parse(again.out)).toMatchObject({ artifacts: { brought: 0, known: 1, left: 1 } })
})

test('migrate refuses what is no database of a GimletD before us', async () => {
  const { gimlet } = await inServersFolder()
  const folder = await tempFolder()
  const { file: ours } = await tempDatabase()
  await writeFile(join(folder, 'notes.txt'), 'no database, '.repeat(500))
  await writeFile(join(folder, 'empty.sqlite'), '')
  const cases = [
    { words: ['migrate'], code: 2, says: 'Name the one file' },
    { words: ['migrate', 'a', '--force'], code: 2, says: 'no option --force' },
    { words: ['migrate', join(folder, 'nothing')], code: 1, says: 'There is no file' },
    { words: ['migrate', join(folder, 'notes.txt')], code: 1, says: 'no SQLite database' },
    { words: ['migrate', join(folder, 'empty.sqlite')], code: 1, says: 'not GimletD’s' },
    { words: ['migrate', ours], code: 1, says: 'not GimletD’s: there is no column' },
  ]
  for (const { words, code, says } of cases) {
    const told = await gimlet(...words)
    expect(told.err).toContain(says)
    expect(told.code).toBe(code)
  }
})

test('migrate brings every page, in the order of their times, and goes on where it was ended', async () => {
  const { server, gimlet } = await inServersFolder()
  const former = await gimletdDatabase()
  const blob = JSON.stringify(formerArtifact('web', 1)).replace('owner/web-0', 'owner/web-N-0')
  const fill = (from: number, to: number) =>
    former.run(
      `insert into events (id, created, type, blob, status)
       with recursive n (i) as (
         select cast(?1 as integer) union all select i + 1 from n where i < ?2)
       select 'e-' || i, 1622792757 + i + 0.5, 'artifact', replace(?3, 'web-N', 'web-' || i), 'processed' from n`,
      [from, to, blob],
    )
  await fill(101, 450)
  await gimlet('migrate', former.file)
  await server.post('/api/artifact', posted())
  // Older ones, and newer ones, that an earlier run did not bring.
  await fill(1, 100)
  await fill(451, 460)
  const { out } = await gimlet('migrate', former.file)
  expect(out).toMatch(/artifacts +110 +350 +0/)
  expect((await server.call(`/api/artifacts?sha=${sha}`)).body).toHaveLength(1)
  const { body } = await server.call('/api/artifacts?limit=500')
  const ids = (body as { id: string }[]).map(({ id }) => /^(?:owner\/)?web-(\d+)/.exec(id)?.[1])
  const newestFirst = Array.from({ length: 460 }, (_, at) => String(460 - at))
  expect(ids).toEqual(['1', ...newestFirst])
})
