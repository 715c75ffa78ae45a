import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { isRefusal } from '../../src/domain/fault.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { render } from '../../src/manifest/render.ts'
import { variablesOf } from '../../src/manifest/variables.ts'
import { cpuMsOf } from '../support/cpu-time.ts'
import { artifactWith, bombs, filesOf, manifestWith, refusalOf } from './support.ts'

const variables = (given: Record<string, string>) => new Map(Object.entries(given))
const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n'
const renderOne = (manifests: string, given: Record<string, string> = {}): string =>
  filesOf(render(manifestWith(manifests), variables(given)))['configmap-web.yaml'] ?? ''

describe('the main job', () => {
  test('the acceptance manifest gets the image of the design draft’s artifact', () => {
    const sha = '017d995e32e3d1998395d971b969bcf682d20851'
    const text = `app: example-service
env: production
namespace: default
manifests: |
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: example-service
    namespace: default
  spec:
    replicas: 1
    selector: { matchLabels: { app: example-service } }
    template:
      metadata: { labels: { app: example-service } }
      spec:
        containers:
          - name: app
            image: "{{ .repository }}:{{ .tag }}"
`
    const { manifests } = loadManifests({ version: '1', files: new Map([['a.yaml', text]]) })
    const artifact = artifactWith({
      version: { sha },
      items: [
        { name: 'ci', jobUrl: 'https://jenkins.example.com/job/dev/84/display/redirect' },
        { name: 'image', repository: 'quay.io/example.com/example', tag: sha },
      ],
    })
    const [manifest = manifestWith('')] = manifests
    const target = { ...manifest, actor: 'policy:master-to-production' }
    const files = filesOf(render(manifest, variablesOf(artifact, target)))
    expect(Object.keys(files)).toEqual(['deployment-example-service.yaml'])
    expect(files['deployment-example-service.yaml']).toContain(
      `            image: "quay.io/example.com/example:${sha}"\n`.slice(2),
    )
  })
})

