import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseWords } from '../../src/commands/grammar.ts'
import { programTable } from '../../src/commands/verbs.ts'
import type { Command } from '../../src/domain/command.ts'
import type { Release } from '../../src/domain/release.ts'
import { gate, manifest, posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { testServer } from '../support/server.ts'
import { someonesGit } from '../support/temp.ts'

const held = gate({
  env: 'production',
  otherwise: 'hold',
  require: { approvedBy: { count: 1 } },
  message: 'It waits for an approval',
})
const server = await testServer(
  {
    manifests: { 'web.yaml': manifest(), 'staging.yaml': manifest({ env: 'staging' }) },
    policies: { 'held.json': held },
  },
  afterAll,
)
const { call, post } = server
const token = {
  alice: await server.user('alice', { roles: ['ci', 'releaser', 'approver'] }),
  bob: await server.user('bob', { roles: ['releaser', 'approver'] }),
  admin: server.adminToken,
}
type Who = keyof typeof token

type Shown = {
  readonly seq: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail: Record<string, unknown>
}
const recordsOf = async (query = ''): Promise<Shown[]> =>
  ((await call(`/api/audit?limit=500${query}`)).body as Shown[]).reverse()

/** `POST /api/locks`, by someone. */
const send = (by: Who, asked: string, body?: object) => {
  const [method = '', path = ''] = asked.split(' ')
  const json = body ? { body: JSON.stringify(body) } : {}
  return call(path, { method, token: token[by], ...json })
}
const idOf = ({ body }: { body: unknown }) => (body as { id: string }).id
const ask = async (by: Who, env: string) =>
  idOf(await send(by, 'POST /api/releases', { env, app: 'web', artifactId: 'web-1' }))
const heldRequest = async () => {
  const id = await ask('alice', 'production')
  await eventually(async () => expect(await server.ended(id)).toMatchObject({ status: 'held' }))
  return id
}
const running = async (env: string) =>
  ((await call(`/api/status?env=${env}`)).body as Record<string, Release | null>).web
/** Releases to staging, and answers once it runs. */
const runs = async () => {
  expect(await server.ended(await ask('alice', 'staging'))).toMatchObject({ status: 'processed' })
}

type Case = {
  /** What people did: who, and what it is called. */
  readonly leaves: readonly string[]
  readonly run: () => Promise<unknown>
}
const look = (path: string): Case => ({
  leaves: [],
  run: () => send('admin', `GET ${path}`),
})

/** In this order, on one server. A verb that is not here does not compile. */
const cases: Readonly<Record<Command['verb'], Case>> = {
  'push-artifact': {
    leaves: ['alice artifact.accepted'],
    run: () => send('alice', 'POST /api/artifact', posted()),
  },
  release: { leaves: ['alice request.accepted'], run: runs },
  'report-health': {
    leaves: ['bob release.health'],
    run: async () => {
      const bob = { roles: ['cluster'] }
      await send('admin', 'DELETE /api/user/bob')
      token.bob = await server.user('bob', bob)
      const revision = `main@sha1:${(await running('staging'))?.gitopsRef}`
      const involvedObject = { kind: 'Kustomization', name: 'apps', namespace: 'flux-system' }
      const said = { severity: 'info', reason: 'ReconciliationSucceeded', message: 'done' }
      const report = { involvedObject, ...said, metadata: { revision } }
      // What is told twice has changed nothing the second time.
      for (let time = 0; time < 2; time++)
        await send('bob', 'POST /api/flux-events?env=staging', report)
    },
  },
  rollback: {
    leaves: [
      ...['alice artifact.accepted', 'alice request.accepted', 'alice request.accepted'],
      // Nothing automatic may undo it.
      'alice lock.made',
    ],
    run: async () => {
      await send('alice', 'POST /api/artifact', posted({ id: 'web-2' }))
      const next = { env: 'staging', app: 'web', artifactId: 'web-2' }
      await server.ended(idOf(await send('alice', 'POST /api/releases', next)))
      const back = await send('alice', 'POST /api/rollback?env=staging&app=web')
      expect(await server.ended(idOf(back))).toMatchObject({ status: 'processed' })
    },
  },
  unlock: {
    leaves: ['alice lock.ended'],
    run: () => send('alice', 'DELETE /api/locks?env=staging&app=web'),
  },
  delete: {
    leaves: ['alice request.accepted'],
    run: async () => {
      const gone = await send('alice', 'POST /api/delete?env=staging&app=web')
      expect(await server.ended(idOf(gone))).toMatchObject({ status: 'processed' })
    },
  },
  'branch-deleted': {
    leaves: ['alice request.accepted'],
    run: () =>
      send('alice', 'POST /api/branch-deleted', { repository: 'owner/web', branch: 'old' }),
  },
  approve: {
    leaves: ['alice request.accepted', 'admin request.approved'],
    run: async () => {
      const id = await heldRequest()
      expect((await send('admin', `POST /api/event/${id}/approve`)).status).toBe(200)
      await expect.poll(() => running('production')).toMatchObject({ artifactId: 'web-1' })
    },
  },
  reject: {
    leaves: ['alice request.accepted', 'admin request.denied'],
    run: async () => {
      const id = await heldRequest()
      expect((await send('admin', `POST /api/event/${id}/reject?reason=no`)).status).toBe(200)
    },
  },
  block: {
    leaves: ['alice block.made'],
    run: async () => {
      for (let time = 0; time < 2; time++)
        await send('alice', 'POST /api/artifacts/web-2/block', { reason: 'broken' })
    },
  },
  unblock: {
    leaves: ['alice block.ended'],
    run: () => send('alice', 'DELETE /api/artifacts/web-2/block'),
  },
  lock: {
    leaves: ['alice lock.made'],
    run: async () => {
      for (let time = 0; time < 2; time++)
        await send('alice', 'POST /api/locks', { env: 'staging', reason: 'freeze' })
    },
  },
  'add-user': {
    leaves: ['admin user.added'],
    run: () => send('admin', 'POST /api/user', { login: 'carol' }),
  },
  'renew-token': {
    leaves: ['admin user.renewed'],
    run: () => send('admin', 'POST /api/user/carol/token', {}),
  },
  'remove-user': {
    leaves: ['admin user.removed'],
    run: () => send('admin', 'DELETE /api/user/carol'),
  },
  'resume-gitops': {
    leaves: ['admin gitops.resumed'],
    run: async () => {
      const gitops = join(server.folder, 'data', 'gitops.git')
      const tip = (await someonesGit(gitops, 'rev-parse', 'main~1')).trim()
      await someonesGit(gitops, 'update-ref', 'refs/heads/main', tip)
      await eventually(async () => expect((await call('/readyz')).status).toBe(503))
      const resumed = await send('admin', 'POST /api/gitops/resume', { tip })
      expect(resumed.status).toBe(200)
    },
  },
  locks: look('/api/locks'),
  artifacts: look('/api/artifacts'),
  artifact: look('/api/artifacts/web-1'),
  status: look('/api/status?env=staging'),
  history: look('/api/releases?env=staging'),
  event: look('/api/event?id=none'),
  decision: look('/api/decisions/none'),
  decisions: look('/api/decisions?since=2026-01-01T00:00:00Z'),
  'gitops-repo': look('/api/gitopsRepo'),
  'gitops-state': look('/api/gitops'),
  whoami: look('/api/whoami'),
  users: look('/api/users'),
  user: look('/api/user/alice'),
  audit: look('/api/audit'),
}

const isArranged = (verb: string, { action }: Shown) =>
  verb === 'report-health' && action.startsWith('user.')
const isOfServer = ({ actor }: Shown) => actor === '(server)' || actor.startsWith('policy:')

test.each(Object.entries(cases))(
  'I10: %s leaves exactly one record of each change, with its actor',
  async (verb, { leaves, run }) => {
    const before = (await recordsOf()).at(-1)?.seq ?? 0
    await run()
    const added = (await recordsOf()).filter(
      (one) => one.seq > before && !isOfServer(one) && !isArranged(verb, one),
    )
    expect(added.map(({ actor, action }) => `${actor} ${action}`)).toEqual(leaves)
  },
)

test('I10: every verb of the grammar is one of these, or asks what one of these answers', () => {
  const known = new Set<string>([...Object.keys(cases), 'track', 'explain', 'help'])
  const said = programTable.verbs.map(({ example }) => {
    const meant = parseWords(example.match(/"[^"]*"|\S+/g) ?? [], 0, programTable)
    return meant.kind === 'command' ? meant.command.verb : meant.kind
  })
  expect(said.filter((verb) => !known.has(verb))).toEqual([])
})

test('I10: what the server does itself stands there as well, with what it came of', async () => {
  const all = await recordsOf()
  const of = (action: string) => all.filter((one) => one.action === action)
  expect(of('release.landed').map(({ actor }) => actor)).toContain('(server)')
  expect(of('rollback.landed')).toMatchObject([{ detail: { commit: expect.any(String) } }])
  expect(of('delete.landed')).toHaveLength(1)
  expect(of('gitops.halted')).toMatchObject([{ actor: '(server)' }])
  expect(of('lock.made').map(({ detail }) => detail.kind)).toContain('rollback')
  const landed = of('release.landed').map(({ subject }) => subject)
  const ended = of('request.processed').map(({ subject }) => subject)
  expect(ended).toEqual(expect.arrayContaining(landed))
  expect(new Set(landed).size).toBe(landed.length)
})

test('I9: no secret stands in the record', async () => {
  const text = JSON.stringify(await recordsOf())
  for (const secret of Object.values(token)) expect(text).not.toContain(secret)
  expect(text).not.toMatch(/gimlet_|token_hash|[0-9a-f]{64}/)
})

test('the record is an admin’s to read, of everything', async () => {
  expect((await send('alice', 'GET /api/audit')).status).toBe(403)
  const one = { role: 'admin', env: 'staging' }
  const people = JSON.stringify({ people: [{ login: 'dave', roles: [one] }] })
  await server.putPolicies({ 'people.json': people })
  const dave = await server.user('dave', { roles: ['viewer'] })
  expect((await call('/api/audit', { token: dave })).status).toBe(403)
  expect(await recordsOf('&actor=bob')).toHaveLength(1)
  const ofWeb = await recordsOf('&app=web')
  expect(ofWeb.length).toBeGreaterThan(5)
  expect(await recordsOf('&until=2026-01-01T00:00:00Z')).toEqual([])
})

test('what is refused changes nothing, and leaves no record', async () => {
  const before = (await recordsOf()).at(-1)?.seq
  await send('alice', 'POST /api/user', { login: 'eve' })
  await send('alice', 'POST /api/locks', { env: 'staging', reason: '' })
  await post('/api/artifact', posted({ id: 'web-9' }), 'a wrong token')
  expect((await recordsOf()).at(-1)?.seq).toBe(before)
})
