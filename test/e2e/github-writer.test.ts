import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bareGitops } from '../support/bare-gitops.ts'
import { gate, manifest, posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { type GithubStandIn, githubStandIn, noProblems } from '../support/github.ts'
import { githubSecret } from '../support/github-server.ts'
import { endPrograms, type Program, runToEnd, startProgram } from '../support/program.ts'
import { tempFolder } from '../support/temp.ts'

const work: (() => unknown)[] = []
const later = (one: () => unknown) => void work.push(one)
const gimlet = [process.execPath, resolve('dist/cli/gimlet.js')]

let [folder, github] = [] as unknown as [string, GithubStandIn]
let gitops: Awaited<ReturnType<typeof bareGitops>>
let env: Record<string, string>
let server: Program

beforeAll(async () => {
  folder = await tempFolder(later)
  github = await githubStandIn(later)
  github.permissions = { ...github.permissions, contents: 'write' }
  const repository = github.repository({ fullName: 'example/gitops', id: 1 })
  const people = [{ login: 'alice', github: 'alice', roles: ['releaser'] }]
  gitops = await bareGitops(join(folder, 'gitops.git'), {
    'policies/people.json': JSON.stringify({ people }),
    'manifests/staging.yaml': manifest({ env: 'staging' }),
    'manifests/production.yaml': manifest(),
  })
  repository.folder = gitops.remote
  env = {
    // Here is no git, nor any other program.
    ...{ PATH: join(folder, 'no-programs'), GITOPS_WRITER: 'github', GITOPS_DRIFT: 'stop' },
    ...{ GITOPS_REPO: `${github.origin}/example/gitops`, GIMLET_ADMIN_TOKEN: 'gimlet_the-admin' },
    ...{ POLICIES: 'gitops:policies', MANIFESTS: 'gitops:manifests' },
    ...{ APP_ID: '1', PRIVATE_KEY: github.privateKey, WEBHOOK_SECRET: githubSecret },
    ...{ GHE_HOST: github.host, GHE_PROTOCOL: 'http' },
  }
  server = await startProgram(join(folder, 'data'), env)
})
afterAll(async () => {
  endPrograms()
  for (const one of work.reverse()) await one()
  noProblems(github)
})

type Ended = { readonly status: string; readonly statusDesc: string }
const get = async (path: string) => (await server.call('GET', path)).json as unknown
/** Asks for something and waits for its end. */
const asked = async (path: string, body: unknown = {}) => {
  const { id } = (await server.call('POST', path, body)).json as { id: string }
  return eventually(async () => {
    const event = (await get(`/api/event?id=${id}`)) as Ended
    expect(['new', 'held']).not.toContain(event.status)
    return event
  })
}
const release = (environment: string, artifactId: string) =>
  asked('/api/releases', { env: environment, app: 'web', artifactId })
const push = (id: string) => {
  const items = [{ name: 'image', repository: 'quay.io/owner/web', tag: id }]
  return server.call('POST', '/api/artifact', posted({ id, items }))
}
const running = async () => {
  const { web } = (await get('/api/status?env=staging')) as { web: { artifactId: string } | null }
  return web?.artifactId
}

describe('a server without git and without a clone', () => {
  it('releases, rolls back byte for byte, and deletes', async () => {
    await push('web-1')
    await push('web-2')
    expect(await release('staging', 'web-1')).toMatchObject({ status: 'processed' })
    const [first] = await gitops.commits('staging/web')
    expect(await release('staging', 'web-2')).toMatchObject({ status: 'processed' })
    const back = await asked(`/api/rollback?env=staging&app=web&sha=${first}`)
    expect(back).toMatchObject({ status: 'processed' })
    const changed = await gitops.git('diff', '--name-only', `${first}`, 'main', '--', 'staging/web')
    expect(changed).toBe('staging/web/release.json')
    expect(await release('production', 'web-1')).toMatchObject({ status: 'processed' })
    await asked('/api/delete?env=production&app=web')
    expect(await gitops.git('ls-tree', '--name-only', 'main', 'production/')).toBe('')
    expect(await running()).toBe('web-1')
  })

  it('goes by the policies of the branch as it is now', async () => {
    await gitops.commit({ 'policies/no.json': gate({ env: 'production' }) })
    const denied = await release('production', 'web-1')
    expect(denied).toMatchObject({
      status: 'denied',
      statusDesc: expect.stringContaining('Not now'),
    })
    await gitops.commit({ 'policies/no.json': null })
    expect(await release('production', 'web-1')).toMatchObject({ status: 'processed' })
  })

  it('F9: releases nothing over a change by hand', async () => {
    const ref = await gitops.commit({ 'staging/web/by-hand.yaml': 'replicas: 3\n' })
    const denied = await release('staging', 'web-2')
    expect(denied.statusDesc).toContain(`changed by hand by Someone in ${ref.slice(0, 8)}`)
    await gitops.commit({ 'staging/web/by-hand.yaml': null })
  })

  it('F10: stops at a rewritten branch, until an admin resumes', async () => {
    const lost = await gitops.git('rev-parse', 'main')
    await eventually(async () => expect(await get('/readyz')).toMatchObject({ problems: [] }))
    expect((await release('production', 'web-2')).status).toBe('processed')
    await gitops.git('update-ref', 'refs/heads/main', lost)
    const { json } = await server.call('POST', '/api/releases', {
      ...{ env: 'production', app: 'web', artifactId: 'web-1' },
    })
    await eventually(async () => expect((await server.call('GET', '/readyz')).status).toBe(503))
    expect(await gitops.git('rev-parse', 'main')).toBe(lost)
    const resumed = await server.call('POST', '/api/gitops/resume', { tip: lost })
    expect(resumed).toMatchObject({ status: 200, json: { tip: lost } })
    await eventually(async () => {
      const { id } = json as { id: string }
      expect(await get(`/api/event?id=${id}`)).not.toMatchObject({ status: 'new' })
    })
    await eventually(async () => expect((await server.call('GET', '/readyz')).status).toBe(200))
  })
})

describe('its programs', () => {
  const run = (...words: readonly string[]) =>
    runToEnd([...gimlet, ...words], { ...env, GIMLET_DATA_DIR: join(folder, 'data') })

  it('gimlet reindex says that it takes a machine with git', async () => {
    const { code, stderr } = await run('reindex')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('on a machine with git'),
    })
  })

  it('gimlet reindex there says what lets git in, which knows no GitHub App', async () => {
    const elsewhere = { PATH: `${process.env.PATH}`, GIMLET_DATA_DIR: join(folder, 'elsewhere') }
    const database = { GIMLET_DB_URL: `file:${join(folder, 'data', 'gimlet.db')}` }
    const { code, stderr } = await runToEnd([...gimlet, 'reindex'], {
      ...{ ...env, ...elsewhere, ...database },
    })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('set GITOPS_TOKEN here to a token that may read it'),
    })
  })

  it('gimlet doctor github sees who of the branch’s people.json is known', async () => {
    const { stdout } = await run('doctor', 'github')
    expect(stdout).toContain('1 person has an account on GitHub: alice')
  })
})

describe('another server on nothing but the repository', () => {
  it('knows what runs and what ran', async () => {
    const [status, history] = [await get('/api/status?env=*'), '/api/releases?env=staging&app=web']
    const releases = (await get(history)) as { artifactId: string }[]
    expect(await server.stop()).toBe(0)
    server = await startProgram(join(folder, 'other'), env)
    await eventually(async () => expect(await get('/readyz')).toMatchObject({ problems: [] }))
    expect(Object.keys((await get('/api/status?env=*')) as object)).toEqual(
      Object.keys(status as object),
    )
    const again = (await get(history)) as { artifactId: string }[]
    expect(again.map(({ artifactId }) => artifactId)).toEqual(
      releases.map(({ artifactId }) => artifactId),
    )
  })

  it('never makes a clone', async () => {
    for (const data of ['data', 'other'])
      expect((await readdir(join(folder, data))).filter((name) => name.includes('.git'))).toEqual(
        [],
      )
  })
})
