import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { json6902 } from '../../../src/manifest/patch/json6902.ts'
import { objectOf, readAs, textsOf } from './patch-support.ts'

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'
const target = { kind: 'ConfigMap', name: 'a' }

/** Ways to write a value that a careless printer turns into another, or into other text. */
const odd = [
  '0644',
  '12e4567',
  '1.10',
  '0x1F',
  '1_000',
  '190:20:30',
  'yes',
  '~',
  "'it''s'",
  '"a\\tb"',
  '{ a: 1,   b: [ 2,3 ] }',
  `${'word '.repeat(40)}end`,
  '>-\n    folded\n    text\n\n    more',
  '|+\n    kept\n',
  '|2\n     deeper',
  '[ on, off ] # why',
  'plain\n    over lines',
  '\n    # above\n    inner: 0b1 # behind',
  '\n  - 0o7\n\n  # between\n  - no',
  '2001-12-14',
]
const entries = fc.uniqueArray(
  fc.tuple(fc.constantFrom('k', 'l', 'm', 'p'), fc.constantFrom(...odd)),
  {
    minLength: 1,
    selector: ([key]) => key,
  },
)
const written = (list: readonly (readonly [string, string])[]): string =>
  list.map(([key, text]) => `  # of ${key}\n  ${key}: ${text.trimEnd()}\n`).join('')

describe('beside a change, values keep their writing', () => {
  test('when another is replaced', () => {
    fc.assert(
      fc.property(entries, entries, (before, after) => {
        const text = (value: string) =>
          `${head}data:\n${written(before)}  x: ${value} # x\nmore:\n${written(after)}`
        const patch = '[{ "op": "replace", "path": "/data/x", "value": 2 }]'
        const patched = json6902([objectOf(text('1'))], [{ patch, target }])
        expect(textsOf(patched)).toEqual([text('2')])
      }),
      { numRuns: 300 },
    )
  })

  test.each(['1.1', '1.2'] as const)(
    'when others go and come, to a reader of YAML %s',
    (version) => {
      fc.assert(
        fc.property(entries, fc.nat(), (list, at) => {
          const gone = list[at % list.length]?.[0] ?? ''
          const text = `${head}data:\n${written(list)}`
          const patch = `[{op: add, path: /data/new, value: 0600}, {op: remove, path: /data/${gone}}]`
          const patched = json6902([objectOf(text)], [{ patch, target }])
          const value = readAs(version, text) as { data: Record<string, unknown> }
          const { [gone]: _, ...rest } = value.data
          const want = { ...value, data: { ...rest, new: version === '1.1' ? 0o600 : 600 } }
          expect(readAs(version, textsOf(patched)[0] ?? '')).toEqual(want)
        }),
        { numRuns: 300 },
      )
    },
  )
})
