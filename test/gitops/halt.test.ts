import { cp, writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { plain } from '../../src/messages/paint.ts'
import { posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { testServer } from '../support/server.ts'
import { someonesGit, tempFolder } from '../support/temp.ts'

type Server = Awaited<ReturnType<typeof testServer>>

async function gimlet(server: Pick<Server, 'url'>, token: string, ...words: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (t: string) => void out.push(t), err: (t: string) => void err.push(t), paint: plain, environment: { GIMLET_SERVER: server.url, GIMLET_TOKEN: token } } // biome-ignore format: one value
  const code = await run(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const loggedAs = ({ lines }: Server, text: string) =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === text)

/** A server that has released once, and whose branch somebody then has rewound. */
async function halted() {
  const server = await testServer({}, onTestFinished)
  const remote = `${server.folder}/data/gitops.git`
  const tipOf = async () => (await someonesGit(remote, 'rev-parse', 'main')).trim()
  const release = async (id: string) => {
    await server.post('/api/artifact', posted({ id }))
    const { body } = await server.post('/api/releases', { env: 'production', app: 'web', artifactId: id }) // biome-ignore format: one call
    return (body as { id: string }).id
  }
  expect((await server.ended(await release('web-1'))).status).toBe('processed')
  const seen = await tipOf()
  await someonesGit(remote, 'update-ref', 'refs/heads/main', 'main~1')
  const found = await tipOf()
  const waiting = await release('web-2')
  await eventually(async () => {
    const { body } = await server.call('/api/gitops')
    expect(body).toMatchObject({ halt: { seenTip: seen, foundTip: found } })
  })
  return { server, remote, seen, found, waiting, tipOf }
}

test('F27: a rewound branch is a state that people see, with both tips and what to type', async () => {
  const { server, seen, found, waiting, tipOf } = await halted()
  const ready = await server.call('/readyz')
  expect(ready.status).toBe(503)
  for (const text of [seen, found, 'gimlet doctor']) expect(JSON.stringify(ready.body)).toContain(text) // biome-ignore format: one line
  const doctor = await gimlet(server, server.adminToken, 'doctor')
  expect(doctor.code).toBe(1)
  expect(doctor.out).toContain(`seen before: ${seen}`)
  expect(doctor.out).toContain(`gimlet doctor --resume ${found}`)
  const viewer = await server.user('viewer', { roles: ['viewer'] })
  for (const words of [['status'], ['whoami']]) {
    const { code, err } = await gimlet(server, viewer, ...words)
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('Writing is halted') })
  }
  const { body } = await server.call(`/api/event?id=${waiting}`)
  expect(body).toMatchObject({ status: 'new' })
  expect(loggedAs(server, 'writing is halted: the GitOps branch was rewritten')).toEqual([
    expect.objectContaining({ seenTip: seen, foundTip: found }),
  ])
  expect(await tipOf()).toBe(found)
})

test('F27: an admin who has seen the tip lets the server go on from it, and the log says who', async () => {
  const { server, remote, seen, found, waiting } = await halted()
  const other = await gimlet(server, server.adminToken, 'doctor', '--resume', seen)
  expect(other.code).toBe(1)
  expect(other.err).toContain(found)
  expect(await gimlet(server, server.adminToken, 'doctor', '--resume')).toMatchObject({ code: 2 })
  const resumed = await gimlet(server, server.adminToken, 'doctor', '--resume', found)
  expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining('is read anew') })
  expect((await server.ended(waiting)).status).toBe('processed')
  expect((await someonesGit(remote, 'rev-parse', 'main~1')).trim()).toBe(found)
  expect((await server.call('/readyz')).status).toBe(200)
  expect(await gimlet(server, server.adminToken, 'doctor')).toMatchObject({ code: 0, err: '' })
  expect(loggedAs(server, 'writing goes on')).toEqual([
    expect.objectContaining({ by: 'admin', tip: found }),
  ])
  const again = await gimlet(server, server.adminToken, 'doctor', '--resume', found)
  expect(again.err).toContain('Nothing is halted')
})

test('A26/F27: nobody but an admin of everything resumes', async () => {
  const { server, found, tipOf } = await halted()
  const tokens = await Promise.all(
    (['viewer', 'ci', 'releaser', 'approver'] as const).map((role) =>
      server.user(role, { roles: [role] }),
    ),
  )
  const limited = await server.user('limited', { roles: ['admin'], repositories: ['owner/web'] })
  for (const token of [...tokens, limited, null]) {
    const { status } = await server.post('/api/gitops/resume', { tip: found }, token)
    expect(status).toBe(token === null ? 401 : 403)
  }
  for (const tip of ['main', found.slice(0, 12), '--force'])
    expect((await server.post('/api/gitops/resume', { tip })).status).toBe(422)
  expect(await tipOf()).toBe(found)
})

test('F27: a branch that is put back ends the halt by itself', async () => {
  const { server, remote, seen, waiting } = await halted()
  await someonesGit(remote, 'update-ref', 'refs/heads/main', seen)
  expect((await server.ended(waiting)).status).toBe('processed')
  expect((await someonesGit(remote, 'rev-parse', 'main~1')).trim()).toBe(seen)
  expect(loggedAs(server, 'writing goes on')).toEqual([expect.objectContaining({ by: null })])
})

test('F27: a halt outlives the server, with the time when it was noticed', async () => {
  const { server, seen } = await halted()
  const { body } = await server.call('/api/gitops')
  await server.stop()
  const again = await testServer({ folder: server.folder }, onTestFinished)
  const state = await again.call('/api/gitops')
  expect(state.body).toMatchObject({ halt: (body as { halt: object }).halt })
  expect(JSON.stringify(state.body)).toContain(seen)
})

test('F27: what runs where is read anew from the tip that was accepted', async () => {
  const { server, found, waiting } = await halted()
  await server.post('/api/gitops/resume', { tip: found })
  expect((await server.ended(waiting)).status).toBe('processed')
  // The release of what is gone is no history any more.
  await eventually(async () => {
    const { body } = await server.call('/api/releases?env=production')
    expect(body).toMatchObject([{ id: waiting, artifactId: 'web-2' }])
  })
})

test('F18, F27: what was accepted on one server lets the others go on, and only that', async () => {
  const { server, remote, seen, found, waiting, tipOf } = await halted()
  const environment = { GIMLET_DB_URL: `file:${server.folder}/data/gimlet.db`, GITOPS_REPO: remote }
  const folder = await tempFolder()
  await cp(`${server.folder}/data/clone.git`, `${folder}/data/clone.git`, { recursive: true })
  await writeFile(
    `${folder}/data/clone.git.seen`,
    JSON.stringify({ url: remote, branch: 'main', tip: seen, halt: null }),
  )
  const other = await testServer({ folder, environment }, onTestFinished)
  const haltOf = async () => ((await other.call('/api/gitops')).body as { halt: unknown }).halt
  await eventually(async () => expect(await haltOf()).not.toBeNull())
  expect((await server.post('/api/gitops/resume', { tip: found })).status).toBe(200)
  await eventually(async () => expect(await haltOf()).toBeNull())
  expect(loggedAs(other, 'writing goes on')).toEqual([expect.objectContaining({ by: 'admin' })])
  expect((await server.ended(waiting)).status).toBe('processed')
  await eventually(async () => expect((await other.call('/api/gitops')).body).toMatchObject({ tip: await tipOf() })) // biome-ignore format: one line
  // What is rewound after that nobody has accepted.
  await someonesGit(remote, 'update-ref', 'refs/heads/main', found)
  await eventually(async () => expect(await haltOf()).toMatchObject({ foundTip: found }))
})
