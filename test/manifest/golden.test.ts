import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHelm } from '../../src/charts/helm.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import { folderSources } from '../../src/gitops/sources.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { rendered } from '../../src/manifest/rendered.ts'
import { variablesOf } from '../../src/manifest/variables.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { artifactWith } from './support.ts'

const folder = 'test/fixtures/render'
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name }))
const artifact = artifactWith(JSON.parse(readFileSync(join(folder, 'artifact.json'), 'utf8')))
const helm = kubernetesProgram('helm')

/** The files that a release of the folder's one manifest writes. */
async function filesOf(name: string): Promise<Record<string, string>> {
  const set = loadManifests(await folderSources(join(folder, name, 'manifests'))(''))
  expect(set.problems).toEqual([])
  const [manifest] = set.manifests
  if (!manifest) throw new Error('there is no manifest')
  const settings = { environment: process.env, repositories: [], apiVersions: [] }
  const { template } = await openHelm({
    ...{ ...settings, program: String(helm), folder: tempFolder(), kubeVersion: '1.34.0' },
  })
  const made = await rendered(
    manifest,
    variablesOf(artifact, { ...manifest, actor: 'alice' }),
    template,
  )
  if (isRefusal(made)) throw new Error(made.message)
  expect(made.warnings).toEqual([])
  return Object.fromEntries(made.files)
}

function filesIn(path: string): Record<string, string> {
  const names = existsSync(path) ? readdirSync(path) : []
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name), 'utf8')]))
}

/** With UPDATE=1 the files are written, to be read before they are committed. */
function keep(path: string, files: Record<string, string>): void {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
}

describe('a release', () => {
  test.skipIf(helm === null).each(cases)(
    'of $name writes these files, each time',
    async ({ name }) => {
      const files = await filesOf(name)
      const expected = join(folder, name, 'expected')
      if (process.env.UPDATE === '1') keep(expected, files)
      expect(files).toEqual(filesIn(expected))
      expect(await filesOf(name)).toEqual(files)
    },
  )
})
