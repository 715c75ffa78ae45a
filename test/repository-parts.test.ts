import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createRepository } from '../src/gitops/clone.ts'
import { manifest, posted } from './support/builders.ts'
import { eventually } from './support/eventually.ts'
import { testServer } from './support/server.ts'
import { putFiles, putScript, someonesGit, tempFolder } from './support/temp.ts'

const manifests = {
  'dev.yaml': manifest({ env: 'dev' }),
  'staging.yaml': manifest({ env: 'staging' }),
  'production.yaml': manifest({ env: 'production' }),
}
type Given = {
  readonly layout?: 'app' | 'env/app'
  readonly folder?: string
  readonly own?: string[]
  readonly policies?: Readonly<Record<string, string>>
}

/** A server whose production, and what else is named, has a repository of its own. */
async function serverOfTwo({
  layout = 'env/app',
  own = ['production'],
  policies = {},
  ...given
}: Given = {}) {
  const folder = given.folder ?? (await tempFolder())
  const [first, production] = [join(folder, 'first.git'), join(folder, 'production.git')]
  for (const repository of [first, production])
    await createRepository(repository, 'main', process.env)
  const repos = own.length === 0 ? [] : [{ environments: own, repo: production }]
  const server = await testServer(
    {
      ...{ manifests, policies, folder },
      environment: {
        GITOPS_REPO: first,
        GITOPS_REPOS: JSON.stringify(repos),
        GITOPS_LAYOUT: layout,
      },
    },
    onTestFinished,
  )
  /** Asks for a release, and answers its id. */
  const ask = async (env: string, artifactId = 'web-1') => {
    await server.post('/api/artifact', posted({ id: artifactId, version: { message: artifactId } }))
    const { body } = await server.post('/api/releases', { env, app: 'web', artifactId })
    return (body as { id: string }).id
  }
  return {
    ...{ server, first, production, ask },
    async release(env: string, artifactId = 'web-1') {
      const ended = await server.ended(await ask(env, artifactId))
      expect(ended).toMatchObject({ status: 'processed' })
    },
    async runs() {
      const { body } = await server.call('/api/status?env=*')
      const envs = Object.entries(body as Record<string, { web: { artifactId: string } | null }>)
      return Object.fromEntries(
        envs.flatMap(([env, { web }]) => (web ? [[env, web.artifactId]] : [])),
      )
    },
    history: async (env: string) => (await server.call(`/api/releases?env=${env}&app=web`)).body as { id: string; gitopsRepo: string; gitopsRef: string }[], // biome-ignore format: one value
  }
}

const filesOf = async (repository: string) =>
  (await someonesGit(repository, 'ls-tree', '-r', '--name-only', 'main'))
    .split('\n')
    .filter(Boolean)

/** Commits to a repository as a person would. */
async function someoneCommits(repository: string, files: Readonly<Record<string, string>>) {
  const tree = join(await tempFolder(), 'tree')
  await someonesGit(repository, 'clone', '--quiet', repository, tree)
  await putFiles(tree, files)
  await someonesGit(tree, 'add', '--all')
  await someonesGit(tree, 'commit', '--quiet', '-m', 'by hand')
  await someonesGit(tree, 'push', '--quiet', 'origin', 'HEAD:main')
}

