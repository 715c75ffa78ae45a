import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ChartSource } from '../../../src/manifest/chart/chart.ts'
import { helmRelease } from '../../../src/manifest/chart/helm-release.ts'
import { refusalOf } from '../support.ts'

const sha = '017d995e32e3d1998395d971b969bcf682d20851'
const fluxOf = (chart: ChartSource, values = '', app = 'web') => {
  const objects = helmRelease({ chart, app, namespace: 'shop', values })
  return 'kind' in objects ? [] : objects.map(({ text }) => text)
}
const chart: ChartSource = {
  kind: 'repository',
  url: 'https://charts.example.com/stable',
  name: 'redis',
  version: '18.0.1',
}

test('a chart of a Helm repository is a HelmRepository and a HelmRelease, with values as written', () => {
  const [source, release] = fluxOf(
    chart,
    'image:\n  tag: "1.10" # the build\nscript: |\n  a\n\n  b\n',
  )
  expect(source).toBe(`apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata:
  name: "web"
  namespace: "shop"
spec:
  interval: 10m
  url: "https://charts.example.com/stable"
`)
  expect(release).toBe(`apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: "web"
  namespace: "shop"
spec:
  interval: 10m
  releaseName: "web"
  targetNamespace: "shop"
  chart:
    spec:
      chart: "redis"
      version: "18.0.1"
      sourceRef:
        kind: HelmRepository
        name: "web"
  values:
    image:
      tag: "1.10" # the build
    script: |
      a

      b
`)
})

describe('each other place has the source that Flux has for it', () => {
  test.each<{ name: string; chart: ChartSource; source: object; release: object }>([
    {
      name: 'a registry, whose tags have no plus',
      chart: { kind: 'oci', url: 'oci://ghcr.io/acme/web', version: '1.2.3+5' },
      source: {
        kind: 'OCIRepository',
        spec: {
          url: 'oci://ghcr.io/acme/web',
          ref: { tag: '1.2.3_5' },
          layerSelector: {
            mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
            operation: 'copy',
          },
        },
      },
      release: { chartRef: { kind: 'OCIRepository', name: 'web' } },
    },
    {
      name: 'git at a commit, of which each is a new chart',
      chart: {
        kind: 'git',
        url: 'https://github.com/acme/charts.git',
        ref: { kind: 'sha', name: sha },
        path: 'charts/web',
      },
      source: { kind: 'GitRepository', spec: { ref: { commit: sha } } },
      release: {
        chart: {
          spec: {
            chart: './charts/web',
            reconcileStrategy: 'Revision',
            sourceRef: { kind: 'GitRepository', name: 'web' },
          },
        },
      },
    },
    {
      name: 'git by ssh, whose key is in a Secret of the source’s name',
      chart: {
        kind: 'git',
        url: 'ssh://git@github.com/acme/web.git',
        ref: { kind: 'tag', name: 'v1' },
        path: '',
      },
      source: { spec: { ref: { tag: 'v1' }, secretRef: { name: 'web' } } },
      release: { chart: { spec: { chart: './' } } },
    },
  ])('$name', ({ chart, source, release }) => {
    const [one = '', other = ''] = fluxOf(chart)
    expect(parse(one)).toMatchObject(source)
    expect(parse(other)).toMatchObject({ kind: 'HelmRelease', spec: release })
    expect(parse(other).spec).not.toHaveProperty('values')
  })
})

test('names that look like numbers stay text, and a long app has a release name that helm takes', () => {
  const [, release = ''] = fluxOf(chart, '', '1e3')
  expect(parse(release, { version: '1.1' }).metadata.name).toBe('1e3')
  const [, long = ''] = fluxOf(chart, '', 'x'.repeat(63))
  expect(parse(long).spec.releaseName).toHaveLength(53)
})

test.each(['|2\n   x\n', 'a: 1\n---\nb: 2\n', 'a: [', 'a: !!binary x\n'])(
  'values that would say something else there are refused: %j',
  (values) => expect(fluxOf(chart, values)).toEqual([]),
)

test('a folder is refused: Flux does not see it', () => {
  const given = { app: 'web', namespace: 'shop', values: '' }
  const objects = helmRelease({ ...given, chart: { kind: 'folder', folder: 'charts/web' } })
  expect(refusalOf(objects)).toContain('Flux cannot read the folder charts/web')
})
