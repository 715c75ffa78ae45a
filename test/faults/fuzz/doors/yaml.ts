import { parseAllDocuments } from 'yaml'
import { isRefusal, type Refusal } from '../../../../src/domain/fault.ts'
import { isManifest, manifestOf } from '../../../../src/manifest/manifest.ts'
import { loadManifests } from '../../../../src/manifest/manifest-set.ts'
import type { ObjectText } from '../../../../src/manifest/object-text.ts'
import { parseYaml } from '../../../../src/manifest/parse-yaml.ts'
import { json6902 } from '../../../../src/manifest/patch/json6902.ts'
import { splitObjects } from '../../../../src/manifest/patch/split-objects.ts'
import { strategicMerge } from '../../../../src/manifest/patch/strategic-merge.ts'
import { readObjects } from '../../../../src/manifest/read-objects.ts'
import { render } from '../../../../src/manifest/render.ts'
import { variablesOf } from '../../../../src/manifest/variables.ts'
import { artifactWith } from '../../../manifest/support.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { isPlainLabel, isSafePath } from './names.ts'
import { gist, outcomeOf, refused } from './said.ts'

const words = [
  '&a ',
  '*a',
  '<<: *a',
  '? ',
  '!!str ',
  '!!binary ',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '|-\n',
  '>+\n',
  '{ ',
  '[ ',
  '{{ .SHA }}',
  '{{ .x | default "y" }}',
  '"{{',
  '}}"',
  '0644',
  '1.10',
  '12e4567',
  'yes',
  '~',
  '2001-12-14',
  '# c\n',
]

/** YAML as it is read everywhere: safely, or not at all. */
export const yamlDoor: Door = {
  name: 'yaml',
  about: 'A14, A19: YAML of whoever writes manifests',
  form: 'text',
  words,
  share: 0.3,
  seeds: [
    'a: 1\nb: [x, "y", 3]\n',
    'a: &x { b: c }\nd: *x\n---\n- e\n- f: |\n    text\n',
    '# c\nkind: ConfigMap\ndata:\n  k: >-\n    folded\n    text\n',
  ],
  take(input) {
    const text = String(input)
    const documents = parseYaml(text)
    if (isRefusal(documents)) return refused(documents)
    for (const { value } of documents) if (depthOf(value) > 101) broken('it nests without a bound')
    readObjects(new Map([['a.yaml', text]]))
    const objects = splitObjects(text, 'a')
    if (isRefusal(objects)) return broken(`it was read, and is refused: ${objects.message}`)
    const apart = objects.map((one) => oneIn(one.text))
    same(
      apart,
      documents.map(({ value }) => value).filter((value) => value !== null),
      'apart',
    )
    return `taken ${Math.min(documents.length, 4)}`
  },
}

function depthOf(value: unknown): number {
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depthOf))
  return value instanceof Map ? 1 + Math.max(0, ...[...value.values()].map(depthOf)) : 0
}

function oneIn(text: string): unknown {
  const documents = parseYaml(text)
  if (isRefusal(documents))
    return broken(`${JSON.stringify(text)} is no YAML: ${documents.message}`)
  return documents.find(({ value }) => value !== null)?.value
}

const artifact = artifactWith({
  id: 'web-017d995e',
  items: [{ name: 'image', tag: '12e4567\n- x: "y', repository: 'quay.io/owner/web' }],
  version: { repositoryName: 'owner/web', sha: '017d995e', branch: 'main', message: '*a: &b !!c' },
})

