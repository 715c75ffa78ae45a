import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/domain/fault.ts'
import { json6902 } from '../../../src/manifest/patch/json6902.ts'
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

const text = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # the name
  annotations:
    example.com/owner: shop
spec:
  replicas: 1   # one is enough
  # what it runs
  args: [ a,  b ]
  list:
  - one # 1
  # about two
  - two
`
const target = { group: 'apps', version: 'v1', kind: 'Deployment', name: 'web' }
const patched = (patch: string, given = target) =>
  json6902([objectOf(text)], [{ patch, target: given }])

describe('an operation changes its lines and no other', () => {
  test.each([
    {
      name: 'replace',
      patch: '[{"op": "replace", "path": "/spec/replicas", "value": 3}]',
      want: text.replace('replicas: 1', 'replicas: 3'),
    },
    {
      name: 'add at the end of a list',
      patch: '- { op: add, path: /spec/list/-, value: three }',
      want: `${text}  - three\n`,
    },
    {
      name: 'add inside a list',
      patch: '- { op: add, path: /spec/list/1, value: three }',
      want: text.replace('  # about two', '  - three\n  # about two'),
    },
    {
      name: 'remove',
      patch: '- { op: remove, path: /spec/list/1 }',
      want: text.replace('  # about two\n  - two\n', ''),
    },
    {
      name: 'a key with a slash',
      patch: '- { op: replace, path: /metadata/annotations/example.com~1owner, value: "1" }',
      want: text.replace('owner: shop', 'owner: "1"'),
    },
    {
      name: 'move',
      patch: '- { op: move, from: /spec/list/1, path: /spec/list/0 }',
      want: text.replace('- one # 1\n  # about two\n  - two', '# about two\n  - two\n  - one # 1'),
    },
    {
      name: 'a test that holds',
      patch: '- { op: test, path: /spec/args, value: [a, b] }',
      want: text,
    },
  ])('$name', ({ patch, want }) => {
    expect(textsOf(patched(patch))).toEqual([want])
  })
})

describe('what is refused names the patch, the operation and the path', () => {
  const on = 'on Deployment web'
  test.each([
    {
      patch:
        '- { op: test, path: /spec/replicas, value: 1 }\n- { op: remove, path: /spec/replica }',
      want: `[0][1]: remove ${on}: /spec/replica is not there; did you mean replicas?`,
    },
    {
      patch: '- { op: add, path: /spec/list/9, value: 1 }',
      want: `[0][0]: add ${on}: /spec/list/9 is no place in a list of 2; "-" is its end`,
    },
    {
      patch: '- { op: test, path: /spec/replicas, value: "1" }',
      want: `[0][0]: test ${on}: /spec/replicas is not what the test expects`,
    },
    {
      patch: '- { op: add, path: /spec/__proto__, value: 1 }',
      want: '[0][0]: /spec/__proto__: the key __proto__ is not allowed',
    },
    {
      patch: '- { op: move, from: /spec, path: /spec/list/0 }',
      want: `[0][0]: move ${on}: /spec cannot be moved into itself`,
    },
    { patch: '- { op: replace, path: /spec }', want: '[0][0]: replace needs "value"' },
    {
      patch: '- { op: set, path: /spec, value: 1 }',
      want: '[0][0]: "op" must be add, remove, replace, move, copy or test',
    },
    {
      patch: '- { op: remove, path: spec }',
      want: '[0][0]: the path spec must begin with "/"',
    },
    {
      patch: '- { op: remove, path: /metadata/name }',
      want: '[0]: Deployment web is no object afterwards: metadata.name is missing; it must be text that is not empty',
    },
    {
      patch: 'op: remove',
      want: '[0]: must be a list of operations: - { op: replace, path: /spec/replicas, value: 3 }',
    },
  ])('$want', ({ patch, want }) => {
    expect(refusalOf(patched(patch))).toBe(`json6902Patches${want}`)
  })

  test('and an object that is not there', () => {
    expect(refusalOf(patched('[]', { ...target, name: 'wbe' }))).toBe(
      'json6902Patches[0]: there is no apps/v1 Deployment wbe; there is Deployment web',
    )
  })
})

const keys = fc.constantFrom('a', 'b', 'c/d', '~e')
const value = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>('x', '1', 'l\nm', true, 7),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
  ),
})).tree
const pointer = fc
  .array(fc.oneof(keys, fc.constantFrom('0', '1', '-')), { minLength: 1, maxLength: 3 })
  .map((path) =>
    ['', 'spec', ...path.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/'),
  )
const operation: fc.Arbitrary<Json> = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace', 'test'), path: pointer, value }),
  fc.record({ op: fc.constant('remove'), path: pointer }),
  fc.record({ op: fc.constantFrom('move', 'copy'), path: pointer, from: pointer }),
)

// kubectl also replaces what is not there, which RFC 6902 forbids: it may allow more than we do, never less.
test.skipIf(kubectl === null)(
  'kubectl patch says the same of what is not refused',
  { timeout: 120_000 },
  () => {
    const folder = tempFolder()
    const given = fc.record({
      spec: fc.dictionary(keys, value, { maxKeys: 4 }),
      patch: fc.array(operation, { minLength: 1, maxLength: 2 }),
      write: fc.constantFrom(...styles),
    })
    fc.assert(
      fc.property(given, ({ spec, patch, write }) => {
        const head = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
        const object: Json = { ...head, spec }
        const theirs = patchedByKubectl({ folder, type: 'json', object, patch })
        const ours = json6902(
          [objectOf(write(object))],
          [{ patch: JSON.stringify(patch), target: { kind: 'ConfigMap', name: 'a' } }],
        )
        if (!isRefusal(ours)) expect(readAs('1.2', textsOf(ours)[0] ?? '')).toEqual(theirs)
      }),
      { numRuns: 40 },
    )
  },
)
