import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { endPrograms, runToEnd, startProgram } from '../support/program.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const program = [process.execPath, resolve('dist/cli/gimlet.js')]
const manifest = (env: string) => `app: web
env: ${env}
manifests: |
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: web
`
const needsApproval = {
  kind: 'gate',
  env: 'production',
  otherwise: 'hold',
  require: { approvedBy: { role: 'approver' } },
  message: 'It waits for an approval',
}

/** A server whose production needs an approval, and two people with tokens. */
async function stage() {
  const folder = tempFolder()
  const lay = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
    return join(folder, path)
  }
  for (const env of ['staging', 'production']) lay(`manifests/${env}.yaml`, manifest(env))
  lay('policies/approval.json', JSON.stringify(needsApproval))
  const places = { POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests') }
  const server = await startProgram(join(folder, 'data'), places)
  const user = async (login: string, roles: readonly string[]) => {
    const headers = { authorization: `Bearer ${server.token}` }
    const body = JSON.stringify({ login, roles })
    const answer = await fetch(`${server.url}/api/user`, { method: 'POST', headers, body })
    return ((await answer.json()) as { token: string }).token
  }
  const as =
    (token: string) =>
    (...words: readonly string[]) =>
      runToEnd([...program, ...words], { GIMLET_SERVER: server.url, GIMLET_TOKEN: token })
  const version = { repositoryName: 'acme/web', sha: 'aaaaaaaa', branch: 'main', event: 'push' }
  const file = lay('artifact.json', JSON.stringify({ id: 'web-one', version }))
  const [admin, alice, bob] = [
    as(server.token),
    as(await user('alice', ['releaser'])),
    as(await user('bob', ['approver'])),
  ]
  await admin('artifact', 'push', '-f', file)
  return { admin, alice, bob, folder }
}

it('people lock, force, block, promote and approve from the command line', async () => {
  const { admin, alice, bob } = await stage()
  expect((await alice('lock', 'staging', '--reason', 'incident 42')).code).toBe(0)
  const [head, row, ...more] = (await alice('locks')).stdout.trimEnd().split('\n')
  expect(head?.split(/ +/)).toEqual(['ENV', 'APP', 'STOPS', 'BY', 'SINCE', 'UNTIL', 'REASON'])
  expect(row).toMatch(/^staging +\* +everyone +alice +.+ incident 42$/)
  expect(more).toEqual([])
  expect((await bob('lock', 'staging', '--reason', 'x')).stderr).toContain('locked by alice')
  const denied = await alice('release', 'web', 'staging')
  expect(denied.code).toBe(3)
  expect(denied.stderr).toContain('locked by alice: incident 42')
  expect((await alice('release', 'web', 'staging', '--force', '--reason', 'x')).code).toBe(3)
  const forced = await admin('release', 'web', 'staging', '--force', '--reason', 'it burns')
  expect(forced.code).toBe(0)
  expect(forced.stderr).toContain('forced past lock:')
  expect((await alice('unlock', 'staging')).stdout).toMatch(/^Ended the lock on staging, by alice/)
  expect((await alice('locks')).stdout).toBe('Nothing is locked.\n')
  expect((await alice('unlock', 'staging')).code).toBe(1)

  const held = await alice('promote', 'web', 'staging', 'production', '--timeout', '1s')
  expect(held.code).toBe(4)
  const [id = ''] = /r-[a-z0-9]+/.exec(held.stderr) ?? []
  expect((await alice('approve', id)).code).toBe(3)
  expect((await bob('approve', id)).stdout).toContain(`bob approved ${id}`)
  const tracked = await alice('track', id)
  expect(tracked.code).toBe(0)
  expect(tracked.stderr).toContain('approved by bob')

  expect((await alice('block', 'web-one', '--reason', 'loses orders')).code).toBe(0)
  const blocked = await alice('release', 'web-one', 'staging')
  expect([blocked.code, blocked.stderr]).toEqual([3, expect.stringContaining('loses orders')])
  const forcedAnyway = await admin('release', 'web', 'staging', '--force', '--reason', 'it burns')
  expect(forcedAnyway.code).toBe(3)
  expect((await alice('unblock', 'web-one')).stdout).toBe('web-one can be released again\n')
  expect((await alice('release', 'web-one', 'staging')).code).toBe(0)
})

it('people reject, withdraw and mistype from the command line', async () => {
  const { alice, bob } = await stage()
  const held = async () => {
    const { code, stderr } = await alice('release', 'web', 'production', '--timeout', '1s')
    expect(code).toBe(4)
    return /r-[a-z0-9]+/.exec(stderr)?.[0] ?? ''
  }
  const first = await held()
  const rejected = await bob('reject', first, 'not before the migration')
  expect(rejected.stdout).toBe(`bob has rejected ${first}\n`)
  const tracked = await alice('track', first)
  expect(tracked.code).toBe(3)
  expect(tracked.stderr).toContain('rejected by bob: not before the migration')
  const second = await held()
  expect((await alice('reject', second)).stdout).toBe(`alice has withdrawn ${second}\n`)
  const late = await bob('approve', second)
  expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('withdrawn by alice')])
  expect((await bob('approve', 'r-none')).code).toBe(1)
  expect((await alice('lock', 'staging')).code).toBe(2)
  expect((await alice('lock', 'staging', '--reason', 'x', '--until', '2020-01-01T00:00:00Z')).code).toBe(2) // biome-ignore format: one claim
  expect((await alice('block', 'web-one')).code).toBe(2)
  expect((await alice('release', 'web', 'staging', '--force')).code).toBe(3)
})

it('policies are checked, tested, replayed and explained from the command line', async () => {
  const { admin, alice, bob, folder } = await stage()
  const policies = join(folder, 'policies')
  const held = await alice('release', 'web', 'production', '--timeout', '1s')
  await bob('approve', /r-[a-z0-9]+/.exec(held.stderr)?.[0] ?? '')
  expect((await admin('policy', 'check', policies)).stdout).toContain(
    '0 triggers, 1 gate and 0 object policies',
  )
  expect((await admin('policy', 'test', policies)).code).toBe(0)
  const why = await admin('policy', 'explain', '--artifact', 'web-one', '--env', 'production')
  expect(why.stdout).toContain('would be held (policy approval)')
  expect(why.stdout).toContain('no trigger is for this place')
  writeFileSync(join(policies, 'approval.json'), JSON.stringify({ ...needsApproval, otherwise: 'deny' })) // biome-ignore format: one call
  const replayed = await admin('policy', 'replay', policies, '--since', '1d')
  expect(replayed.stdout).toContain('hold → deny')
  expect(replayed.stdout).toContain('1 would have gone differently')
})
