import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isRefusal } from '../../src/domain/fault.ts'
import { refusalOf } from '../manifest/support.ts'
import { eventually } from '../support/eventually.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { chartOf, helmProgram, helmWith, madeOf, requestOf, watchedHelm } from './support.ts'

const map = (data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {x: ${data}}\n`
const limits = {
  timeMs: 60_000,
  cpuSeconds: 3,
  memoryKib: 4 * 1_048_576,
  outputBytes: 1_048_576,
}

describe.skipIf(!helmProgram)('A13, A16: a hostile chart', () => {
  test.each([
    { name: 'env', template: '{{ env "GIMLET_ADMIN_TOKEN" }}' },
    { name: 'expandenv', template: '{{ expandenv "$GIMLET_ADMIN_TOKEN" }}' },
  ])('has no function $name', async ({ template }) => {
    const helm = await helmWith({
      environment: { PATH: process.env.PATH, GIMLET_ADMIN_TOKEN: 'canary' },
    })
    const told = refusalOf(await helm.template(requestOf(chartOf({ 'a.yaml': map(template) }))))
    expect(told).toContain('helm has no such function')
    expect(told).not.toContain('canary')
  })

  test.each([
    { name: 'lookup', template: '{{ len (lookup "v1" "Secret" "" "") | quote }}', want: '0' },
    { name: 'getHostByName', template: '{{ getHostByName "localhost" | quote }}', want: '' },
    {
      name: 'a file outside',
      template: '{{ .Files.Get "../../../../../../etc/passwd" | quote }}',
      want: '',
    },
    {
      name: 'a file by its whole path',
      template: '{{ .Files.Get "/etc/passwd" | quote }}',
      want: '',
    },
    { name: 'a glob outside', template: '{{ len (.Files.Glob "../**") | quote }}', want: '0' },
  ])('gets nothing by $name', async ({ template, want }) => {
    const helm = await helmWith()
    const { text } = madeOf(await helm.template(requestOf(chartOf({ 'a.yaml': map(template) }))))
    expect(parse(text.replace(/^---\n/, '')).data.x).toBe(want)
  })

  test.each([
    {
      name: 'a text without end',
      template: '{{ repeat 1000000000 (repeat 1000 "x") | len }}',
      want: /broke down|takes more than/,
    },
    {
      name: 'a loop without end',
      template:
        '{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}',
      want: /takes more than 3 seconds/,
    },
    {
      name: 'a list without end',
      template: '{{ range until 2000000000 }}{{ end }}',
      want: /takes more than|broke down/,
    },
    {
      name: 'a template in itself',
      template: '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
      want: /error calling include/,
    },
    {
      name: 'output without end',
      template: '{{ range until 2000 }}{{ repeat 1000 "x" }}{{ end }}',
      want: /prints more than 1 MiB/,
    },
  ])('$name ends in bounded time, as a refusal', async ({ template, want }) => {
    const helm = await helmWith({ limits })
    const told = refusalOf(await helm.template(requestOf(chartOf({ 'a.yaml': map(template) }))))
    expect(told).toMatch(want)
    expect(told.length).toBeLessThan(800)
  })

  test('F: one that takes too long is a fault, and nothing of it goes on', async () => {
    const helm = await helmWith()
    expect(isRefusal(await helm.version())).toBe(false)
    const slow = await helmWith({ folder: helm.folder, limits: { ...limits, timeMs: 1 } })
    await expect(slow.version()).rejects.toMatchObject({ code: 'helm_broken' })
    await eventually(() => expect(programsWith(helm.folder)).toEqual([]))
    await eventually(() => expect(readdirSync(helm.folder)).toEqual([]))
  })
})

/** The programs whose environment names a folder. */
function programsWith(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(folder)
    } catch {
      return false
    }
  })
}

describe.skipIf(!helmProgram)('A15, A28: what reaches helm', () => {
  test('no name is an option, and no value stands in its words or its environment', async () => {
    const { program, seen } = watchedHelm()
    const canary = 'canary-0123456789'
    const helm = await helmWith({
      program,
      environment: { PATH: process.env.PATH, GIMLET_ADMIN_TOKEN: canary, HTTPS_PROXY: canary },
    })
    const chart = chartOf({ 'a.yaml': map('{{ .Values.secret | quote }}') })
    await helm.template(requestOf(chart, `secret: ${canary}-value\n`))
    expect(seen()).toContain('--kube-version')
    expect(seen()).not.toContain(canary)
    expect(seen()).not.toContain('HTTPS_PROXY')
    expect(seen()).toMatch(/HELM_PLUGINS=[^\0]*run-/)
  })

  test.each(['-x', '--post-renderer=/bin/sh', 'A B', '', '../x', 'x'.repeat(54), 'a;b', '$(id)'])(
    'a release’s name that is none is refused: %j',
    async (releaseName) => {
      const helm = await helmWith()
      const chart = chartOf({ 'a.yaml': map('1') })
      expect(isRefusal(await helm.template({ ...requestOf(chart), releaseName }))).toBe(true)
    },
  )

  test.each([
    { values: 'a: !!python/object:x {}\n' },
    { values: 'a: [\n' },
    { values: '- list\n' },
    { values: 'a: &a [*a]\n' },
  ])('values that are none are refused: $values', async ({ values }) => {
    const helm = await helmWith()
    const answer = await helm.template(requestOf(chartOf({ 'a.yaml': map('1') }), values))
    if (isRefusal(answer)) expect(answer.message).toContain('chart: ')
    else expect(answer.text).toContain('data: {x: 1}')
  })

  test('a plugin and a repository of the user are not seen', async () => {
    const home = tempFolder()
    writeFileSync(join(home, 'repositories.yaml'), 'not: [yaml')
    const environment = {
      PATH: process.env.PATH,
      HOME: home,
      HELM_REPOSITORY_CONFIG: join(home, 'repositories.yaml'),
      HELM_DEBUG: '1',
      HELM_NAMESPACE: 'other',
    }
    const helm = await helmWith({ environment })
    const chart = chartOf({ 'a.yaml': map('{{ .Release.Namespace }}') })
    expect(madeOf(await helm.template(requestOf(chart))).text).toContain('data: {x: default}')
  })
})
