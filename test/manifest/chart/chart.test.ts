import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/domain/fault.ts'
import { isLabel, labelCharactersMax } from '../../../src/domain/names.ts'
import {
  type ChartFields,
  chartShape,
  chartSource,
  releaseName,
} from '../../../src/manifest/chart/chart.ts'
import { refusalOf } from '../support.ts'

const sha = '017d995e32e3d1998395d971b969bcf682d20851'
const none = new Map<string, string>()
const fields = (given: Partial<ChartFields>): ChartFields => ({
  repository: '',
  name: '',
  version: '',
  ...given,
})

describe('a chart is where GimletD’s manifests say', () => {
  const repository = 'https://charts.example.com/stable'
  test.each([
    {
      name: 'a Helm repository',
      given: { repository: `${repository}/`, name: 'redis', version: '18.0.1' },
      want: { kind: 'repository', url: repository, name: 'redis', version: '18.0.1' },
    },
    {
      name: 'a registry, named whole',
      given: { name: 'oci://ghcr.io/acme/charts/web', version: '1.2.3-rc.1+build.5' },
      want: { kind: 'oci', url: 'oci://ghcr.io/acme/charts/web', version: '1.2.3-rc.1+build.5' },
    },
    {
      name: 'a registry as the repository',
      given: { repository: 'oci://ghcr.io/acme/charts', name: 'web', version: '1.2.3' },
      want: { kind: 'oci', url: 'oci://ghcr.io/acme/charts/web', version: '1.2.3' },
    },
    {
      name: 'git at a commit',
      given: { name: `https://github.com/acme/charts.git?sha=${sha}&path=/charts/web/` },
      want: {
        kind: 'git',
        url: 'https://github.com/acme/charts.git',
        ref: { kind: 'sha', name: sha },
        path: 'charts/web',
      },
    },
    {
      name: 'git at a tag, at its top',
      given: { name: 'https://github.com/acme/web-chart.git?tag=v1.2.3' },
      want: {
        kind: 'git',
        url: 'https://github.com/acme/web-chart.git',
        ref: { kind: 'tag', name: 'v1.2.3' },
        path: '',
      },
    },
    {
      name: 'git by ssh',
      given: { name: `git@github.com:acme/charts.git?sha=${sha}` },
      want: {
        kind: 'git',
        url: 'ssh://git@github.com/acme/charts.git',
        ref: { kind: 'sha', name: sha },
        path: '',
      },
    },
    {
      name: 'a folder',
      given: { name: './charts/web/' },
      want: { kind: 'folder', folder: 'charts/web' },
    },
  ])('$name', ({ given, want }) => {
    expect(chartSource(fields(given), none)).toEqual(want)
    expect(chartShape.safeParse(new Map(Object.entries(given))).success).toBe(true)
  })

  test('variables are filled in before it is looked at', () => {
    const name = 'https://github.com/acme/web.git?sha={{ .SHA }}&path=/chart/'
    expect(chartShape.parse({ name })).toEqual(fields({ name }))
    const variables = new Map([['SHA', sha]])
    expect(chartSource(fields({ name }), variables)).toMatchObject({ ref: { name: sha } })
    expect(refusalOf(chartSource(fields({ name }), none))).toContain('unknown variable SHA')
  })

  test.each([undefined, null, '', {}, { repository: '', name: '', version: '' }, new Map()])(
    'what GimletD’s clients send for none is none: %j',
    (value) => expect(chartShape.parse(value)).toBeNull(),
  )
})

