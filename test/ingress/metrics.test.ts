import { readFile, rename } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gate, posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { gitHost, type Interfere } from '../support/git-host.ts'
import { testServer } from '../support/server.ts'
import { putScript, type TempGitops, tempGitops } from '../support/temp.ts'

type Given = Parameters<typeof testServer>[0]

/** A server with web-1, and what its metrics say. */
async function started(given: Given = {}) {
  const server = await testServer(given, onTestFinished)
  await server.post('/api/artifact', posted())
  const metrics = async () => {
    const { body } = await server.call('/metrics', { token: null })
    const lines = String(body).split('\n')
    return (name: string): number | undefined => {
      const line = lines.find((one) => one.startsWith(`${name} `))
      return line === undefined ? undefined : Number(line.slice(name.length + 1))
    }
  }
  /** What they say once so many releases are counted: a batch is, right after its end. */
  const counted = (releases: number) =>
    eventually(async () => {
      const at = await metrics()
      expect(at(duration('no'))).toBe(releases)
      return at
    })
  const ask = async (artifactId = 'web-1') => {
    const asked = { env: 'production', app: 'web', artifactId }
    const { body } = await server.post('/api/releases', asked)
    return (body as { id: string }).id
  }
  const release = async (artifactId?: string) =>
    expect((await server.ended(await ask(artifactId))).status).toBe('processed')
  return { server, metrics, counted, ask, release }
}

const onRemote = ({ remote }: TempGitops) => ({ GITOPS_REPO: remote })
const stepNames = ['queue', 'look', 'decide', 'render', 'build', 'intend', 'push', 'land']
const step = (name: string, part = 'count') =>
  `gimletd_release_step_seconds_${part}{step="${name}"}`
const push = (way: string, result: string) => `gimletd_push_total{way="${way}",result="${result}"}`
const duration = (held: string) => `gimletd_release_duration_seconds_count{held="${held}"}`
const oldest = 'gimletd_oldest_unpushed_seconds'

describe('/metrics', () => {
  test('tells what each step of a release took, and one line of the log does', async () => {
    const { server, metrics, counted, release } = await started({
      environment: { LOG_LEVEL: 'debug' },
    })
    const fresh = await metrics()
    expect(fresh(push('direct', 'landed'))).toBe(0)
    expect(fresh('gimletd_release_races_total')).toBe(0)
    await release()
    const at = await counted(1)
    for (const name of stepNames) expect([name, at(step(name))]).toEqual([name, 1])
    expect(at(step('retry'))).toBeUndefined()
    expect(at(push('direct', 'landed'))).toBe(1)
    expect(at(push('git', 'landed'))).toBe(0)
    expect(at('gimletd_batch_releases_sum')).toBe(1)
    expect(at(oldest)).toBe(0)
    const total = stepNames.reduce((sum, name) => sum + (at(step(name, 'sum')) ?? 0), 0)
    const took = at('gimletd_release_duration_seconds_sum{held="no"}') ?? 0
    // Both hands of the clock, and their rounding, are apart by some milliseconds.
    expect(Math.abs(total - took)).toBeLessThan(0.05)
    const line = server.lines
      .map((one) => JSON.parse(one))
      .find(({ msg }) => msg === 'a batch ended')
    expect(line).toMatchObject({ level: 'debug', size: 1, landed: 1, races: 0 })
    expect(Object.keys(line.stepsMs).sort()).toEqual(stepNames.slice(1).sort())
  })

  test('has what the documentation says, and nothing else', async () => {
    const { server, release } = await started()
    await release()
    const { body } = await server.call('/metrics', { token: null })
    const told = [...String(body).matchAll(/^# HELP (gimletd_\w+)/gm)].map(([, name]) => name)
    const page = await readFile('docs/operations.md', 'utf8')
    const rows = [...page.matchAll(/^\| `(gimletd_\w+)/gm)].map(([, name]) => name)
    expect(told.sort()).toEqual(rows.sort())
    for (const name of [...stepNames, 'retry']) expect(page).toContain(`| \`${name}\` |`)
  })

  test('F8: counts the races that were lost to somebody’s push', async () => {
    const gitops = await tempGitops()
    const { server, counted, release } = await started({ environment: onRemote(gitops) })
    await release()
    await gitops.someoneCommits({ 'README.md': 'theirs' })
    await server.post('/api/artifact', posted({ id: 'web-2' }))
    await release('web-2')
    const at = await counted(2)
    expect(at('gimletd_release_races_total')).toBe(1)
    expect(at(step('retry'))).toBe(1)
    expect(at(step('push'))).toBe(2)
    expect(at(push('direct', 'moved'))).toBe(1)
    expect(at(push('direct', 'landed'))).toBe(2)
  })

  test('F10: the oldest that is not pushed grows old while the git host is away', async () => {
    const gitops = await tempGitops()
    const { server, metrics, ask } = await started({ environment: onRemote(gitops) })
    await server.ended('web-1')
    await rename(gitops.remote, `${gitops.remote}.away`)
    const id = await ask()
    const above = (name: string, least: number) =>
      eventually(async () => {
        const value = (await metrics())(name) ?? 0
        expect(value).toBeGreaterThan(least)
        return value
      })
    await above(push('direct', 'unknown'), 0)
    await above(oldest, await above(oldest, 0))
    expect((await metrics())(duration('no'))).toBeUndefined()
    await rename(`${gitops.remote}.away`, gitops.remote)
    await server.ended(id)
    expect((await metrics())(oldest)).toBe(0)
  })

  test('what a policy holds is not late, and its release is told apart', async () => {
    const held = gate({ env: 'production', otherwise: 'hold', expires: '2h' })
    const { server, metrics, ask } = await started({ policies: { 'wait.json': held } })
    const id = await ask()
    expect((await server.ended(id)).status).toBe('held')
    expect((await metrics())(oldest)).toBe(0)
    await server.putPolicies({ 'wait.json': null })
    // A lock anywhere is a fact that changed: everything held is looked at again.
    await server.post('/api/locks', { env: 'staging', app: 'web', reason: 'a moment' })
    await eventually(async () => expect((await metrics())(duration('yes'))).toBe(1))
    const at = await metrics()
    expect(at(duration('no'))).toBeUndefined()
    expect(at(step('queue'))).toBe(1)
  })

  test('F7: counts how often the direct way to the host is left for git push', async () => {
    const gitops = await tempGitops()
    const refuseOurs: Interfere = ({ request, response }) => {
      const isOurs = request.headers['user-agent']?.includes('gimletd') ?? false
      if (isOurs) response.destroy()
      return isOurs
    }
    const host = await gitHost(gitops.folder, refuseOurs)
    const { counted, release } = await started({
      environment: { GITOPS_REPO: `${host.url}/gitops.git`, GITOPS_TOKEN: 'canary-token' },
    })
    await release()
    const at = await counted(1)
    expect(at(push('direct', 'unknown'))).toBe(1)
    expect(at(push('git', 'landed'))).toBe(1)
    expect(at(push('direct', 'landed'))).toBe(0)
  })

  test('F28: counts what the host refuses', async () => {
    const gitops = await tempGitops()
    const hook = '#!/bin/sh\necho "GH013: protected" >&2\nexit 1\n'
    await putScript(gitops.remote, 'hooks/pre-receive', hook)
    const { server, metrics, ask } = await started({ environment: onRemote(gitops) })
    expect((await server.ended(await ask())).status).toBe('error')
    const at = await metrics()
    expect(at(push('direct', 'refused'))).toBe(1)
    expect(at(push('git', 'refused'))).toBe(1)
    expect(at(step('land'))).toBeUndefined()
  })
})
