import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { copyFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { migrations } from '../../src/store/migrations/list.ts'
import { posted } from '../support/builders.ts'
import { collected } from '../support/collected.ts'
import { gimletIn } from '../support/gimlet.ts'
import { testServer } from '../support/server.ts'
import { someonesGit, tempFolder } from '../support/temp.ts'

const newest = migrations.at(-1)?.number

let server: Awaited<ReturnType<typeof testServer>>
let gimlet: ReturnType<typeof gimletIn>
let data: string
let file: string

beforeEach(async () => {
  server = await testServer({}, onTestFinished)
  data = join(server.folder, 'data')
  gimlet = gimletIn({ PATH: process.env.PATH, GIMLET_DATA_DIR: data })
  file = join(await tempFolder(), 'monday.db')
})

async function released(id: string): Promise<string> {
  await server.post('/api/artifact', posted({ id, version: { message: id } }))
  const asked = { env: 'production', app: 'web', artifactId: id }
  const { body } = await server.post('/api/releases', asked)
  const request = (body as { id: string }).id
  await server.ended(request)
  return request
}

/** Ends the server and lets go of its database, as the end of its process does. */
async function stopped(): Promise<void> {
  await server.stop()
  await collected()
}

async function again(): Promise<void> {
  await collected()
  server = await testServer({ folder: server.folder }, onTestFinished)
}

const database = () => join(data, 'gimlet.db')

test('F21: a backup is whole, says what it holds, is ours alone to read, and is not written over', async () => {
  await released('web-1')
  const made = await gimlet('backup', file)
  expect(made).toMatchObject({ code: 0 })
  expect(made.out).toMatch(/monday\.db: whole, .* MiB; 1 artifacts, \d+ events, .*1 releases, /)
  expect(made.err).toContain(join(data, 'admin.token'))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(dirname(file))).toEqual(['monday.db'])
  const before = readFileSync(file)
  const second = await gimlet('backup', file)
  expect(second).toMatchObject({ code: 1 })
  expect(second.err).toContain('no backup is written over: name another')
  expect(readFileSync(file)).toEqual(before)
  const json = await gimlet('backup', `${file}.2`, '--output', 'json')
  expect(JSON.parse(json.out)).toMatchObject({
    counts: { artifacts: 1, releases: 1 },
    schema: newest,
  })
})

test('a backup says what is wrong instead of being made', async () => {
  expect(await gimlet('backup')).toMatchObject({ code: 2 })
  expect((await gimlet('backup', join(file, 'x.db'))).err).toContain('make it first')
  const nobody = gimletIn({ PATH: process.env.PATH, GIMLET_DATA_DIR: dirname(file) })
  expect((await nobody('backup', file)).err).toContain('run this in the server’s folder')
  const remote = gimletIn({ PATH: process.env.PATH, GIMLET_DB_URL: 'http://127.0.0.1:1' })
  for (const words of [
    ['backup', file],
    ['restore', database()],
  ]) {
    const told = await remote(...words)
    expect(told).toMatchObject({ code: 1 })
    expect(told.err).toContain('which has the backups: make and restore them there')
  }
})

const canMount =
  process.getuid?.() === 0 && readFileSync('/proc/filesystems', 'utf8').includes('tmpfs')

test.skipIf(!canMount)(
  'F20: a disk that is too small is named before anything is written to it',
  async () => {
    const disk = await tempFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk])
    onTestFinished(() => void execFileSync('umount', ['-l', disk]))
    const { code, err } = await gimlet('backup', join(disk, 'monday.db'))
    expect(code).toBe(1)
    expect(err).toMatch(
      /No backup was made: it needs \S+ MiB in .*, and \S+ MiB are free; make room/,
    )
    expect(readdirSync(disk)).toEqual([])
  },
)

