import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { manifestOf } from '../../src/manifest/manifest.ts'
import { loadManifests, manifestLoader } from '../../src/manifest/manifest-set.ts'
import { render } from '../../src/manifest/render.ts'
import { variablesOf } from '../../src/manifest/variables.ts'
import { cpuMsOf } from '../support/cpu-time.ts'
import { artifactWith, bombs, filesOf, manifestWith, refusalOf } from './support.ts'

const load = (files: Record<string, string>) =>
  loadManifests({ version: 'v1', files: new Map(Object.entries(files)) })

const whole = 'app: web\nenv: staging\nmanifests: |\n  kind: Service\n'

describe('loadManifests', () => {
  test('every document of every YAML file is a manifest', () => {
    const set = load({
      'b.yml': whole.replace('staging', 'production'),
      'a/a.yaml': `# two\n---\n${whole}---\n${whole.replace('web', 'api')}repository: owner/api\n---\n`,
      'README.md': 'not: [yaml',
    })
    expect(set.problems).toEqual([])
    expect(set.version).toBe('v1')
    expect(set.manifests).toEqual([
      manifestWith('kind: Service\n', { file: 'a/a.yaml', env: 'staging', validate: true }),
      expect.objectContaining({ app: 'api', repository: 'owner/api' }),
      expect.objectContaining({ file: 'b.yml', env: 'production' }),
    ])
  })

  test('keys of GimletD are kept out of the way', () => {
    const gimletd = `${whole}namespace: ''\ndeploy: { event: push, branch: "!main" }\npreview: false\nchart: { repository: '', name: '', version: '' }\nstrategicMergePatches: ''\n`
    expect(load({ 'a.yaml': gimletd })).toMatchObject({
      problems: [],
      manifests: [{ namespace: 'default' }],
    })
  })

  test.each([
    {
      name: 'broken YAML',
      text: 'app: [',
      app: null,
      message: 'a.yaml: line 1, column 7: Flow seq',
    },
    {
      name: 'a tag',
      text: `${whole}deploy:\n  branch: !main\n`,
      app: null,
      message:
        'a.yaml: line 6, column 11: starts with "!", which is a tag in YAML; put quotes around the value',
    },
    { name: 'a tag of YAML’s own', text: 'app: !!js/function x', app: null, message: 'is a tag' },
    { name: 'a directive', text: '%YAML 1.1\n---\napp: web', app: null, message: 'directives' },
    {
      name: 'a key that stands twice',
      text: 'app: a\napp: b',
      app: null,
      message: 'stands here twice',
    },
    { name: '__proto__', text: '__proto__: {}', app: null, message: 'is not allowed' },
    {
      name: 'a deep __proto__',
      text: 'a: [{ "__proto__": 1 }]',
      app: null,
      message: 'not allowed',
    },
    {
      name: 'a mapping as a key',
      text: '? { a: b }\n: c',
      app: null,
      message: 'keys must be strings',
    },
    {
      name: 'an alias in itself',
      text: 'app: &a [*a]',
      app: null,
      message: 'stands inside itself',
    },
    { name: 'an alias of nothing', text: 'app: *a', app: null, message: 'Unresolved alias' },
    { name: 'a list', text: '- app', app: null, message: 'must be a mapping with app, env' },
    {
      name: 'a bad app',
      text: whole.replace('web', 'Web'),
      app: null,
      message: 'app: must be a lower',
    },
    {
      name: 'a number as app',
      text: whole.replace('web', '12'),
      app: null,
      message: 'app: must be',
    },
    { name: 'no env', text: 'app: web\nmanifests: x', app: 'web', message: 'env: must be a lower' },
    {
      name: 'a bad namespace',
      text: `${whole}namespace: a/b`,
      app: 'web',
      message: 'namespace: must',
    },
    {
      name: 'a bad repository',
      text: `${whole}repository: ../x`,
      app: 'web',
      message: 'repository: must',
    },
    {
      name: 'no manifests',
      text: 'app: web\nenv: staging',
      app: 'web',
      message: 'manifests: must be',
    },
    {
      name: 'manifests that are no text',
      text: 'app: web\nenv: staging\nmanifests: { kind: x }',
      app: 'web',
      message: 'write "manifests: |" above them',
    },
    {
      name: 'empty manifests',
      text: 'app: web\nenv: staging\nmanifests: " "',
      app: 'web',
      message: 'a.yaml: manifests: must be Kubernetes objects as YAML text, if there is neither',
    },
    {
      name: 'a variable without quotes',
      text: 'app: web\nenv: staging\nmanifests: |\n  kind: Service\n  image: {{ .tag | quote }} # x\n',
      app: 'web',
      message: 'a.yaml: manifests: line 2, column 9: put quotes around it: "{{ .tag }}"',
    },
    {
      name: 'a chart of no version',
      text: `${whole}chart: { repository: https://charts.example.com, name: onechart }`,
      app: 'web',
      message: 'a.yaml: chart: write the one version that is meant',
    },
    {
      name: 'values without a chart',
      text: `${whole}values: { a: 1 }`,
      app: 'web',
      message: 'a.yaml: values: are those of a chart; add chart, or leave them out',
    },
    {
      name: 'a kustomization outside of the folder',
      text: `${whole}kustomize: ../x`,
      app: 'web',
      message: 'a.yaml: kustomize.path: must be a folder below MANIFESTS, such as web/production',
    },
    {
      name: 'a field of kustomize that is not known',
      text: `${whole}kustomize: { path: x, image: [] }`,
      app: 'web',
      message: 'a.yaml: kustomize: must be a folder, or a mapping of path and images',
    },
    {
      name: 'a patch that is no text',
      text: `${whole}json6902Patches: [{ patch: [], target: { kind: A, name: b } }]`,
      app: 'web',
      message: 'a.yaml: json6902Patches.0.patch: must be a list of operations as text',
    },
    {
      name: 'a patch for nothing',
      text: `${whole}json6902Patches: [{ patch: "[]", target: { kind: A } }]`,
      app: 'web',
      message: 'a.yaml: json6902Patches.0.target.name: must be text',
    },
    {
      name: 'patches that are broken YAML',
      text: `${whole}strategicMergePatches: "a: ["`,
      app: 'web',
      message: 'a.yaml: strategicMergePatches: line 1, column 5',
    },
  ])('$name is a problem that says where and what to do', ({ text, app, message }) => {
    const { manifests, problems } = load({ 'a.yaml': text })
    expect(manifests).toEqual([])
    expect(problems).toEqual([expect.objectContaining({ file: 'a.yaml', app })])
    expect(problems[0]?.message).toContain(message)
  })

  const ownName = whole.replace('Service', 'Service\n  metadata: { name: "{{ .APP }}" }')

  test.each([
    { preview: 'true', rule: { label: null, days: 14 } },
    { preview: '{ label: show it }', rule: { label: 'show it', days: 14 } },
    { preview: '{ days: 2 }', rule: { label: null, days: 2 } },
  ])('one with preview: $preview is for pull requests only', ({ preview, rule }) => {
    const set = load({ 'a.yaml': `${ownName}preview: ${preview}\n`, 'b.yaml': whole })
    expect(set).toMatchObject({ problems: [], previews: [{ file: 'a.yaml', preview: rule }] })
    expect(set.manifests).toMatchObject([{ file: 'b.yaml', preview: null }])
  })

  test.each([
    { preview: 'yes please', message: 'preview: must be true, or a mapping of label and days' },
    { preview: '{ lable: x }', message: 'preview: Unrecognized key: "lable"' },
    {
      preview: '{ days: 0 }',
      message: 'preview.days: must be a whole number of days from 1 to 365',
    },
  ])('one with preview: $preview is refused', ({ preview, message }) => {
    const { problems, previews } = load({ 'a.yaml': `${ownName}preview: ${preview}\n` })
    expect(previews).toEqual([])
    expect(problems).toMatchObject([{ app: 'web', message: `a.yaml: ${message}` }])
  })

  test('one whose previews would take an object from one another is refused', () => {
    const named = (name: string) => `${whole.replace('Service', `Service\n  metadata: { name: ${name} }`)}preview: true\n` // biome-ignore format: one line
    expect(load({ 'a.yaml': named('web') }).problems).toMatchObject([
      {
        message:
          'a.yaml: manifests: every preview would have the same Service web; write "{{ .APP }}" in its name',
      },
    ])
    expect(load({ 'a.yaml': named('"web-{{ .BRANCH | sanitizeDNSName }}"') }).problems).toEqual([])
  })

  test('two manifests for one app and environment are both left out, and both are named', () => {
    expect(load({ 'a.yaml': whole, 'b.yaml': whole })).toEqual({
      version: 'v1',
      manifests: [],
      previews: [],
      templated: [],
      problems: [
        {
          file: 'a.yaml',
          app: 'web',
          env: 'staging',
          message:
            'a.yaml: app web has more than one manifest for env staging, in a.yaml and b.yaml; keep one',
        },
      ],
    })
  })

  test('one bad file takes nothing away from the others', () => {
    const { manifests, problems } = load({ 'a.yaml': whole, 'b.yaml': 'x: [' })
    expect(manifests).toHaveLength(1)
    expect(problems).toMatchObject([{ file: 'b.yaml', app: null, env: null }])
  })

  test.each(bombs)('$name costs bounded time, and no other file', ({ text }) => {
    const cpuMs = cpuMsOf(() => {
      const { manifests, problems } = load({ 'a.yaml': text, 'b.yaml': whole })
      expect(manifests).toHaveLength(1)
      expect(problems.length).toBeLessThanOrEqual(1000)
    })
    expect(cpuMs).toBeLessThan(8000)
  })

  test('no text makes it throw, and no prototype changes', () => {
    const pieces = [
      whole,
      'app: web\n',
      ': ',
      '- ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!x ',
      '"',
      "'",
      '|\n',
      '>-\n',
      '---\n',
      '...\n',
      '%',
      '#',
      '__proto__: ',
      '? ',
      '\t',
      '\r\n',
      '\ufeff',
      '{{ .x }}',
      '<<: ',
    ]
    const yaml = fc.array(fc.constantFrom(...pieces)).map((some) => some.join(''))
    fc.assert(
      fc.property(fc.oneof(yaml, fc.string({ unit: 'binary' })), (text) => {
        load({ 'a.yaml': text })
      }),
      { numRuns: 2000 },
    )
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

describe('manifestOf', () => {
  const given = { app: 'web', env: 'staging', manifests: 'kind: Service\n' }

  test('an entry of an artifact’s environments is a manifest', () => {
    const named = { env: 'staging', namespace: 'shop', namespaces: ['shop'], validate: true }
    expect(manifestOf({ ...given, namespace: 'shop' }, 'artifact web-1')).toEqual(
      manifestWith(given.manifests, { file: 'artifact web-1', ...named }),
    )
  })

  test.each([
    {
      name: 'a chart of no version',
      entry: { ...given, chart: { repository: 'https://charts.example.com', name: 'onechart' } },
      want: 'chart: write the one version',
    },
    { name: 'no manifests', entry: { app: 'web', env: 'staging' }, want: 'manifests: must be' },
    {
      name: 'broken YAML',
      entry: { ...given, manifests: 'a: [' },
      want: 'manifests: line 1, column 5',
    },
  ])('$name is refused with the name of the artifact', ({ entry, want }) => {
    const message = refusalOf(manifestOf(entry, 'artifact web-1'))
    expect(message).toMatch(/^artifact web-1: /)
    expect(message).toContain(want)
  })

  test('a chart of empty texts, as GimletD’s clients send it, is no chart', () => {
    const entry = { ...given, chart: { repository: '', name: '', version: '' }, values: null }
    expect(isRefusal(manifestOf(entry, 'artifact web-1'))).toBe(false)
  })
})

describe('the examples in manifests/', () => {
  const files = new Map(
    readdirSync('manifests', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .map((path) => [path, readFileSync(path, 'utf8')]),
  )

  test('load without a problem, and render with an artifact of example/web', () => {
    const set = loadManifests({ version: 'v1', files })
    expect(set.problems).toEqual([])
    expect(set.manifests.map(({ app, env }) => `${app} ${env}`)).toEqual([
      'web production',
      'web staging',
    ])
    const artifact = artifactWith({
      version: { repositoryName: 'example/web', branch: 'Fix/Login' },
      items: [{ name: 'image', repository: 'quay.io/example/web', tag: '1.10' }],
    })
    for (const manifest of set.manifests) {
      const rendered = filesOf(
        render(manifest, variablesOf(artifact, { ...manifest, actor: 'alice' })),
      )
      expect(Object.keys(rendered)).toEqual(['deployment-web.yaml', 'service-web.yaml'])
      expect(rendered['deployment-web.yaml']).toContain('image: "quay.io/example/web:1.10"')
      expect(rendered['deployment-web.yaml']).toContain('branch: "fix-login"')
      expect(rendered['deployment-web.yaml']).toContain(`value: "${manifest.env}"`)
    }
  })
})

describe('manifestLoader', () => {
  const files = (given: Record<string, string>) => ({
    version: 'v',
    files: new Map(Object.entries(given)),
  })
  const web = (env: string) => `app: web\nenv: ${env}\nmanifests: |\n  kind: ConfigMap\n`

  test('answers what loadManifests does, whatever was loaded before', () => {
    const text = fc.constantFrom(web('staging'), web('production'), 'app: 1', 'no: [yaml', '')
    const folder = fc.dictionary(fc.constantFrom('a.yaml', 'b.yml', 'c.yaml', 'notes.md'), text)
    fc.assert(
      fc.property(fc.array(folder, { minLength: 1, maxLength: 5 }), (folders) => {
        const load = manifestLoader()
        for (const one of folders) expect(load(files(one))).toEqual(loadManifests(files(one)))
      }),
    )
  })
})
