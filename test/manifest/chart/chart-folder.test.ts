import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../../src/domain/fault.ts'
import { chartFiles } from '../../../src/manifest/chart/chart-folder.ts'
import { loadManifests } from '../../../src/manifest/manifest-set.ts'
import { refusalOf } from '../support.ts'

const head = 'apiVersion: v2\nname: web\nversion: 1.2.3\n'
const files = (given: Record<string, string>) =>
  new Map(Object.entries({ 'charts/web/Chart.yaml': head, ...given }))

test('a chart folder is its files below it, and none of them is a manifest', () => {
  const all = files({ 'charts/web/templates/a.yaml': 'a: {{ .x }}', 'charts/webs/x.yaml': '' })
  const chart = chartFiles(all, 'charts/web')
  expect(isRefusal(chart) ? [] : [...chart.files.keys()]).toEqual([
    'Chart.yaml',
    'templates/a.yaml',
  ])
  expect(loadManifests({ version: '1', files: all }).problems).toEqual([])
})

describe('one that is not whole in itself is refused', () => {
  const needs = (repository: string) =>
    `${head}dependencies:\n  - name: redis\n    version: 1.0.0\n    repository: ${repository}\n`
  test.each([
    { name: 'no folder', folder: 'charts/other', given: {}, want: 'has no Chart.yaml' },
    {
      name: 'a dependency that is not there',
      given: { 'charts/web/Chart.yaml': needs('https://charts.example.com') },
      want: 'needs the chart redis, and charts/redis/ is not in it; run helm dependency update',
    },
    {
      name: 'a dependency elsewhere on the machine',
      given: { 'charts/web/Chart.yaml': needs('file://../../../etc') },
      want: 'needs the chart redis',
    },
    {
      name: 'an archive, which is no text',
      given: { 'charts/web/charts/redis-1.0.0.tgz': '\ufffd' },
      want: '/charts/redis-1.0.0.tgz is an archive; unpack it',
    },
    {
      name: 'no text',
      given: { 'charts/web/files/a.png': '\ufffd\0' },
      want: '/files/a.png is not text',
    },
    {
      name: 'A12: a path that leads out',
      given: { 'charts/web/../../x': '' },
      want: 'is no path in it',
    },
    {
      name: 'a Chart.yaml that is none',
      given: { 'charts/web/Chart.yaml': 'a: [' },
      want: 'Chart.yaml: line',
    },
  ])('$name', ({ folder = 'charts/web', given, want }) =>
    expect(refusalOf(chartFiles(files(given), folder))).toContain(want),
  )

  test('with its dependency beside it, it is taken', () => {
    const given = {
      'charts/web/Chart.yaml': needs('https://charts.example.com'),
      'charts/web/charts/redis/Chart.yaml': head,
    }
    expect(isRefusal(chartFiles(files(given), 'charts/web'))).toBe(false)
  })

  test('an artifact’s manifest names none', () => {
    expect(refusalOf(chartFiles(null, 'charts/web'))).toContain('an artifact brings none')
  })
})
