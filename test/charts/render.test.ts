import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartFiles } from '../../src/manifest/chart/chart-folder.ts'
import { splitChart } from '../../src/manifest/chart/split-chart.ts'
import { refusalOf } from '../manifest/support.ts'
import { eventually } from '../support/eventually.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  chartOf,
  filesBelow,
  fixture,
  helmProgram,
  helmWith,
  madeOf,
  putFile,
  requestOf,
  watchedHelm,
} from './support.ts'

const web = () => {
  const files = [...filesBelow(join(fixture, 'chart'))]
  const below = new Map(files.map(([path, text]) => [`charts/web/${path}`, text]))
  return madeOf(chartFiles(below, 'charts/web'))
}
const map = (data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {x: ${data}}\n`
const valueIn = (text: string) => parse(text.replace(/^---\n/, '')).data.x

describe.skipIf(!helmProgram)('a chart folder, by the real helm', () => {
  test('is the objects that it is meant to be: no hooks, no tests, no notes, Lists taken apart', async () => {
    const helm = await helmWith()
    const values = readFileSync(join(fixture, 'values.yaml'), 'utf8')
    const rendered = madeOf(await helm.template(requestOf(web(), values)))
    const objects = madeOf(splitChart(rendered.text))
    const told = objects.map(({ place, text }) => `# ${place}\n${text}`).join('---\n')
    expect(told).toBe(readFileSync(join(fixture, 'expected.yaml'), 'utf8'))
    expect(rendered.isStable).toBe(true)
    expect(rendered.chartDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  test('the same input is the same bytes, in another folder too', async () => {
    const [one, other] = [await helmWith(), await helmWith()]
    const given = requestOf(web(), 'image: {tag: x}\n')
    const [a, b] = [await one.template(given), await other.template(given)]
    expect(madeOf(a)).toEqual(madeOf(b))
  })

  test('is rendered twice when it is first seen, and then remembered', async () => {
    const { program, runs } = watchedHelm()
    const helm = await helmWith({ program })
    const given = requestOf(chartOf({ 'a.yaml': map('{{ .Values.n }}') }), 'n: 1\n')
    const answers = await Promise.all([1, 2, 3].map(() => helm.template(given)))
    answers.push(await helm.template(given))
    expect(new Set(answers.map((answer) => madeOf(answer).text)).size).toBe(1)
    expect(runs().filter((run) => run.startsWith('template'))).toHaveLength(2)
    await helm.template({ ...given, values: 'n: 2\n' })
    expect(runs().filter((run) => run.startsWith('template'))).toHaveLength(4)
  })

  test('one that says something else each time is told to be so', async () => {
    const helm = await helmWith()
    const chart = chartOf({ 'a.yaml': map('{{ randAlphaNum 20 | quote }}') })
    expect(madeOf(await helm.template(requestOf(chart))).isStable).toBe(false)
  })

  test('is told of the cluster what is set, whatever helm is', async () => {
    const chart = chartOf({
      'a.yaml': map(
        '"{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "a.example.com/v1" }}"',
      ),
    })
    const [plain, set] = [
      await helmWith(),
      await helmWith({ kubeVersion: '1.30.2', apiVersions: ['a.example.com/v1'] }),
    ]
    expect(valueIn(madeOf(await plain.template(requestOf(chart))).text)).toBe('v1.34.0 false')
    expect(valueIn(madeOf(await set.template(requestOf(chart))).text)).toBe('v1.30.2 true')
  })

  test('a mistake is told with its file, its line and what to do', async () => {
    const helm = await helmWith()
    const chart = chartOf({ 'a.yaml': `\n${map('{{ .Values.image.tag }}')}` })
    expect(refusalOf(await helm.template(requestOf(chart)))).toBe(
      'chart: templates/a.yaml: line 5: <.Values.image.tag>: nil pointer evaluating interface {}.tag; set what it asks for under values, or mend the chart',
    )
  })

  test('leaves nothing behind, and sweeps what a killed server left', async () => {
    const folder = tempFolder()
    putFile(join(folder, 'run-left', 'config', 'repositories.yaml'), 'x')
    const helm = await helmWith({ folder })
    expect(readdirSync(folder)).toEqual([])
    await helm.template(requestOf(chartOf({ 'a.yaml': map('1') })))
    await eventually(() => expect(readdirSync(folder)).toEqual([]))
  })
})

describe('which helm', () => {
  const chart = chartOf({ 'a.yaml': map('1') })
  const script = (program: string, text: string) => {
    putFile(program, `#!/bin/sh\n${text}\n`)
    chmodSync(program, 0o755)
  }

  test('none is a refusal that says what to install, until there is one', async () => {
    const program = join(tempFolder(), 'helm')
    const helm = await helmWith({ program })
    const told = refusalOf(await helm.template(requestOf(chart)))
    expect(told).toContain('install helm 3.14 or newer, or 4, set HELM_BIN')
    expect(told).toContain('write render: helmrelease')
    script(program, 'echo v4.0.0')
    expect(await helm.version()).toBe('v4.0.0')
  })

  test.each([
    { said: 'v3.14.0', isTaken: true },
    { said: 'v3.13.3', isTaken: false },
    { said: 'v4.2.3', isTaken: true },
    { said: 'v2.17.0', isTaken: false },
    { said: 'v5.0.0', isTaken: false },
    { said: 'hello', isTaken: false },
  ])('$said is taken: $isTaken', async ({ said, isTaken }) => {
    const program = join(tempFolder(), 'helm')
    script(program, `echo ${said}`)
    const version = await (await helmWith({ program })).version()
    if (isTaken) expect(version).toBe(said)
    else expect(refusalOf(version)).toContain(`helm is ${said}; install helm 3.14`)
  })

  test('is started as the head of a group, which ends with it', async () => {
    const folder = tempFolder()
    const program = join(folder, 'helm')
    script(program, `sleep 1000 & echo $! > ${folder}/child; echo v4.0.0`)
    expect(await (await helmWith({ program })).version()).toBe('v4.0.0')
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'))
    await eventually(() => expect(isRunning(child)).toBe(false))
  })
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
