import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { strategicMerge } from '../../../src/manifest/patch/strategic-merge.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { refusalOf } from '../support.ts'
import {
  type Json,
  kubectl,
  objectOf,
  patchedByKubectl,
  readAs,
  styles,
  textsOf,
} from './patch-support.ts'

const deployment = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # the name
  labels: { app: web,   tier: front }
spec:
  replicas: 1   # one is enough

  # Never changed.
  selector: { matchLabels: { app: web } }
  template:
    spec:
      containers:
      # first
      - name: app
        image: "web:1.0" # bumped
        env:
          - name: A
            value: '1' # a
          # about B
          - name: B
            value: >-
              folded
              text
        args: [--verbose]
      # second
      - name: logs
        image: logs
      volumes:
        - name: files
          configMap: { name: files, defaultMode: 0644 }
# the end
`
const web = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n'
const inPod = (lines: string) =>
  `${web}spec:\n  template:\n    spec:\n${lines.replaceAll(/^/gm, '      ')}\n`
const merge = (text: string, ...patches: readonly string[]) =>
  strategicMerge(
    [objectOf(text)],
    patches.map((patch, at) => objectOf(patch, `strategicMergePatches: document ${at + 1}`)),
  )
const merged = (text: string, ...patches: readonly string[]) => textsOf(merge(text, ...patches))[0]

describe('a patch changes its lines and no other', () => {
  test.each([
    {
      name: 'a number',
      patch: `${web}spec: { replicas: 3 }`,
      want: deployment.replace('replicas: 1   #', 'replicas: 3   #'),
    },
    {
      name: 'a field that is new',
      patch: `${web}spec: { strategy: { type: Recreate } }`,
      want: deployment.replace('# the end', '  strategy:\n    type: Recreate\n# the end'),
    },
    {
      name: 'a label, in braces',
      patch: `${web.replace('name: web', 'name: web, labels: { tier: null, level: "1" }')}`,
      want: deployment.replace('{ app: web,   tier: front }', '{ app: web, level: "1" }'),
    },
    {
      name: 'a field that goes, with its comment',
      patch: `${web}spec: { selector: null }`,
      want: deployment.replace(/\n\n {2}# Never changed.\n {2}selector: .*\n/, '\n'),
    },
    {
      name: 'a container by its name',
      patch: inPod('containers:\n- name: logs\n  image: other'),
      want: deployment.replace('image: logs', 'image: other'),
    },
    {
      name: 'a variable that goes',
      patch: inPod('containers:\n- name: app\n  env: [{ name: A, $patch: delete }]'),
      want: deployment.replace(/ {10}- name: A\n.*\n/, ''),
    },
    {
      name: 'a number whose writing means another one to YAML 1.1',
      patch: inPod('volumes:\n- name: files\n  configMap: { defaultMode: 0600 }'),
      want: deployment.replace('0644', '0600'),
    },
    {
      name: 'a text of several lines',
      patch: inPod('containers:\n- name: logs\n  command:\n  - sh\n  - |\n    echo a\n    echo b'),
      want: deployment.replace(
        'image: logs\n',
        'image: logs\n        command:\n          - sh\n          - |\n            echo a\n            echo b\n',
      ),
    },
  ])('$name', ({ patch, want }) => {
    expect(merged(deployment, patch)).toBe(want)
  })

  test('and none where it says what is there already', () => {
    const patch = inPod('containers:\n- name: app\n  image: web:1.0\n  args: ["--verbose"]')
    expect(merged(deployment, patch)).toBe(deployment)
  })

  test('in a file with the line ends of Windows, too', () => {
    const text = deployment.replaceAll('\n', '\r\n')
    const patch = `${web}spec: { replicas: 3, strategy: { type: Recreate } }`
    const lines = merged(text, patch)?.split('\r\n') ?? []
    expect(lines.join('\n')).toBe(merged(deployment, patch))
  })

  test('and an object of another name is byte for byte what it was', () => {
    const other = deployment.replaceAll('name: web', 'name: other')
    const objects = [objectOf(other), objectOf(deployment)]
    const patched = strategicMerge(objects, [objectOf(`${web}spec: { replicas: 2 }`)])
    expect(textsOf(patched)[0]).toBe(other)
  })
})

describe('the directives', () => {
  test('`$patch: delete` at the root takes the object away', () => {
    expect(merge(deployment, `${web}$patch: delete`)).toEqual([])
  })

  test.each([
    {
      name: '$patch: replace',
      patch: `${web}spec: { $patch: replace, replicas: 2 }`,
      want: { spec: { replicas: 2 } },
    },
    {
      name: '$patch: delete in a mapping',
      patch: `${web}spec: { template: { $patch: delete } }`,
      want: { spec: { template: {} } },
    },
    {
      name: '$patch: replace in a list',
      patch: inPod('containers: [{ $patch: replace }, { name: only, image: x }]'),
      want: { spec: { template: { spec: { containers: [{ name: 'only', image: 'x' }] } } } },
    },
    {
      name: '$retainKeys',
      patch: `${web}spec: { $retainKeys: [replicas] }`,
      want: { spec: { replicas: 1 } },
    },
    {
      name: '$setElementOrder',
      patch: inPod('$setElementOrder/containers: [{ name: logs }, { name: app }]'),
      want: { spec: { template: { spec: { containers: [{ name: 'logs' }, { name: 'app' }] } } } },
    },
  ])('$name', ({ patch, want }) => {
    const value = readAs('1.2', merged(deployment, patch) ?? '')
    expect(value).toMatchObject(want)
  })

  test('$deleteFromPrimitiveList takes values out', () => {
    const text = deployment.replace('name: web #', 'finalizers: [a, b, c]\n  name: web #')
    const patch = web.replace('name: web', 'name: web, $deleteFromPrimitiveList/finalizers: [b]')
    expect(readAs('1.2', merged(text, patch) ?? '')).toMatchObject({
      metadata: { finalizers: ['a', 'c'] },
    })
  })
})

test('lists of kinds that Kubernetes does not bring are replaced', () => {
  const thing = 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n'
  const text = `${thing}spec:\n  containers:\n    - name: a\n      image: x\n`
  const patch = `${thing}spec: { containers: [{ name: b, gone: null }] }`
  expect(readAs('1.2', merged(text, patch) ?? '')).toMatchObject({
    spec: { containers: [{ name: 'b', gone: null }] },
  })
})

describe('what is refused', () => {
  test.each([
    {
      name: 'an object that is not there',
      patch: web.replace('name: web', 'name: wbe'),
      want: 'there is no apps/v1 Deployment wbe; there is Deployment web',
    },
    {
      name: 'another version',
      patch: web.replace('apps/v1', 'apps/v1beta1'),
      want: 'there is no apps/v1beta1 Deployment web; there is apps/v1 Deployment web',
    },
    {
      name: 'another namespace',
      patch: web.replace('name: web', 'name: web, namespace: staging'),
      want: 'there is no apps/v1 Deployment web in staging; there is apps/v1 Deployment web',
    },
    {
      name: 'no name',
      patch: 'apiVersion: v1\nkind: Pod',
      want: 'metadata.name is missing; it must be text that is not empty',
    },
    {
      name: 'an entry without its merge key',
      patch: inPod('containers: [{ image: x }]'),
      want: '/spec/template/spec/containers/0: needs "name", by which Kubernetes merges this list (of apps/v1 Deployment web)',
    },
    {
      name: 'a directive that does not exist',
      patch: `${web}spec: { $patch: remove }`,
      want: '/spec/$patch: must be merge, replace or delete (of apps/v1 Deployment web)',
    },
    {
      name: 'a directive in a list that is not merged',
      patch: inPod('tolerations: [{ key: a, $patch: delete }]'),
      want: '/spec/template/spec/tolerations/0/$patch: this list is replaced as a whole; leave it out (of apps/v1 Deployment web)',
    },
    {
      name: 'the name taken away',
      patch: `${web.replace('{ name: web }', '{ name: web, $patch: delete }')}`,
      want: 'metadata.name is missing; it must be text that is not empty (of apps/v1 Deployment web)',
    },
    {
      name: 'two documents',
      patch: `${web}---\n${web}`,
      want: 'must be one YAML document, and holds 2',
    },
    {
      name: 'a tag',
      patch: `${web}spec: { replicas: !!js/function x }`,
      want: 'line 4, column 19: starts with "!", which is a tag in YAML; put quotes around the value',
    },
  ])('$name', ({ patch, want }) => {
    expect(refusalOf(merge(deployment, patch))).toBe(`strategicMergePatches: document 1: ${want}`)
  })

  test('an object with a merge key, since what it brings cannot be seen', () => {
    const text = `x: &base { replicas: 1 }\n${web}spec:\n  <<: *base\n`
    expect(refusalOf(merge(text, `${web}spec: { paused: true }`))).toBe(
      'manifests: has a merge key (<<), which cannot be patched; write out the fields that it brings',
    )
  })
})

test('what an alias stands for is written out where the object is patched', () => {
  const text = `${web}spec:\n  a: &x { b: 1 } # x\n  c: *x\n`
  const value = readAs('1.2', merged(text, `${web}spec: { c: { b: 2 } }`) ?? '')
  expect(value).toMatchObject({ spec: { a: { b: 1 }, c: { b: 2 } } })
})