test('restore refuses a running server, and what is no whole database of ours of this schema', async () => {
  await released('web-1')
  await gimlet('backup', file)
  const running = await gimlet('restore', file)
  expect(running).toMatchObject({ code: 1 })
  expect(running.err).toContain('stop it, then restore')
  await stopped()
  const folder = dirname(file)
  const at = (name: string) => join(folder, name)
  await writeFile(at('notes.txt'), 'no database, '.repeat(500))
  await writeFile(at('empty.db'), '')
  for (const name of ['short.db', 'newer.db', 'torn.db']) await copyFile(file, at(name))
  await truncate(at('short.db'), Math.floor(statSync(file).size / 2))
  await truncate(at('torn.db'), statSync(file).size - 100)
  const newer = await openDatabase(`file:${at('newer.db')}`)
  await newer.write(['insert into migrations values (9999, 0)'])
  newer.close()
  const kept = readFileSync(database())
  const cases = [
    { name: 'nothing.db', says: 'There is no file' },
    { name: 'notes.txt', says: 'is not restored: it is no database, or is damaged' },
    { name: 'empty.db', says: 'is not restored: it is no database of gimletd' },
    { name: 'short.db', says: 'damaged' },
    { name: 'torn.db', says: 'damaged' },
    { name: 'newer.db', says: 'a newer gimletd made it (schema 9999, and this one knows' },
  ]
  for (const { name, says } of cases) {
    const told = await gimlet('restore', at(name))
    expect([name, told.code]).toEqual([name, 1])
    expect(told.err).toContain(says)
  }
  expect(readFileSync(database())).toEqual(kept)
  expect(readdirSync(data).filter((name) => /restoring|before/.test(name))).toEqual([])
})

test('a restore waits for nobody who has the database open, and says so', async () => {
  await gimlet('backup', file)
  await stopped()
  const other = await openDatabase(`file:${database()}`)
  await other.read('select 1 from events')
  const told = await gimlet('restore', file)
  other.close()
  expect(told).toMatchObject({ code: 1 })
  expect(told.err).toContain('Another program has')
})

test('a restore brings back what git has, names what is lost, and keeps the database before', async () => {
  await released('web-1')
  await server.user('goes')
  await server.post('/api/locks', { env: 'staging', reason: 'it ends' })
  await gimlet('backup', file)
  const second = await released('web-2')
  await server.call('/api/user/goes', { method: 'DELETE' })
  await server.user('comes')
  await server.post('/api/locks', { env: 'testing', reason: 'an audit' })
  await stopped()
  const { code, out } = await gimlet('restore', file)
  expect(code).toBe(0)
  for (const says of [
    /2 releases on the branch/,
    /1 of them went out after the backup/,
    /goes: the token works again; remove it with: gimlet user remove goes/,
    /comes: make it again with: gimlet user add --login comes/,
    /testing: lock it again with: gimlet lock testing --reason TEXT/,
    /web-2: what runs of it is known from git/,
    /The database before is kept: .*gimlet\.db\.before-\d{8}T\d{6}Z/,
  ])
    expect(out).toMatch(says)
  await again()
  const { body } = await server.call('/api/releases?env=production&app=web')
  expect((body as { id: string }[])[0]).toMatchObject({ id: second, artifactId: 'web-2' })
  // What CI posts again is the version that runs, and nothing is pushed for it.
  await server.post('/api/artifact', posted({ id: 'web-2', version: { message: 'web-2' } }))
  const asked = { env: 'production', app: 'web', artifactId: 'web-2' }
  const repeated = (await server.post('/api/releases', asked)).body as { id: string }
  expect(await server.ended(repeated.id)).toMatchObject({
    status: 'processed',
    statusDesc: expect.stringContaining('runs in production already, file for file'),
  })
  const kept = readdirSync(data).find((name) => name.includes('.before-')) ?? ''
  expect(statSync(join(data, kept)).size).toBeGreaterThan(0)
})

test('A34: after a restore the record says so, and is looked at from the commits before it on', async () => {
  await released('web-1')
  await gimlet('backup', file)
  await released('web-2')
  await stopped()
  const { out } = await gimlet('restore', file)
  const told = await gimlet('audit', 'verify')
  expect([told.code, told.out]).toEqual([1, expect.stringContaining('was put back to an older')])
  const tip = (await someonesGit(join(data, 'gitops.git'), 'rev-parse', 'main')).trim()
  const [, command = ''] = /look at it by: gimlet (.*)/.exec(out) ?? []
  expect(await gimlet(...command.split(' '))).toMatchObject({ code: 0 })
  await again()
  const { body } = await server.call('/api/audit?limit=3')
  expect(body).toContainEqual(
    expect.objectContaining({
      action: 'database.restored',
      actor: expect.stringMatching(/^\(shell\)/),
      detail: { madeMs: expect.any(Number), branches: [expect.objectContaining({ tip })] },
    }),
  )
  await released('web-3')
  expect(await gimlet(...command.split(' '))).toMatchObject({ code: 0 })
})

