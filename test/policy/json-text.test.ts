import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonDepthMax, lineOf, parseJson } from '../../src/policy/json-text.ts'

const problemOf = (text: string): string => {
  const parsed = parseJson(text)
  return parsed.kind === 'broken' ? parsed.message : 'none'
}

test.each([
  { name: 'a trailing comma', text: '{\n  "a": 1,\n}', want: 'line 3, column 1: a key' },
  {
    name: 'a comma too few',
    text: '{ "a": 1\n  "b": 2 }',
    want: 'line 2, column 3: an object goes on',
  },
  {
    name: 'an unquoted word',
    text: '{ "on": artifact }',
    want: 'line 1, column 9: "a" is no value',
  },
  { name: 'an early end', text: '{ "a": [1, ', want: 'line 1, column 12: the file ends too early' },
  { name: 'an empty file', text: '', want: 'line 1, column 1: the file ends too early' },
  { name: 'something after the end', text: '{}\n{}', want: 'line 2, column 1: nothing may follow' },
  { name: 'a comment', text: '// gate\n{}', want: 'line 1, column 1: "/" is no value' },
  { name: 'a line break in a text', text: '{ "a": "x\ny" }', want: 'line 1, column 8: the text' },
  { name: 'a missing colon', text: '{ "a" 1 }', want: 'line 1, column 7: a key is followed by :' },
  {
    name: 'a key that stands twice',
    text: '{ "require": false,\n  "require": true }',
    want: 'line 2, column 3: the key "require" stands twice',
  },
  {
    name: 'a key that stands twice behind an escape',
    text: '{ "a": 1, "\\u0061": 2 }',
    want: 'stands twice',
  },
  {
    name: 'a file that nests too deep',
    text: '['.repeat(jsonDepthMax + 1),
    want: `nests deeper than ${jsonDepthMax}`,
  },
  { name: 'a bomb of brackets', text: '[{"a":'.repeat(100_000), want: 'nests deeper' },
])('$name is found at its place', ({ text, want }) => {
  expect(problemOf(text)).toContain(want)
})

test('what can be read is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 1, 2), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(parseJson(JSON.stringify(value, null, indent))).toEqual({ kind: 'value', value })
    }),
  )
})

test('what JSON.parse refuses is refused with a place', () => {
  const almost = fc
    .tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom('', ',', '"', '}', ']', '\\', '0', ' x'),
    )
    .map(
      ([text, at, more]) =>
        text.slice(0, at % (text.length + 1)) + more + text.slice((at % (text.length + 1)) + 1),
    )
  fc.assert(
    fc.property(fc.oneof(almost, fc.string()), (text) => {
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      const problem = problemOf(text)
      if (!isJson) expect(problem).toMatch(/^line \d+, column \d+: /)
      else if (problem !== 'none') expect(problem).toContain('stands twice')
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  { name: 'a key', pointer: '/require/==', want: 3 },
  { name: 'an element', pointer: '/require/==/1', want: 5 },
  { name: 'what is missing: what it is missing in', pointer: '/require/and/0', want: 2 },
  { name: 'the whole file', pointer: '', want: 1 },
])('the line of $name is found', ({ pointer, want }) => {
  const text = '{ "kind": "gate",\n  "require": {\n    "==": [\n      "a",\n      "b"] } }'
  expect(lineOf(text, pointer)).toBe(want)
})

test('the line of what is broken is where it is broken', () => {
  expect(lineOf('{\n  "a": 1,\n}', '/a')).toBe(3)
  expect(lineOf('{}\n{}', '')).toBe(2)
})

test('the line of anything is that of its text', () => {
  const mark = '"the one that is looked for"'
  const tree = fc.letrec<{ tree: unknown; node: unknown }>((tie) => ({
    tree: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string(), tie('node')),
    node: fc.oneof(
      fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      fc.dictionary(fc.string(), tie('tree'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    ),
  })).node
  fc.assert(
    fc.property(tree, fc.array(fc.nat(), { maxLength: 6 }), (value, choices) => {
      const root = { root: structuredClone(value) }
      let [at, key]: [Record<string, unknown>, string] = [root, 'root']
      let pointer = '/root'
      for (const choice of choices) {
        const next = at[key]
        if (typeof next !== 'object' || next === null) break
        const keys = Object.keys(next)
        at = next as Record<string, unknown>
        key = keys[choice % keys.length] ?? ''
        pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      }
      Object.defineProperty(at, key, { value: JSON.parse(mark), enumerable: true })
      const text = JSON.stringify(root, null, 2)
      expect(text.split('\n')[lineOf(text, pointer) - 1]).toContain(mark)
    }),
    { numRuns: 1_000 },
  )
})
