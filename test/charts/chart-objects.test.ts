import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartObjects } from '../../src/manifest/chart/chart-objects.ts'
import { refusalOf } from '../manifest/support.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  chartRepository,
  filesBelow,
  fixture,
  helmProgram,
  helmWith,
  madeOf,
  someonesHelm,
} from './support.ts'

const chart = { repository: '', name: './charts/web', version: '' }
const manifest = {
  app: 'shop',
  namespace: 'default',
  chart,
  values: 'image:\n  tag: "{{ .image.tag }}"\n',
  render: 'helm' as const,
}
const files = new Map(
  [...filesBelow(join(fixture, 'chart'))].map(([path, text]) => [`charts/web/${path}`, text]),
)
const head = 'apiVersion: v2\nname: web\nversion: 1.2.3\n'
const variables = new Map([['image.tag', '12e4567']])
const noRenderer = () => Promise.reject(new Error('helm was asked'))

describe.skipIf(!helmProgram)('a manifest with a chart becomes objects', () => {
  test('of a folder below MANIFESTS, and a value stays the text that it is', async () => {
    const { template: renderer } = await helmWith()
    const made = madeOf(await chartObjects(manifest, variables, { renderer, files }))
    const texts = made.objects.map(({ text }) => parse(text))
    const deployment = texts.find(({ kind }) => kind === 'Deployment')
    expect(deployment.metadata).toMatchObject({ name: 'shop', namespace: 'default' })
    expect(deployment.spec.template.spec.containers[0].image).toBe(
      'registry.example.com/acme/web:12e4567',
    )
    expect(made.warnings).toEqual([])
  })

  test('A13: whatever a variable holds, the chart gets that text', async () => {
    const odd = [
      '12e4567',
      '1.10',
      '0x1F',
      '0644',
      'yes',
      'null',
      '~',
      '',
      ' ',
      'a: b',
      '- a',
      '&a',
      '*a',
      '!!js x',
      '{{ .x }}',
      '"',
      "'",
      '# a',
      'a\n  b: c\n',
      '---',
      '\u2028',
      '\ufeff',
      '\u0000',
      '\u0085',
      '2024-01-01',
      '1_000',
      '<<',
      '=',
      '1:30',
    ]
    const texts = [...odd, ...fc.sample(fc.string({ unit: 'binary' }), 200)]
    const names = texts.map((_, at) => `v${at}`)
    const values = names.map((name) => `- "{{ .${name} }}"\n`).join('')
    const told =
      'apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: {{ toJson .Values.list | quote }}\n'
    const { template: renderer } = await helmWith()
    const made = madeOf(
      await chartObjects(
        { ...manifest, values: `list:\n${values}` },
        new Map(names.map((name, at) => [name, texts[at] ?? ''])),
        {
          renderer,
          files: new Map([
            ['charts/web/Chart.yaml', head],
            ['charts/web/templates/a.yaml', told],
          ]),
        },
      ),
    )
    expect(JSON.parse(parse(made.objects[0]?.text ?? '').x)).toEqual(texts)
  })

  test('of the chart that helm makes for those who begin', async () => {
    const folder = tempFolder()
    someonesHelm(folder, 'create', 'stock')
    const stock = [...filesBelow(join(folder, 'stock'))].map(
      ([path, text]) => [`stock/${path}`, text] as const,
    )
    const { template: renderer } = await helmWith()
    const given = { ...manifest, chart: { ...chart, name: 'stock' }, values: 'replicaCount: 3\n' }
    const { objects } = madeOf(
      await chartObjects(given, variables, { renderer, files: new Map(stock) }),
    )
    expect(objects.map(({ place }) => place)).toEqual([
      'chart: templates/deployment.yaml',
      'chart: templates/service.yaml',
      'chart: templates/serviceaccount.yaml',
    ])
    expect(parse(objects[0]?.text ?? '').spec.replicas).toBe(3)
  })

  test('of a repository: the same objects', async () => {
    const { url } = await chartRepository()
    const { template: renderer } = await helmWith({ repositories: [{ url }] })
    const remote = { ...manifest, chart: { repository: url, name: 'web', version: '1.2.3' } }
    const [one, other] = await Promise.all([
      chartObjects(remote, variables, { renderer, files: null }),
      chartObjects(manifest, variables, { renderer, files }),
    ])
    expect(madeOf(one).objects).toEqual(madeOf(other).objects)
  })

  test('with a warning when it is never the same twice', async () => {
    const { template: renderer } = await helmWith()
    const random =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: {{ randAlphaNum 9 }}}\n'
    const given = new Map([...files, ['charts/web/templates/a.yaml', random]])
    const made = madeOf(await chartObjects(manifest, variables, { renderer, files: given }))
    expect(made.warnings.join()).toContain('every release changes it')
  })
})

test('with render: helmrelease, helm is not asked', async () => {
  const { chart: own, ...rest } = manifest
  const given = {
    ...rest,
    render: 'helmrelease' as const,
    chart: { ...own, name: 'oci://ghcr.io/acme/web', version: '1.2.3' },
  }
  const made = madeOf(await chartObjects(given, variables, { renderer: noRenderer, files: null }))
  expect(made.objects.map(({ place }) => place)).toEqual([
    'chart: OCIRepository',
    'chart: HelmRelease',
  ])
  expect(made.objects[1]?.text).toContain('  values:\n    image:\n      tag: "12e4567"\n')
})

test.each([
  {
    name: 'a folder of an artifact’s own',
    given: {},
    files: null,
    want: 'an artifact brings none',
  },
  {
    name: 'an unknown variable',
    given: { values: 'a: "{{ .b }}"\n' },
    files,
    want: 'values: line 1, column 4: {{ .b }}: unknown variable b',
  },
  {
    name: 'a folder that is none',
    given: { chart: { ...chart, name: 'charts/x' } },
    files,
    want: 'charts/x has no Chart.yaml',
  },
])('$name is refused before helm is asked', async ({ given, files, want }) => {
  const ports = { renderer: noRenderer, files }
  expect(refusalOf(await chartObjects({ ...manifest, ...given }, variables, ports))).toContain(want)
})
