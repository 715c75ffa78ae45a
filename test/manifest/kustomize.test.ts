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

const pod = (name: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name} # its name\nspec:\n  containers:\n    - { name: a, image: 'nginx:1' } # runs\n`
const build = (kustomization: string, more: Readonly<Record<string, string>> = {}) =>
  kustomize({
    path: 'app',
    read: tree({ 'app/kustomization.yaml': kustomization, 'app/pod.yaml': pod('web'), ...more }),
  })

test('what a kustomization leaves alone stays byte for byte, comments included', () => {
  const read = tree({
    'app/kustomization.yaml': 'resources: [pod.yaml]\nimages: [{ name: nginx, newTag: "1.10" }]\n',
    'app/pod.yaml': pod('web'),
  })
  expect(textsOf({ path: 'app', read })).toEqual([
    pod('web').replace("{ name: a, image: 'nginx:1' }", "{ name: a, image: 'nginx:1.10' }"),
  ])
})

test('the images of a manifest are applied last', () => {
  const read = tree({ 'kustomization.yaml': 'resources: [pod.yaml]', 'pod.yaml': pod('web') })
  const images = [{ name: 'nginx', newName: 'mirror.example.com/nginx', newTag: '12e4567' }]
  const [text] = textsOf({ path: '.', read, images })
  expect(text).toContain("image: 'mirror.example.com/nginx:12e4567'")
  expect(refusalOf(kustomize({ path: '.', read, images: [{ name: 'ngnix' }] }))).toBe(
    'kustomize .: images: no container runs ngnix; there is nginx',
  )
})

test('a kind may have the name of anything that JavaScript has', () => {
  const odd = 'apiVersion: example.com/v1\nkind: constructor\nmetadata: { name: toString }\n'
  const built = build('resources: [x.yaml]\nnamePrefix: a-\ncommonLabels: { a: b }', {
    'app/x.yaml': odd,
  })
  expect(isRefusal(built) ? built.message : built[0]?.text).toContain('name: a-toString')
})

describe('what is refused', () => {
  test.each([
    ['a chart', 'helmCharts: [{ name: x }]', /^kustomize app: .*helmCharts is not supported/],
    ['a later field', 'replacements: []', /replacements is not supported/],
    ['a web address', 'resources: [https://example.com/x.yaml]', /nothing is fetched/],
    ['a repository', 'resources: [github.com/example/x]', /nothing is fetched/],
    ['a way out', 'resources: [../../x.yaml]', /leads out of the manifests folder/],
    ['an absolute path', 'resources: [/etc/passwd]', /write the path from the folder/],
    ['a missing file', 'resources: [gone.yaml]', /app\/gone.yaml: there is no such file/],
    ['a number as a tag', 'images: [{ name: a, newTag: 1.10 }]', /images.0.newTag: must be text/],
    ['a cycle', 'resources: [../app]', /app: leads back to itself/],
    ['an object twice', 'resources: [pod.yaml, pod.yaml]', /Pod web comes out twice/],
    ['replicas of nothing', 'replicas: [{ name: a, count: 1 }]', /replicas: there is no/],
    [
      'a patch without an object',
      'resources: [pod.yaml]\npatches: [{ target: { kind: Job }, patch: "[]" }]',
      /patches\[0\]: no object is selected/,
    ],
    [
      'a selector that is not simple',
      'resources: [pod.yaml]\npatches: [{ target: { labelSelector: "a in (b)" }, patch: "[]" }]',
      /the selector "a in \(b\)" is not supported/,
    ],
    [
      'a pattern that is none',
      'patches: [{ target: { name: "*" }, patch: "[]" }]',
      /patches.0.target.name: may have letters/,
    ],
    [
      'a pattern that would take for ever',
      `patches: [{ target: { name: "${'.*'.repeat(20)}x" }, patch: "[]" }]`,
      /patches.0.target.name: may have letters/,
    ],
    ['a component as a resource', 'kind: Component', /is a Component; name it under "components"/],
  ])('%s', (_, kustomization, want) => {
    expect(refusalOf(build(kustomization))).toMatch(want)
  })

  test('layers that would come to far more than they hold', () => {
    const layers = Array.from({ length: 15 }, (_, at) => [
      `l${at}/kustomization.yaml`,
      at === 14 ? 'resources: []' : `resources: [../l${at + 1}/a, ../l${at + 1}/b]`,
    ])
    const sides = Array.from({ length: 15 }, (_, at) =>
      ['a', 'b'].map((side) => [`l${at}/${side}/kustomization.yaml`, 'resources: [..]']),
    )
    const read = tree(Object.fromEntries([...layers, ...sides.flat()]))
    expect(refusalOf(kustomize({ path: 'l0', read }))).toMatch(
      /names more than 2000 files|stand on/,
    )
  })

  test.each(bombs)('a kustomization or a resource of $name', ({ text }) => {
    expect(isRefusal(build(text))).toBe(true)
    expect(isRefusal(build('resources: [x.yaml]', { 'app/x.yaml': text }))).toBe(true)
  })
})