test('an open delivery is not carried out again, a lease is nobody’s, and Slack is not told twice', async () => {
  const own = await openDatabase(`file:${database()}`)
  await own.write([
    `insert into deliveries (key, surface, request_id, body, received_ms, server)
       values ('push 1', 'github', 'r-x', '{}', 1, 'elsewhere')`,
    ...['slack', 'github'].map(
      (surface) => `insert into messages (key, surface, kind, place, due_ms, created_ms)
        values ('${surface} 1', '${surface}', 'post', 'C1', 0, 0)`,
    ),
    `insert into schedule_runs values ('nightly', 1), ('nightly', 2)`,
    `update leases set holder = 'another', place = 'elsewhere', fence = 41`,
  ])
  own.close()
  await gimlet('backup', file)
  await stopped()
  const { out } = await gimlet('restore', file)
  expect(out).toContain('1 deliveries of Slack and GitHub that were open are not carried out')
  await collected()
  const now = await openDatabase(`file:${database()}`)
  onTestFinished(() => now.close())
  expect(await now.read('select is_done from deliveries')).toMatchObject([{ is_done: 1 }])
  expect(
    await now.read('select surface, changed > sent as due, problem from messages order by surface'),
  ).toMatchObject([
    { surface: 'github', due: 1, problem: 'on its way' },
    { surface: 'slack', due: 0 },
  ])
  expect(await now.read('select holder, place, fence from leases')).toMatchObject([
    { holder: null, place: '', fence: 42 },
  ])
  const runs = await now.read('select due from schedule_runs')
  expect(runs).toHaveLength(1)
  expect(Number(runs[0]?.due)).toBeGreaterThan(Date.now() - 600_000)
})

test('what only git knew is asked for before a backup is restored', async () => {
  await gimlet('backup', file)
  await stopped()
  await rm(join(data, 'gitops.git'), { recursive: true })
  const told = await gimlet('restore', file)
  expect(told).toMatchObject({ code: 1 })
  expect(told.err).toContain('put it back there first, since it says what was released')
  expect(existsSync(join(data, 'gitops.git'))).toBe(false)
})

test('a backup is restored into a new data folder, beside the GitOps repository that was saved', async () => {
  await released('web-1')
  await gimlet('backup', file)
  await stopped()
  const moved = join(server.folder, 'new')
  await mkdir(moved)
  execFileSync('git', [
    'clone',
    '--quiet',
    '--mirror',
    join(data, 'gitops.git'),
    join(moved, 'gitops.git'),
  ])
  const elsewhere = gimletIn({ PATH: process.env.PATH, GIMLET_DATA_DIR: moved })
  const { code, out } = await elsewhere('restore', file)
  expect(code).toBe(0)
  expect(out).toContain('There is no database before, so what was lost cannot be listed')
})

test('F21: without any backup git gives back status, history and rollback', async () => {
  await released('web-1')
  await released('web-2')
  // Git says when a release was committed, which may be the second before it had landed.
  const ask = async (path: string) =>
    JSON.parse(JSON.stringify((await server.call(path)).body).replaceAll(/"created":\d+,/g, ''))
  const status = await ask('/api/status?env=production')
  const history = (await ask('/api/releases?env=production&app=web')) as { gitopsRef: string }[]
  await stopped()
  for (const end of ['', '-wal', '-shm']) await rm(database() + end, { force: true })
  await again()
  expect(await ask('/api/status?env=production')).toEqual(status)
  expect(await ask('/api/releases?env=production&app=web')).toEqual(history)
  const to = history[1]?.gitopsRef
  const { body } = await server.post(`/api/rollback?env=production&app=web&sha=${to}`, '')
  expect(await server.ended((body as { id: string }).id)).toMatchObject({
    status: 'processed',
    statusDesc: 'rolled web in production back to web-1',
  })
  expect(await ask('/api/artifacts')).toEqual([])
})
