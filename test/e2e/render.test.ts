import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { EventView } from '../../src/domain/outcome.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { endPrograms, git, type Program, startProgram, until } from '../support/program.ts'
import { putFiles } from '../support/temp.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const helm = kubernetesProgram('helm')
const fixtures = resolve('test/fixtures/render')
const artifact = JSON.parse(readFileSync(`${fixtures}/artifact.json`, 'utf8'))

async function released(server: Program): Promise<EventView> {
  const asked = { env: 'production', app: 'web', artifactId: artifact.id }
  const { json } = await server.call('POST', '/api/releases', asked)
  const { id } = json as { id: string }
  return until(async () => {
    const answer = await server.call('GET', `/api/event?id=${id}`)
    const event = answer.json as EventView
    return !['new', 'held'].includes(event.status) && event
  })
}

/** A server with the manifests of a golden folder, and the artifact that it is for. */
async function stage(name: string, more: Record<string, string> = {}) {
  const folder = tempFolder()
  await putFiles(folder, { 'policies/.keep': '', ...more })
  const server = await startProgram(`${folder}/data`, {
    POLICIES: `${folder}/policies`,
    MANIFESTS: `${fixtures}/${name}/manifests`,
    HELM_BIN: String(helm),
  })
  expect(await server.call('POST', '/api/artifact', artifact)).toMatchObject({ status: 201 })
  return server
}

const written = (server: Program, file: string) =>
  git(server.gitops, 'show', `main:production/web/${file}`)

test.skipIf(helm === null).each([
  { name: 'helm', file: 'deployment-web.yaml' },
  { name: 'helmrelease', file: 'helmrelease-web.yaml' },
  { name: 'kustomize', file: 'deployment-production-web.yaml' },
  { name: 'patches', file: 'deployment-web.yaml' },
])('a release by $name is one commit, and again it is none', async ({ name, file }) => {
  const server = await stage(name)
  expect(await released(server)).toMatchObject({ status: 'processed' })
  const expected = readFileSync(`${fixtures}/${name}/expected/${file}`, 'utf8')
  expect(await written(server, file)).toBe(expected.trimEnd())
  const tip = await git(server.gitops, 'rev-parse', 'main')
  expect(await released(server)).toMatchObject({
    status: 'processed',
    statusDesc: `${artifact.id} runs in production already, file for file: nothing to write`,
  })
  expect(await git(server.gitops, 'rev-parse', 'main')).toBe(tip)
})

test('object policies look at what the patches made', async () => {
  const server = await stage('patches', {
    'policies/tags.json': JSON.stringify({
      kind: 'object',
      each: 'container',
      require: { '==': [{ var: ['container.digest', ''] }, ''] },
      message: 'Only tags here',
    }),
  })
  expect(await released(server)).toMatchObject({
    status: 'denied',
    statusDesc: expect.stringContaining('Only tags here'),
  })
})

test('without helm a chart is refused with what to do, and everything else goes on', async () => {
  const folder = tempFolder()
  const chart = readFileSync(`${fixtures}/helm/manifests/charts/web/Chart.yaml`, 'utf8')
  await putFiles(folder, {
    'policies/.keep': '',
    'manifests/charts/web/Chart.yaml': chart,
    'manifests/web.yaml':
      'app: web\nenv: production\nrepository: example/web\nchart: { name: charts/web }\n',
    'manifests/api.yaml':
      'app: api\nenv: production\nrepository: example/web\nmanifests: |\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: { name: api }\n',
  })
  const server = await startProgram(`${folder}/data`, {
    POLICIES: `${folder}/policies`,
    MANIFESTS: `${folder}/manifests`,
    HELM_BIN: `${folder}/no-helm`,
  })
  await server.call('POST', '/api/artifact', artifact)
  expect(await released(server)).toMatchObject({
    status: 'denied',
    statusDesc: expect.stringContaining('render: helmrelease'),
  })
  const asked = { env: 'production', app: 'api', artifactId: artifact.id }
  await server.call('POST', '/api/releases', asked)
  await until(async () =>
    (await git(server.gitops, 'ls-tree', '-r', '--name-only', 'main')).includes('production/api/'),
  )
})
