import { resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { EventView } from '../../src/domain/outcome.ts'
import {
  endPrograms,
  git,
  type Program,
  runToEnd,
  startProgram,
  until,
} from '../support/program.ts'
import { putFiles } from '../support/temp.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const objects = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "{{ .APP }}"\n'
const name = 'shop-{{ .BRANCH | sanitizeDNSName }}'
const cleanup = { event: 'branchDeleted', branch: 'feature/*', app: name }
/** What GimletD's CLI sends: every field, the unused ones empty. */
const environments = [
  {
    app: name,
    env: 'preview',
    namespace: '',
    manifests: objects,
    deploy: { tag: '', branch: 'feature/*', event: 'push', commitMessagePatterns: null },
    cleanup,
  },
  {
    app: 'shop',
    env: 'staging',
    namespace: '',
    manifests: objects,
    deploy: { tag: '', branch: 'main', event: 'push' },
    cleanup: { ...cleanup, app: 'shop' },
  },
]
const artifact = (id: string, branch: string) => ({
  id,
  version: { repositoryName: 'acme/shop', sha: '1'.repeat(40), branch, event: 'push' },
  environments,
})

async function stage() {
  const folder = tempFolder()
  await putFiles(folder, { 'policies/.keep': '', 'manifests/.keep': '' })
  return startProgram(`${folder}/data`, {
    POLICIES: `${folder}/policies`,
    MANIFESTS: `${folder}/manifests`,
  })
}

const over = (server: Program, id: string) =>
  until(async () => {
    const { json } = await server.call('GET', `/api/event?id=${id}`)
    const event = json as EventView
    return !['new', 'held'].includes(event.status) && event
  })

async function posted(server: Program, id: string, branch: string) {
  expect((await server.call('POST', '/api/artifact', artifact(id, branch))).status).toBe(201)
  return over(server, id)
}

async function gone(server: Program, branch: string) {
  const { json } = await server.call('POST', '/api/branch-deleted', {
    repository: 'acme/shop',
    branch,
  })
  return over(server, (json as { id: string }).id)
}

const running = async (server: Program) =>
  (await git(server.gitops, 'ls-tree', '-r', '--name-only', 'main'))
    .split('\n')
    .filter((path) => path.endsWith('/release.json'))

it('an artifact’s own deploy releases it, is explained, and goes with the branch', async () => {
  const server = await stage()
  const arrival = await posted(server, 'shop-1', 'feature/login')
  expect(arrival.statusDesc).toBe('asked for shop-feature-login to preview')
  expect(await running(server)).toEqual(['preview/shop-feature-login/release.json'])

  const program = [process.execPath, resolve('dist/cli/gimlet.js')]
  const env = { GIMLET_SERVER: server.url, GIMLET_TOKEN: server.token }
  const { stdout } = await runToEnd([...program, 'explain', 'shop-1'], env)
  expect(stdout).toContain('shop-feature-login → preview')
  expect(stdout).toContain('✓ branch matches "feature/*"  (it is "feature/login")')
  expect(stdout).toContain('branch is "feature/login", the pattern is "main"')

  const cleaned = await gone(server, 'feature/login')
  expect(cleaned.events).toMatchObject([
    { app: 'shop-feature-login', type: 'delete', triggeredBy: 'policy:manifest.cleanup' },
  ])
  expect(await running(server)).toEqual([])
})

it('what a person released elsewhere stays when its branch is deleted', async () => {
  const server = await stage()
  await posted(server, 'shop-1', 'main')
  await posted(server, 'shop-2', 'feature/login')
  const ask = (artifactId: string) =>
    server.call('POST', '/api/releases', { env: 'staging', app: 'shop', artifactId })
  for (const id of ['shop-2', 'shop-1'])
    await over(server, ((await ask(id)).json as { id: string }).id)
  const { id } = await gone(server, 'feature/login')
  expect(await running(server)).toEqual(['staging/shop/release.json'])
  const { json } = await server.call('GET', `/api/event?id=${id}`)
  const { decisionId } = json as EventView
  expect((await server.call('GET', `/api/decisions/${decisionId}`)).json).toMatchObject({
    triggers: expect.arrayContaining([
      expect.objectContaining({
        app: 'shop',
        trace: [
          expect.objectContaining({
            problem: 'it stays: shop-1 of main runs there, released by admin',
          }),
        ],
      }),
    ]),
  })
})

it.each([
  {
    deploy: { event: 'pull' },
    message:
      'artifact.environments.0: deploy.event: must be push, tag or pr; there is no event "pull"',
  },
  {
    deploy: { event: 'push', branch: '{main' },
    message:
      'artifact.environments.0: deploy.branch: "{main": the pattern leaves a brace open: write {one,other}, or \\{ for a {',
  },
])(
  '$deploy is refused when the artifact arrives, and nothing is stored',
  async ({ deploy, message }) => {
    const server = await stage()
    const bad = {
      ...artifact('shop-1', 'main'),
      environments: [{ app: 'shop', env: 'staging', deploy }],
    }
    const { status, json } = await server.call('POST', '/api/artifact', bad)
    expect([status, json]).toEqual([422, { error: { code: 'invalid', message } }])
    expect((await server.call('GET', '/api/artifacts/shop-1')).status).toBe(404)
  },
)