/** Manifests, and the objects that are rendered of them. */
export const manifestsDoor: Door = {
  name: 'manifests',
  about: 'A12, A13, A14, A19: manifests, and what is rendered of them',
  form: 'text',
  words: [
    ...words,
    'app: ',
    'env: ',
    'namespace: ',
    'chart: ',
    'kustomize: ',
    'deploy: ',
    'preview: ',
    'cleanup: ',
    'json6902Patches: ',
    '../../etc',
  ],
  share: 0.2,
  take(input) {
    const set = loadManifests({ version: 'v1', files: new Map([['web/m.yaml', String(input)]]) })
    const [problem] = set.problems
    if (problem) return gist(problem.message)
    return set.manifests
      .filter(isManifest)
      .map((manifest) => {
        const { app, env, namespace } = manifest
        if (![app, env, namespace].every(isPlainLabel)) broken(`it is for ${env}/${app}`)
        const files = render(manifest, variablesOf(artifact, { ...manifest, actor: 'jane' }))
        return isRefusal(files) ? refused(files) : rendered(files)
      })
      .join(' ')
  },
}

/** Every file is one object, in YAML of both versions, at a place below the app's folder. */
function rendered(files: ReadonlyMap<string, string>): string {
  for (const [name, text] of files) {
    if (!isSafePath(name) || name.includes('/')) broken(`the file ${JSON.stringify(name)}`)
    const value = oneIn(text)
    if (!(value instanceof Map) || !value.has('kind')) broken(`${name} holds no object`)
    const documents = parseAllDocuments(text, { version: '1.1', merge: true })
    if (documents.length !== 1 || documents.some(({ errors }) => errors.length > 0))
      broken(`${name} is none to a reader of YAML 1.1`)
  }
  return `rendered ${Math.min(files.size, 4)}`
}

/** What an artifact brings as a manifest, field by field. */
export const manifestFieldsDoor: Door = {
  name: 'manifest-fields',
  about: 'A6, A12, A19: the fields of a manifest that comes with an artifact',
  form: 'json',
  words: [
    'app',
    'env',
    'namespace',
    'chart',
    'values',
    'deploy',
    'preview',
    'kustomize',
    '{{ .BRANCH }}',
    'helmrelease',
    'push',
  ],
  take(input) {
    const fields = (typeof input === 'object' && input !== null ? input : {}) as { app: string }
    const read = manifestOf({ ...fields, env: 'staging' }, 'artifact')
    if (isRefusal(read)) return refused(read)
    const { app, appTemplate, namespace, namespaces, repository } = read
    if (appTemplate === null && !isPlainLabel(app)) broken(`it is for ${app}`)
    if (![namespace, ...(namespaces ?? [])].every(isPlainLabel)) broken(`it is for ${namespace}`)
    if (repository !== null && !isSafePath(repository)) broken(`it is of ${repository}`)
    return `taken ${read.chart !== null} ${read.kustomize !== null} ${read.deploy.length}`
  },
}

type Texts = { readonly object: string; readonly merge: string; readonly operations: string }
const target = { kind: 'Deployment', name: 'web' }

/** Edits of YAML: patches of both kinds, on objects as people write them. */
export const yamlEditDoor: Door = {
  name: 'yaml-edit',
  about: 'A13: patches of both kinds on objects as people write them',
  form: 'texts',
  words: [
    ...words,
    '$patch: delete',
    '$patch: replace',
    '$deleteFromPrimitiveList/',
    '$setElementOrder/',
    'op: move',
    'op: test',
    '/spec/-',
    '~1',
    '/spec/template',
  ],
  share: 0.2,
  take(input) {
    const { object, merge, operations } = input as Texts
    const objects = [{ text: object, place: 'a' }]
    // One of both: which, the length says.
    return object.length % 2 === 0
      ? edited(strategicMerge(objects, [{ text: merge, place: 'patch' }]))
      : edited(json6902(objects, [{ patch: operations, target }]))
  },
}

/** What was written is what was meant: read again, it is the value that the edit came to. */
function edited(objects: readonly ObjectText[] | Refusal): string {
  if (isRefusal(objects)) return refused(objects).slice(0, 40)
  for (const { text, value } of objects)
    if (value !== undefined) same(oneIn(text), value, 'read again')
  return outcomeOf(objects)
}