const some = (
  names: readonly string[],
  rest: fc.Arbitrary<{ [key: string]: Json }>,
  key = 'name',
) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), rest), { selector: ([name]) => name })
    .map((list): Json => list.map(([name, other]) => ({ [key]: name, ...other })))
const optional = (fields: Record<string, fc.Arbitrary<Json>>) =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<{ [key: string]: Json }>

const texts: fc.Arbitrary<Json> = fc.constantFrom(
  'a',
  'b c',
  '1',
  'true',
  'null',
  ' - x',
  'l\nm\n',
  '#',
)
const ports = fc
  .uniqueArray(fc.constantFrom(80, 81, 82))
  .map((list): Json => list.map((containerPort) => ({ containerPort })))

/** A pod's spec as it may be written, or as a patch of one: with what deletes. */
function podSpec(patch: boolean): fc.Arbitrary<{ [key: string]: Json }> {
  const gone: fc.Arbitrary<Json>[] = patch ? [fc.constant(null)] : []
  const field = (value: fc.Arbitrary<Json>) => fc.oneof(value, ...gone)
  const deleted = patch ? [fc.constant({ $patch: 'delete' })] : []
  const entry = (fields: Record<string, fc.Arbitrary<Json>>) =>
    fc.oneof(optional(fields), ...deleted) as fc.Arbitrary<{ [key: string]: Json }>
  const container = entry({
    image: field(texts),
    args: field(fc.array(texts, { maxLength: 2 })),
    ports,
    env: some(['A', 'B', 'C'], entry({ value: texts })),
    resources: field(optional({ limits: field(optional({ cpu: texts, memory: field(texts) })) })),
  })
  return optional({
    containers: some(['a', 'b', 'c', 'd'], container),
    volumes: some(['v', 'w'], entry({ emptyDir: fc.constant({}) })),
    nodeSelector: field(optional({ a: field(texts), b: field(texts) })),
    priority: field(fc.integer({ min: 0, max: 5 })),
    tolerations: fc.array(optional({ key: texts }), { maxLength: 2 }),
    hostAliases: some(['10.0.0.1', '10.0.0.2'], optional({ hostnames: fc.array(texts) }), 'ip'),
  })
}