describe('an environment with a repository of its own', () => {
  test.each([
    { layout: 'env/app', folder: 'production/web' },
    { layout: 'app', folder: 'web' },
  ] as const)(
    'is written there, in $layout, and the others in the first',
    async ({ layout, folder }) => {
      const { first, production, release, runs, history } = await serverOfTwo({ layout })
      await release('staging')
      await release('production')
      expect(await filesOf(first)).toEqual([
        'staging/web/configmap-web.yaml',
        'staging/web/release.json',
      ])
      expect(await filesOf(production)).toEqual([
        `${folder}/configmap-web.yaml`,
        `${folder}/release.json`,
      ])
      expect(await runs()).toEqual({ staging: 'web-1', production: 'web-1' })
      expect(await history('production')).toMatchObject([{ gitopsRepo: production }])
      expect(await history('staging')).toMatchObject([{ gitopsRepo: first }])
    },
  )

  test('is rolled back, deleted, shown and compared there', async () => {
    const { server, production, release, runs } = await serverOfTwo({ layout: 'app' })
    await server.post('/api/artifact', posted({ version: { message: 'web-1' } }))
    const dry = await server.post('/api/releases', { env: 'production', app: 'web', artifactId: 'web-1', dryRun: true }) // biome-ignore format: one call
    expect(JSON.stringify(dry.body)).toContain('web/configmap-web.yaml')
    await release('production', 'web-1')
    await release('production', 'web-2')
    const back = await server.post('/api/rollback?env=production&app=web', '')
    await server.ended((back.body as { id: string }).id)
    expect(await runs()).toEqual({ production: 'web-1' })
    const gone = await server.post('/api/delete?env=production&app=web', '')
    await server.ended((gone.body as { id: string }).id)
    expect(await filesOf(production)).toEqual([])
    expect(await runs()).toEqual({})
  })

  test('is decided by what runs in the other repositories', async () => {
    const require = { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] }
    const gate = { kind: 'gate', env: 'production', otherwise: 'hold', require, message: 'staging first' } // biome-ignore format: one value
    const { server, ask, release, runs } = await serverOfTwo({ policies: { 'gate.json': JSON.stringify(gate) } }) // biome-ignore format: one call
    const waiting = await ask('production')
    expect(await server.ended(waiting)).toMatchObject({ status: 'held' })
    await release('staging')
    const both = { staging: 'web-1', production: 'web-1' }
    await eventually(async () => expect(await runs()).toEqual(both))
    expect(await server.ended(waiting)).toMatchObject({ status: 'processed' })
  })

  test('tells what people changed there by hand, and not what they changed beside it', async () => {
    const { server, first, production, ask, release } = await serverOfTwo({ layout: 'app' })
    await release('production')
    await someoneCommits(first, { 'production/web/other.yaml': 'of nobody' })
    await someoneCommits(production, { 'web/configmap-web.yaml': 'by hand' })
    const { decisionId } = await server.ended(await ask('production', 'web-2'))
    const { body } = await server.call(`/api/decisions/${decisionId}`)
    expect(JSON.stringify(body)).toContain('web in production was changed by hand by Someone')
    expect((body as { warnings: string[] }).warnings).toHaveLength(1)
    expect(JSON.stringify((body as { warnings: string[] }).warnings)).not.toContain('before it')
  })

  test('F10: a repository that is away holds up no other, and is gone on with when it is back', async () => {
    const { server, production, ask, release, runs } = await serverOfTwo()
    await release('production')
    await rename(production, `${production}.away`)
    const waiting = await ask('production', 'web-2')
    await release('staging', 'web-2')
    expect(await runs()).toEqual({ staging: 'web-2', production: 'web-1' })
    const ready = await server.call('/readyz')
    expect(ready.status).toBe(200)
    await eventually(async () => {
      const { body } = await server.call('/readyz')
      expect((body as { problems: string[] }).problems.join()).toMatch(
        /production.git of production: .*/,
      )
    })
    await rename(`${production}.away`, production)
    expect(await server.ended(waiting)).toMatchObject({ status: 'processed' })
    expect(await runs()).toEqual({ staging: 'web-2', production: 'web-2' })
  })

  test('F11: a push that hangs in one repository holds up no other', async () => {
    const { server, production, ask, release, runs } = await serverOfTwo()
    const [begun, goOn] = [join(production, 'begun'), join(production, 'go-on')]
    const hang = `#!/bin/sh\ntouch ${begun}\nwhile [ ! -e ${goOn} ]; do sleep 0.05; done\n`
    await putScript(production, 'hooks/pre-receive', hang)
    const waiting = await ask('production')
    await eventually(() => expect(existsSync(begun)).toBe(true))
    await release('staging')
    expect(await runs()).toEqual({ staging: 'web-1' })
    await putFiles(production, { 'go-on': '' })
    expect(await server.ended(waiting)).toMatchObject({ status: 'processed' })
    expect(await runs()).toEqual({ staging: 'web-1', production: 'web-1' })
  })

  test('F27: one that was rewound stops its environments only, until a person resumes it', async () => {
    const { server, production, ask, release, runs } = await serverOfTwo()
    await release('production')
    const before = (await someonesGit(production, 'rev-parse', 'main')).trim()
    await release('production', 'web-2')
    await someonesGit(production, 'update-ref', 'refs/heads/main', before)
    const waiting = await ask('production', 'web-3')
    await eventually(async () => {
      const { body } = await server.call('/api/gitops')
      expect(body).toMatchObject({
        halt: null,
        others: [{ url: production, halt: { foundTip: before } }],
      })
    })
    await release('staging', 'web-3')
    expect(await runs()).toMatchObject({ staging: 'web-3', production: 'web-2' })
    expect(await server.post('/api/gitops/resume', { tip: before })).toMatchObject({ status: 200 })
    expect(await server.ended(waiting)).toMatchObject({ status: 'processed' })
  })
})

test('environments that move to a repository of their own, and back, are indexed as each repository has them', async () => {
  const folder = await tempFolder()
  const one = await serverOfTwo({ folder, own: [] })
  await one.release('staging')
  await one.release('production')
  const [before] = await one.history('production')
  await one.server.stop()
  const two = await serverOfTwo({ folder })
  await eventually(async () => expect(await two.runs()).toEqual({ staging: 'web-1' }))
  expect(await two.history('production')).toEqual([])
  await two.release('production', 'web-2')
  await two.server.stop()
  const three = await serverOfTwo({ folder, own: [] })
  const both = { staging: 'web-1', production: 'web-1' }
  await eventually(async () => expect(await three.runs()).toEqual(both))
  expect(await three.history('production')).toMatchObject([
    { id: before?.id, gitopsRepo: three.first },
  ])
  await three.server.stop()
  const four = await serverOfTwo({ folder })
  await eventually(async () => expect(await four.runs()).toEqual({ ...both, production: 'web-2' }))
  expect(await four.history('staging')).toMatchObject([{ gitopsRepo: four.first }])
})
