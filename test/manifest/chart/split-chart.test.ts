import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/domain/fault.ts'
import { splitChart } from '../../../src/manifest/chart/split-chart.ts'
import { parseYaml } from '../../../src/manifest/parse-yaml.ts'
import { refusalOf } from '../support.ts'

const textsOf = (output: string) => {
  const objects = splitChart(output)
  return isRefusal(objects) ? objects : objects.map(({ place, text }) => ({ place, text }))
}

const document = (file: string, text: string) => `---\n# Source: web/${file}\n${text}\n`
const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}`

describe('helm’s output becomes one text an object', () => {
  test('in the order of the files, and within a file as it stands there', () => {
    const output = [
      document('templates/b.yaml', object('b1')),
      document('templates/a.yaml', `${object('a')}\n\n`),
      document('templates/b.yaml', `\n${object('b2')}`),
      document('charts/redis/templates/a.yaml', object('redis')),
    ].join('')
    expect(textsOf(output)).toEqual([
      { place: 'chart: charts/redis/templates/a.yaml', text: `${object('redis')}\n` },
      { place: 'chart: templates/a.yaml', text: `${object('a')}\n` },
      { place: 'chart: templates/b.yaml', text: `${object('b1')}\n` },
      { place: 'chart: templates/b.yaml', text: `${object('b2')}\n` },
    ])
  })

  test('without documents that hold nothing', () => {
    const output = `${document('a.yaml', '# only a comment')}---\n\n---\nnull\n`
    expect(textsOf(output)).toEqual([])
    expect(textsOf('')).toEqual([])
  })

  test('and --- in a text divides nothing', () => {
    const text = `${object('a')}\ndata:\n  x: |\n    ---\n    # Source: x/y.yaml`
    expect(textsOf(document('a.yaml', text))).toEqual([
      { place: 'chart: a.yaml', text: `${text}\n` },
    ])
  })

  test('the items of a List become objects as they are written', () => {
    const items =
      '  - apiVersion: v1 # one\n    kind: A\n    mode: 0644\n  - {kind: B,\n     x: yes}\n  -\n    kind: C'
    expect(textsOf(document('l.yaml', `apiVersion: v1\nkind: List\nitems:\n${items}`))).toEqual([
      { place: 'chart: l.yaml, item 1', text: 'apiVersion: v1 # one\nkind: A\nmode: 0644\n' },
      { place: 'chart: l.yaml, item 2', text: '{kind: B,\n x: yes}\n' },
      { place: 'chart: l.yaml, item 3', text: 'kind: C\n' },
    ])
    expect(textsOf(document('l.yaml', 'apiVersion: v1\nkind: List\nitems: []'))).toEqual([])
  })

  test.each([
    {
      name: 'an item that lives of another',
      text: 'apiVersion: v1\nkind: List\nitems: [&a {kind: A, b: &b [1]}, {kind: B, b: *b}]',
      want: 'chart: x.yaml: item 2 of kind List cannot stand alone',
    },
    { name: 'no YAML', text: 'a: [', want: 'chart: x.yaml: line 2, column 1: ' },
    { name: 'a tag', text: 'a: !!binary x', want: 'which is a tag in YAML' },
  ])('$name is refused with its file', ({ text, want }) =>
    expect(refusalOf(splitChart(document('x.yaml', text)))).toContain(want),
  )

  test('no text makes it throw, and what it answers is a document each', () => {
    const piece = fc.constantFrom(
      '---',
      '\n',
      '# Source: a/b\n',
      'kind: List\n',
      'apiVersion: v1\n',
      'items:\n',
      '- a: 1\n',
      '  - b: |\n',
      '      x\n',
      '...\n',
      '--- ',
      '\r\n',
      '\t',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const objects = splitChart(pieces.join(''))
        if (isRefusal(objects)) return
        for (const { text, value } of objects) {
          const documents = parseYaml(text)
          expect(documents).toHaveLength(1)
          expect(documents).toMatchObject([{ value }])
        }
      }),
    )
  })
})