const deploymentOf = (spec: Json): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { spec } },
})
const cases = fc.record({
  object: podSpec(false).map(deploymentOf),
  patch: podSpec(true).map(deploymentOf),
  write: fc.constantFrom(...styles),
  writePatch: fc.constantFrom(...styles),
})

/** kubectl keeps what deletes in entries that are new; an API server drops it, and so do we. */
function settled(value: Json): Json {
  if (Array.isArray(value))
    return value.filter((item) => !Object.hasOwn(Object(item), '$patch')).map(settled)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, entry]) => entry !== null)
  return Object.fromEntries(kept.map(([key, entry]) => [key, settled(entry)]))
}

describe('for any object and patch', () => {
  test.skipIf(kubectl === null)('kubectl patch says the same', { timeout: 120_000 }, () => {
    const folder = tempFolder()
    fc.assert(
      fc.property(cases, ({ object, patch, write, writePatch }) => {
        const theirs = patchedByKubectl({ folder, type: 'strategic', object, patch })
        const ours = merged(write(object), writePatch(patch)) ?? ''
        expect(settled(readAs('1.2', ours))).toEqual(settled(theirs))
        expect(readAs('1.1', ours)).toEqual(readAs('1.2', ours))
      }),
      { numRuns: 40 },
    )
  })

  test('a second time changes nothing any more', () => {
    fc.assert(
      fc.property(cases, ({ object, patch, write, writePatch }) => {
        const once = merged(write(object), writePatch(patch)) ?? ''
        expect(merged(once, writePatch(patch))).toBe(once)
      }),
      { numRuns: 300 },
    )
  })
})