describe('values go in as values', () => {
  test.each([
    { name: 'a plain scalar', given: 'a: v-{{ .x }}', want: 'a: "v-1"' },
    { name: 'single quotes', given: "a: '{{ .x }}'", want: 'a: "1"' },
    { name: 'double quotes', given: 'a: "{{ .x }}" # why', want: 'a: "1" # why' },
    { name: 'escapes', given: 'a: "\\t{{ .x }}"', want: 'a: "\\t1"' },
    { name: 'a list', given: 'a: [b, "{{ .x }}", c]', want: 'a: [b, "1", c]' },
    { name: 'an anchor', given: 'a: &x "{{ .x }}"\nb: *x', want: 'a: &x "1"\nb: *x' },
    {
      name: 'a literal',
      given: 'a: | # why\n    b\n    {{ .x }}\n\nc: d',
      want: 'a: | # why\n    b\n    1\n\nc: d',
    },
    { name: 'a stripped literal', given: 'a: |-\n  {{ .x }}', want: 'a: |-\n  1' },
    {
      name: 'a literal with blank lines',
      given: 'a: |\n  {{ .x }}\n\n    b\n',
      want: 'a: |\n  1\n\n    b',
    },
    { name: 'a kept literal', given: 'a: |+\n  {{ .x }}\n\nb: c', want: 'a: "1\\n\\n"\nb: c' },
    { name: 'an indented literal', given: 'a: |2\n   {{ .x }}\nb: c', want: 'a: " 1\\n"\nb: c' },
    { name: 'folded text', given: 'a: >-\n  b\n  {{ .x }}\nc: d', want: 'a: "b 1"\nc: d' },
    { name: 'text over lines', given: 'a: b\n  {{ .x }}\nc: d', want: 'a: "b 1"\nc: d' },
    { name: 'int', given: 'a: "{{ .x | int }}"', want: 'a: 1' },
    { name: 'bool', given: "a: '{{ `true` | bool }}'", want: 'a: true' },
    {
      name: 'int in a literal',
      given: 'a: |- # n\n  {{ .x | int }}\nb: c',
      want: 'a: 1 # n\nb: c',
    },
    { name: 'a comment', given: '# {{ .x }}\na: "{{ .x }}"', want: '# {{ .x }}\na: "1"' },
    { name: 'literal braces', given: 'a: \'{{ "{{" }} .x }}\'', want: 'a: "{{ .x }}"' },
  ])('in $name', ({ given, want }) => {
    expect(renderOne(`${head}${given}\n`, { x: '1' })).toBe(`${head}${want}\n`)
  })

  test.each([
    { name: 'nothing', value: '' },
    { name: 'a line break', value: 'b\nc' },
    { name: 'an indented line', value: '  b' },
    { name: 'a carriage return', value: 'b\r' },
    { name: 'a line separator', value: 'b\u2028c' },
  ])('a literal with $name is written in quotes where it would not be the same', ({ value }) => {
    const text = renderOne(`${head}a: |\n  {{ .x }}\nb: c\n`, { x: value })
    expect(parseAllDocuments(text)[0]?.toJS()).toMatchObject({ a: `${value}\n`, b: 'c' })
  })

  test('everything else stays byte for byte', () => {
    const odd = `${head}mode: 0644\nexp: 12e4567\nfold: >\n  a\n\n  b\n\nflow: {a: 1,   b: [ 2,3 ]} # x\nlong: ${'word '.repeat(40)}end\n\n\n# tail`
    expect(renderOne(`${odd}\nz: "{{ .x }}"\n`, { x: '1' })).toBe(`${odd}\nz: "1"\n`)
    const crlf = `${odd}\nl: |\n  a\n  {{ .x }}\nz: "{{ .x }}"\n`.replaceAll('\n', '\r\n')
    expect(renderOne(crlf, { x: '1' })).toBe(
      `${odd}\nl: |\n  a\n  1\nz: "1"\n`.replaceAll('\n', '\r\n'),
    )
  })

  // Every way to write a scalar, with the text that it has around the value.
  const places: readonly { name: string; yaml: string; around: (value: string) => unknown }[] = [
    { name: 'plain', yaml: 'at: p{{ .x }}', around: (value) => `p${value}` },
    { name: 'single', yaml: "at: '{{ .x }}'", around: (value) => value },
    { name: 'double', yaml: 'at: "{{ .x }}"', around: (value) => value },
    { name: 'literal', yaml: 'at: |\n    {{ .x }}', around: (value) => `${value}\n` },
    { name: 'inner', yaml: 'at: |-\n    a\n    b{{ .x }}c', around: (value) => `a\nb${value}c` },
    { name: 'kept', yaml: 'at: |+\n    a{{ .x }}', around: (value) => `a${value}\n` },
    { name: 'folded', yaml: 'at: >\n    {{ .x }}', around: (value) => `${value}\n` },
    { name: 'flow', yaml: 'at: [a, "{{ .x }}"]', around: (value) => ['a', value] },
    { name: 'listed', yaml: 'at:\n    - "{{ .x }}"', around: (value) => [value] },
  ]
  const pieces = [
    '\n',
    '\r\n',
    '\r',
    ': ',
    '{{',
    '}}',
    '"',
    "'",
    '&a',
    '*a',
    '!!js',
    '- ',
    '---\n',
    '...',
    '#',
    ' #',
    '12e4567',
    '1.10',
    '0x1F',
    '0o17',
    'yes',
    'null',
    '~',
    '=',
    '<<',
    '2024-01-01',
    '1:30',
    '1_000',
    '\u2028',
    '\u2029',
    '\u0085',
    '\ufeff',
    '\u007f',
    '\u0001',
    '\t',
    ' ',
    '|',
    '>',
    '%',
    '@',
    '`',
    '{',
    '}',
    '[',
    ']',
    ',',
    '\\',
    '\\n',
    '$&',
    'é',
    '😀',
    '\uffff',
    'kind: Secret',
  ]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/
  const hostile = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((some) => some.join('')),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }).filter((text) => !/[\p{Surrogate}\0]/u.test(text)),
  )
  const parsed = (text: string, version: '1.1' | '1.2') => {
    const documents = parseAllDocuments(text, { version })
    expect(documents).toHaveLength(1)
    expect(documents[0]?.errors).toEqual([])
    return documents[0]?.toJS() as { [key: string]: unknown }
  }

  test.each(places)(
    'a hostile value in a $name scalar is the same text in YAML 1.1 and 1.2',
    ({ yaml, around }) => {
      const source = `${head}data:\n  before: 0644 # c\n  ${yaml}\n  after: {a: 1,  b: "x"}\n# end\n`
      const [start, end] = [source.indexOf('at:'), source.length - source.indexOf('  after')]
      fc.assert(
        fc.property(hostile, (value) => {
          const text = renderOne(source, { x: value })
          for (const version of ['1.1', '1.2'] as const) {
            const plain = parsed(source, version)
            const data = { ...(plain.data as object), at: around(value) }
            expect(parsed(text, version)).toEqual({ ...plain, data })
          }
          // What YAML 1.1 ends a line at, or refuses, never stands there as it is.
          expect(text).not.toMatch(unprintable)
          expect(text.slice(0, start)).toBe(source.slice(0, start))
          expect(text.slice(-end)).toBe(source.slice(-end))
        }),
        { numRuns: 400 },
      )
    },
  )

  test('a hostile value in a patch is the same text in YAML 1.1 and 1.2, and changes nothing else', () => {
    const manifest = manifestWith(`${head}data:\n  kept: 0644 # c\n`, {
      strategicMergePatches: `${head}data:\n  merged: "{{ .x }}"\n`,
      json6902Patches: [
        {
          target: { kind: 'ConfigMap', name: 'web' },
          patch: '- { op: add, path: /data/added, value: "{{ .x }}" }',
        },
      ],
    })
    fc.assert(
      fc.property(hostile, (value) => {
        const text = filesOf(render(manifest, variables({ x: value })))['configmap-web.yaml'] ?? ''
        expect(text).toContain('kept: 0644 # c')
        for (const version of ['1.1', '1.2'] as const) {
          const kept = version === '1.1' ? 0o644 : 644
          expect(parsed(text, version).data).toEqual({ kept, merged: value, added: value })
        }
        expect(text).not.toMatch(unprintable)
      }),
      { numRuns: 400 },
    )
  })

  test('a hostile value adds no document and no key', () => {
    const source = `${head}a: "{{ .x }}"\n---\n${head.replace('web', 'api')}l: ["{{ .x }}"]\n`
    fc.assert(
      fc.property(hostile, (x) => {
        const files = filesOf(render(manifestWith(source), variables({ x })))
        expect(Object.keys(files)).toEqual(['configmap-api.yaml', 'configmap-web.yaml'])
        for (const text of Object.values(files))
          expect(Object.keys(parsed(text, '1.2'))).toHaveLength(4)
      }),
    )
  })
})

