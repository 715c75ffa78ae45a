import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { isRefusal } from '../../src/domain/fault.ts'
import { type KustomizeSource, kustomize } from '../../src/manifest/kustomize/kustomize.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { bombs, refusalOf } from './support.ts'

const fixtures = 'test/fixtures/kustomize'
const kubectl = kubernetesProgram('kubectl')

/** Reads below a folder, as the manifests tree is read. */
const filesBelow = (folder: string) => (path: string) => {
  const file = join(folder, path)
  return existsSync(file) && statSync(file).isFile() ? readFileSync(file, 'utf8') : undefined
}

/** A tree of files in memory. */
const tree = (files: Readonly<Record<string, string>>): KustomizeSource['read'] => {
  const known = new Map(Object.entries(files))
  return (path) => known.get(path)
}

const textsOf = (source: KustomizeSource): readonly string[] => {
  const objects = kustomize(source)
  if (isRefusal(objects)) throw new Error(objects.message)
  return objects.map(({ text }) => text)
}

/** Objects as a reader of YAML 1.1 sees them, by what tells them apart. */
function objectsIn(text: string): Record<string, unknown> {
  const objects = parseAllDocuments(text, { version: '1.1', merge: true }).map((one) => one.toJS())
  return Object.fromEntries(
    objects.map((object) => {
      const { kind, apiVersion, metadata } = object
      return [`${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`, object]
    }),
  )
}

describe('kubectl, on the same folder,', () => {
  test.skipIf(kubectl === null).each(readdirSync(fixtures))('says the same of %s', (name) => {
    const folder = join(fixtures, name)
    const run = spawnSync(String(kubectl), ['kustomize', join(folder, 'overlay')], {
      encoding: 'utf8',
    })
    expect(run.status, run.stderr).toBe(0)
    const ours = textsOf({ path: 'overlay', read: filesBelow(folder) }).join('---\n')
    expect(objectsIn(ours)).toEqual(objectsIn(run.stdout))
  })
})