describe('a chart that cannot be used is refused with what to write', () => {
  const repository = 'https://charts.example.com'
  test.each([
    { given: { repository, name: 'redis', version: '^18.0.0' }, want: 'version: 1.2.3' },
    { given: { repository, name: 'redis', version: '18' }, want: 'version: 1.2.3' },
    { given: { repository, name: 'redis' }, want: 'version: 1.2.3' },
    { given: { name: 'oci://ghcr.io/acme/web', version: '*' }, want: 'version: 1.2.3' },
    {
      given: { name: 'https://github.com/acme/charts.git?branch=main&path=/web/' },
      want: 'a branch moves on',
    },
    { given: { name: 'https://github.com/acme/charts.git' }, want: '?sha=' },
    { given: { name: 'https://github.com/acme/charts.git?sha=017d995' }, want: '40 characters' },
    { given: { repository: 'http2://x', name: 'redis', version: '1.0.0' }, want: 'https:' },
    {
      given: { repository: 'https://user:secret@charts.example.com', name: 'a', version: '1.0.0' },
      want: 'without a password',
    },
    // Whoever reads the address in another way must not be led to another host (A11).
    ...[
      'https://charts。example.com',
      'https://0x7f.1/x',
      'https://ch%61rts.example.com',
      'https:/\t/a',
    ].map((address) => ({
      given: { repository: address, name: 'redis', version: '1.0.0' },
      want: 'https: or oci:',
    })),
    { given: { name: 'oci://ghcr。io/acme/web', version: '1.0.0' }, want: 'an address such as' },
    { given: { repository, name: '--post-renderer=x', version: '1.0.0' }, want: 'name of a chart' },
    { given: { name: 'https://charts.example.com/redis', version: '1.0.0' }, want: 'repository:' },
    { given: { name: 'charts/web', version: '1.0.0' }, want: 'leave version: out' },
    { given: { name: '/etc' }, want: 'a folder below MANIFESTS' },
    { given: { name: '../web' }, want: 'a folder below MANIFESTS' },
    { given: { name: 'charts/../../web' }, want: 'a folder below MANIFESTS' },
    { given: { repository }, want: 'needs a name' },
  ])('$given', ({ given, want }) => {
    expect(refusalOf(chartSource(fields(given), none))).toContain(want)
    const parsed = chartShape.safeParse(given)
    expect(parsed.error?.issues[0]?.message).toContain(want)
  })

  test.each([[{ name: 1 }], ['redis'], [[]]])('another shape: %j', (value) =>
    expect(chartShape.safeParse(value).success).toBe(false),
  )

  test.each([
    'v1&path=/../../etc',
    'v1&sha=0',
    'v1#x',
    'v1?x',
    '--upload-pack=x',
    '../x',
    'v1 --x',
    'v1%2e%2e',
    'v1\n',
  ])('A15: a variable becomes no option, no other folder and no other ref: %s', (text) => {
    const name = 'https://github.com/acme/charts.git?tag={{ .TAG }}&path=/web/'
    expect(isRefusal(chartSource(fields({ name }), new Map([['TAG', text]])))).toBe(true)
  })

  test('A12: no text makes a source that leads out of its place, or begins as an option does', () => {
    const texts = fc.constantFrom(
      '..',
      '/',
      '-',
      './',
      '.git',
      '?sha=',
      sha,
      '&path=',
      'https://',
      'oci://',
      'git@h:',
      'a',
      '\\',
      '%2e',
    )
    const text = fc.array(fc.oneof(texts, fc.string())).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, text, text, (repository, name, version) => {
        const source = chartSource({ repository, name, version }, none)
        if (isRefusal(source)) return
        const words = [...Object.values(source), 'ref' in source ? source.ref.name : '']
        for (const word of words.filter((one) => typeof one === 'string'))
          expect(word).not.toMatch(/^[-/]|(?:^|\/)\.\.(?:\/|$)|[\s\\]/)
      }),
      { numRuns: 2000 },
    )
  })
})

test('a release’s name is one that helm takes, and no two apps’ is the same', () => {
  const app = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
  fc.assert(
    fc.property(app, app, (one, other) => {
      const name = releaseName(one)
      expect(isLabel(name)).toBe(true)
      expect(name.length).toBeLessThanOrEqual(53)
      expect(name === releaseName(other)).toBe(one === other)
    }),
  )
  const [long, longer] = ['a', 'b'].map((end) => 'x'.repeat(labelCharactersMax - 1) + end)
  expect(releaseName(long ?? '')).not.toBe(releaseName(longer ?? ''))
  expect(releaseName('web')).toBe('web')
})