describe('files', () => {
  const object = (kind: string, name: string, namespace?: string) =>
    `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: "${name}"\n${namespace ? `  namespace: ${namespace}\n` : ''}`

  test('one object is one file, without marks between documents, sorted by name', () => {
    const files = filesOf(
      render(
        manifestWith(
          `\ufeff# top\n---\n# web\n${object('Service', 'web')}# tail\n\n\n--- # api\n${object('ConfigMap', 'api')}...\n# none\n---\n\n---\n# also none\n---\n${object('ClusterRole', 'system:web_A')}`,
        ),
        new Map(),
      ),
    )
    expect(Object.entries(files)).toEqual([
      ['clusterrole-system-web-a.yaml', object('ClusterRole', 'system:web_A')],
      ['configmap-api.yaml', `# api\n${object('ConfigMap', 'api')}`],
      ['service-web.yaml', `# top\n# web\n${object('Service', 'web')}# tail\n`],
    ])
  })

  test('names that would be the same get the namespace, in whatever order the objects stand', () => {
    const texts = [object('Role', 'web', 'a'), object('Role', 'web', 'b'), object('Role', 'api')]
    const names = (some: readonly string[]) =>
      Object.keys(filesOf(render(manifestWith(some.join('---\n')), new Map())))
    expect(names(texts)).toEqual(['role-api.yaml', 'role-web-a.yaml', 'role-web-b.yaml'])
    expect(names(texts.toReversed())).toEqual(names(texts))
  })

  test('no object can be written to release.json or out of its folder', () => {
    const name = fc.oneof(
      fc.constantFrom('../../x', 'release.json', '.git/config', '.', '..', '\u202e', 'A/B', 'CON'),
      fc.string({ unit: 'grapheme', minLength: 1 }),
    )
    fc.assert(
      fc.property(name, name, (x, kind) => {
        const source = 'apiVersion: v1\nkind: "{{ .kind }}"\nmetadata:\n  name: "{{ .x }}"\n'
        const files = render(manifestWith(source), variables({ x, kind }))
        if (isRefusal(files)) return
        for (const path of files.keys()) expect(path).toMatch(/^[a-z0-9.-]+-[a-z0-9.-]+\.yaml$/)
      }),
    )
  })

  test.each([
    { name: 'nothing', manifests: '# none\n---\n', want: 'hold no Kubernetes object' },
    {
      name: 'a list',
      manifests: `${head}---\n- a\n`,
      want: 'line 6, column 1: document 2: must be a',
    },
    { name: 'no apiVersion', manifests: 'kind: A\n', want: 'document 1: apiVersion is missing' },
    { name: 'no kind', manifests: 'apiVersion: v1\n', want: 'document 1: kind is missing' },
    {
      name: 'no name',
      manifests: `${head}---\napiVersion: v1\nkind: A\n`,
      want: 'line 6, column 1: document 2: metadata.name is missing',
    },
    {
      name: 'a number as name',
      manifests: 'apiVersion: v1\nkind: A\nmetadata: { name: 1 }',
      want: 'metadata.name is missing; it must be text',
    },
    {
      name: 'an empty name',
      manifests: object('A', '{{ .empty }}'),
      want: 'metadata.name is missing',
    },
    {
      name: 'a List',
      manifests: 'apiVersion: v1\nkind: List\nitems: []',
      want: 'write its objects as documents of their own',
    },
    {
      name: 'the same object twice',
      manifests: `${head}---\n${head}  namespace: default\n`,
      want: 'document 2: ConfigMap default/web stands in manifests: line 1, column 1: document 1, too',
    },
    {
      name: 'one file name for two objects',
      manifests: `${object('A', 'a:b')}---\n${object('A', 'a-b')}`,
      want: 'document 2: would be written to a-a-b-default-core.yaml, as what stands in',
    },
    {
      name: 'a long name',
      manifests: object('A', 'a'.repeat(250)),
      want: 'file name of more than 250',
    },
    {
      name: 'many objects',
      manifests: Array.from({ length: 501 }, (_, at) => object('A', `a${at}`)).join('---\n'),
      want: 'hold more than 500 objects',
    },
    {
      name: 'many expressions',
      manifests: `${head}a: '${'{{ .x }}'.repeat(1001)}'`,
      want: 'hold more than 1000 expressions',
    },
    {
      name: 'much text',
      manifests: `${head}a: ['{{ .big }}'${", '{{ .big }}'".repeat(20)}]`,
      want: 'become more than 1048576 characters',
    },
    {
      name: 'a variable in a key',
      manifests: `${head}"{{ .x }}": 1`,
      want: 'a key cannot have variables',
    },
    {
      name: 'a variable as a key',
      manifests: `${head}{{ .x }}: 1`,
      want: 'a key cannot have variables',
    },
    {
      name: 'a variable without quotes',
      manifests: `${head}a: {{ .x }}:{{ .y }}`,
      want: 'put quotes around it: "{{ .x }}:{{ .y }}"',
    },
    {
      name: 'a default without quotes',
      manifests: `${head}a:\n- {{ .x | default "y" }}`,
      want: `put quotes around it: '{{ .x | default "y" }}'`,
    },
    {
      name: 'an unknown variable',
      manifests: `${head}a: "{{ .emty }}"`,
      want: 'web/production.yaml: manifests: line 5, column 4: {{ .emty }}: unknown variable emty; did you mean empty?',
    },
    {
      name: 'a text that a file’s end would change',
      manifests: `${head}a: |+\n  b\n\n\n`,
      want: 'line 1, column 1: document 1 would not read back as it was meant; write a |+',
    },
    { name: 'a tag', manifests: `${head}a: !!int "{{ .x }}"`, want: 'is a tag in YAML' },
  ])('$name is refused', ({ manifests, want }) => {
    const given = variables({ x: '1', empty: '', big: 'x'.repeat(60_000) })
    const message = refusalOf(render(manifestWith(manifests), given))
    expect(message).toMatch(/^web\/production\.yaml: manifests: /)
    expect(message).toContain(want)
  })

  test.each(bombs)('$name is refused, in bounded time', ({ text }) => {
    const cpuMs = cpuMsOf(() => {
      refusalOf(render(manifestWith(text), variables({ x: 'x'.repeat(60_000) })))
    })
    expect(cpuMs).toBeLessThan(8000)
  })

  test('the same manifest and values make the same files', () => {
    const source = `${head}a: "{{ .x }}"\n---\n${object('Service', 'web')}`
    const once = () => JSON.stringify(filesOf(render(manifestWith(source), variables({ x: '1' }))))
    expect(once()).toBe(once())
  })

  test('a manifest that was parsed before is filled with the values of now', () => {
    const source = `${head}a: "{{ .x }}"\n`
    const filledWith = (x: string) =>
      Object.values(filesOf(render(manifestWith(source), variables({ x }))))
    const expected = (x: string) => [`${head}a: "${x}"\n`]
    expect(['1', '2', '1'].map(filledWith)).toEqual(['1', '2', '1'].map(expected))
    // More text than is kept, so that the first is parsed anew.
    for (const letter of 'abcdef')
      filesOf(
        render(manifestWith(`# ${letter.repeat(1_000_000)}\n${source}`), variables({ x: '3' })),
      )
    expect(filledWith('4')).toEqual(expected('4'))
  })

  test('no text makes it throw', () => {
    const bits = [
      head,
      'a: ',
      '"{{ .x }}"',
      '{{ .x }}',
      "'",
      '|\n  ',
      '>+\n',
      '\n',
      '  ',
      '- ',
      '---\n',
      '...\n',
      '&a ',
      '*a',
      '? ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '#',
      '\t',
      '\r\n',
      '\ufeff',
      '<<: ',
      '{{ .n | int }}',
    ]
    const yaml = fc.array(fc.constantFrom(...bits)).map((some) => some.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          yaml,
          yaml.map((text) => head + text),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          render(manifestWith(text), variables({ x: 'a\nb: c', n: '1' }))
        },
      ),
      { numRuns: 3000 },
    )
  })
})
