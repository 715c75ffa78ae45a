import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { filledValues, valuesText } from '../../../src/manifest/chart/values.ts'
import { parseYaml } from '../../../src/manifest/parse-yaml.ts'
import { refusalOf } from '../support.ts'

/** The values of a manifest that is written in YAML. */
function valuesIn(source: string) {
  const documents = parseYaml(source)
  const [document] = Array.isArray(documents) ? documents : []
  if (!document) throw new Error(refusalOf(documents))
  const value = document.value instanceof Map ? document.value.get('values') : undefined
  return valuesText(value, { source, document })
}

describe('values stay as they are written', () => {
  test.each([
    {
      name: 'a block, with what YAML 1.1 and 1.2 read differently',
      source: 'app: web\nvalues:\n  on: yes # why\n  mode: 0644\n\n  list:\n  - 1.10\nenv: x\n',
      want: 'on: yes # why\nmode: 0644\n\nlist:\n- 1.10\n',
    },
    {
      name: 'a flow',
      source: 'values: { a: 1,\n  b: "x\n    y" }\n',
      want: '{ a: 1,\nb: "x\ny" }\n',
    },
    {
      name: 'blocks of text',
      source:
        'values:\n    text: |\n        one\n\n          two\n    fold: >-\n      a\n      b\n',
      want: 'text: |\n    one\n\n      two\nfold: >-\n  a\n  b\n',
    },
    {
      name: 'an anchor of their own',
      source: 'values:\n  a: &x [1]\n  b: *x\n',
      want: 'a: &x [1]\nb: *x\n',
    },
    { name: 'none', source: 'app: web\n', want: '' },
    { name: 'nothing', source: 'values:\n', want: '' },
  ])('$name', ({ source, want }) => expect(valuesIn(source)).toBe(want))

  test('those of an artifact are JSON, which is YAML', () => {
    expect(valuesText({ a: '1.10', b: [1, null] }, null)).toBe('{"a":"1.10","b":[1,null]}\n')
    expect(valuesText('', null)).toBe('')
  })

  test.each([
    { source: 'x: &x 1\nvalues: { a: *x }\n', want: 'uses no anchor' },
    { source: 'values: [1]\n', want: 'must be a mapping' },
    { source: 'values: text\n', want: 'must be a mapping' },
  ])('$source is refused', ({ source, want }) =>
    expect(refusalOf(valuesIn(source))).toContain(want),
  )
})

describe('A13: variables go in as values', () => {
  test.each([
    '12e4567',
    '1.10',
    'yes',
    '0x1F',
    '!!binary x',
    '&a',
    '*a',
    'a: b',
    "it's",
    '"',
    '{{ .x }}',
    'x\n  evil: true',
    '# no',
    '\u2028',
    '---',
  ])('%j stays that text', (text) => {
    const filled = filledValues(
      'a:\n  tag: "{{ .tag }}" # kept\n  b: yes\n',
      new Map([['tag', text]]),
    )
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(String(filled), { version })).toMatchObject({ a: { tag: text } })
    expect(filled).toContain('# kept\n  b: yes\n')
  })

  test('int makes a number, and what is wrong is told with its place', () => {
    expect(filledValues('n: "{{ .n | int }}"\n', new Map([['n', '3']]))).toBe('n: 3\n')
    expect(refusalOf(filledValues('a: 1\nn: "{{ .m }}"\n', new Map()))).toBe(
      'values: line 2, column 4: {{ .m }}: unknown variable m',
    )
    expect(filledValues('', new Map())).toBe('')
  })
})
