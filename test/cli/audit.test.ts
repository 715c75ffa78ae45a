import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditLook } from '../../src/domain/audit.ts'
import { openDatabase } from '../../src/store/client.ts'
import { posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { gimletIn } from '../support/gimlet.ts'
import { testServer } from '../support/server.ts'
import { someonesGit, tempFolder } from '../support/temp.ts'

/** A server that releases, and the program in its folder. */
async function inServersFolder() {
  const server = await testServer({}, onTestFinished)
  const data = join(server.folder, 'data')
  const gimlet = gimletIn({
    ...{ PATH: process.env.PATH, GIMLET_DATA_DIR: data },
    ...{ GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken },
  })
  let made = 0
  return {
    ...{ server, data, gimlet, gitops: join(data, 'gitops.git') },
    async release() {
      const id = `web-${++made}`
      await server.post('/api/artifact', posted({ id, version: { message: id } }))
      const asked = { env: 'production', app: 'web', artifactId: id }
      const { body } = await server.post('/api/releases', asked)
      const ended = await server.ended((body as { id: string }).id)
      expect(ended).toMatchObject({ status: 'processed' })
    },
    /** Changes the database behind the server's back. */
    async behind(...sql: readonly string[]) {
      const database = await openDatabase(`file:${join(data, 'gimlet.db')}`)
      await database.write(sql)
      database.close()
    },
    async verify(...words: readonly string[]) {
      const { code, out } = await gimlet('audit', 'verify', ...words, '--output', 'json')
      return { code, ...(JSON.parse(out) as AuditLook) }
    },
  }
}

test('A34: each release’s commit says where the record stood, and verify finds that it still does', async () => {
  const { release, gimlet, gitops, verify } = await inServersFolder()
  await release()
  await release()
  const format = '--format=%(trailers:key=Audit-Head,valueonly)'
  const said = (await someonesGit(gitops, 'log', '--reverse', format, 'main')).split(/\s+/)
  const heads = said.filter(Boolean)
  expect(heads).toEqual([1, 2].map(() => expect.stringMatching(/^\d+:[0-9a-f]{64}$/)))
  // What is recorded after the last push is sealed within a second.
  await eventually(async () => {
    expect(await verify()).toMatchObject({ code: 0, anchors: 2, unsealed: 0, findings: [] })
  })
  expect(await gimlet('audit', 'verify')).toMatchObject({
    code: 0,
    out: expect.stringContaining('All of it fits.'),
  })
})

test('A34: verify names the first record that was changed, and ends with 1', async () => {
  const { release, gimlet, behind, verify } = await inServersFolder()
  await release()
  await eventually(async () => expect((await verify()).unsealed).toBe(0))
  const guard = `create trigger audit_no_update before update on audit begin
     select raise(abort, 'the audit record is only added to');
   end`
  await behind(
    'drop trigger audit_no_update',
    `update audit set actor = 'mallory' where action = 'request.accepted'`,
    guard,
  )
  const { code, out } = await gimlet('audit', 'verify')
  expect(code).toBe(1)
  expect(out).toMatch(/Record \d+ was changed since .*"actor":"mallory"/)
  expect(out).not.toContain('trigger')
})

test('A34: a database that was put back to an older state does not fit the commits, until that is known', async () => {
  const { release, data, gitops, verify } = await inServersFolder()
  await release()
  const older = await tempFolder()
  const client = createClient({ url: `file:${join(data, 'gimlet.db')}` })
  await client.execute(`vacuum into '${join(older, 'gimlet.db')}'`)
  client.close()
  await release()
  await eventually(async () => expect((await verify()).findings).toEqual([]))

  const lost = (await someonesGit(gitops, 'rev-parse', 'main')).trim()
  const there = { PATH: process.env.PATH, GIMLET_DATA_DIR: older, GITOPS_REPO: gitops }
  const gimlet = gimletIn(there)
  const { code, out } = await gimlet('audit', 'verify', '--output', 'json')
  const { findings } = JSON.parse(out) as AuditLook
  expect({ code, findings }).toMatchObject({ code: 1, findings: [{ what: 'commit', name: lost }] })
  expect(findings[0]?.message).toContain('was put back to an older state')
  expect(findings[0]?.message).toContain('The last commit that fits is')
  const after = await gimlet('audit', 'verify', '--after', lost)
  expect(after).toMatchObject({ code: 0, out: expect.stringContaining('All of it fits.') })
})

test('audit verify says what to do where it cannot look', async () => {
  const elsewhere = gimletIn({ PATH: process.env.PATH, GIMLET_DATA_DIR: await tempFolder() })
  const { code, err } = await elsewhere('audit', 'verify')
  expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('server’s folder') })
  expect(await elsewhere('audit', 'verify', '--before', 'x')).toMatchObject({ code: 2 })
  const { gimlet, release } = await inServersFolder()
  await release()
  const unknown = await gimlet('audit', 'verify', '--after', 'a'.repeat(40))
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('has a commit aaaa') })
})

test('audit shows what was changed by whom, newest first', async () => {
  const { gimlet, release, server } = await inServersFolder()
  await release()
  await server.user('bob')
  const { code, out } = await gimlet('audit', '--actor', 'admin', '--limit', '2')
  expect(code).toBe(0)
  const [head, newest, next] = out.split('\n').map((line) => line.split(/\s{2,}/))
  expect(head).toEqual(['', 'WHEN', 'ACTOR', 'ACTION', 'WHERE', 'WHAT', 'DETAIL'])
  expect(newest?.slice(2, 4)).toEqual(['admin', 'user.added'])
  expect(next?.slice(2, 5)).toEqual(['admin', 'request.accepted', 'production/web'])
  const json = await gimlet('audit', '--app', 'web', '--since', '1h', '--output', 'json')
  expect(JSON.parse(json.out)[0]).toMatchObject({ app: 'web', detail: { kind: 'release' } })
  const bob = await gimlet('audit', '--token', await server.user('carol'))
  expect(bob).toMatchObject({ code: 3, err: expect.stringContaining('may not read the audit') })
})
