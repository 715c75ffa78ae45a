import { chmodSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryFor } from '../../src/charts/repositories.ts'
import { refusalOf } from '../manifest/support.ts'
import { gitHost } from '../support/git-host.ts'
import { someonesGit } from '../support/temp.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  chartRegistry,
  chartRepository,
  filesBelow,
  fixture,
  helmProgram,
  helmWith,
  madeOf,
  putFile,
  requestOf,
  watchedHelm,
} from './support.ts'

const values = 'image: {tag: x}\n'
const chartAt = (url: string, name = 'web', version = '1.2.3') =>
  requestOf({ kind: 'repository', url, name, version }, values)

describe('A11: an address is allowed with all below it, and no other', () => {
  const repositories = [
    { url: 'https://charts.example.com/stable/' },
    { url: 'https://charts.example.com/stable/deeper' },
    { url: 'oci://ghcr.io/acme' },
  ]
  test.each([
    { url: 'https://charts.example.com/stable', want: 0 },
    { url: 'https://CHARTS.example.com/stable/x', want: 0 },
    { url: 'https://charts.example.com/stable/deeper/x', want: 1 },
    { url: 'https://charts.example.com/stables', want: -1 },
    { url: 'https://charts.example.com', want: -1 },
    { url: 'https://charts.example.com.evil.example/stable', want: -1 },
    { url: 'https://charts.example.com:8443/stable', want: -1 },
    { url: 'http://charts.example.com/stable', want: -1 },
    { url: 'https://charts.example.com@evil.example/stable', want: -1 },
    { url: 'https://charts.example.com/stable/../other', want: -1 },
    { url: 'https://charts.example.com/stable/%2e%2e/other', want: -1 },
    { url: 'oci://ghcr.io/acme/web', want: 2 },
    { url: 'oci://ghcr.io/acme-evil/web', want: -1 },
    { url: 'https://ghcr.io/acme/web', want: -1 },
  ])('$url', ({ url, want }) => expect(repositoryFor(url, repositories)).toBe(repositories[want]))
})

describe.skipIf(!helmProgram)('a chart of a Helm repository', () => {
  test('is fetched once by many, kept, and needs no network after that', async () => {
    const { url, asked, state } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url }] })
    const answers = await Promise.all([1, 2, 3, 4].map(() => helm.template(chartAt(url))))
    const texts = answers.map((answer) => madeOf(answer).text)
    expect(new Set(texts).size).toBe(1)
    expect(asked.map(({ path }) => path)).toEqual(['/stable/index.yaml', '/stable/web-1.2.3.tgz'])
    state.isAway = true
    const again = await helmWith({ folder: helm.folder, repositories: [{ url }] })
    const kept = madeOf(await again.template(chartAt(url)))
    expect(kept.text).toBe(texts[0])
    expect(kept.chartDigest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(asked).toHaveLength(2)
  })

  test('F: one that was kept in half is fetched again', async () => {
    const { url, asked } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url }] })
    const { text } = madeOf(await helm.template(chartAt(url)))
    const [kept = ''] = readdirSync(join(helm.folder, 'charts'))
    const archive = join(helm.folder, 'charts', kept, 'chart.tgz')
    writeFileSync(archive, readFileSync(archive).subarray(0, 100))
    const again = await helmWith({ folder: helm.folder, repositories: [{ url }] })
    expect(madeOf(await again.template(chartAt(url))).text).toBe(text)
    expect(asked).toHaveLength(4)
  })

  test('A28: its credential goes by a file, and stands nowhere else', async () => {
    const { url, asked } = await chartRepository('reader:canary-password')
    const { program, seen } = watchedHelm()
    const secrets = tempFolder()
    const usernameFile = putFile(join(secrets, 'user'), 'reader\n')
    const passwordFile = putFile(join(secrets, 'password'), 'canary-password\n')
    const repositories = [{ url, usernameFile, passwordFile }]
    const helm = await helmWith({ program, repositories })
    expect(madeOf(await helm.template(chartAt(url))).text).toContain('acme/web:x')
    expect(asked.every(({ authorization }) => authorization?.startsWith('Basic '))).toBe(true)
    expect(seen()).toContain('pull')
    expect(seen()).not.toContain('canary')
    expect(JSON.stringify([...filesBelow(helm.folder)])).not.toContain('canary')
    putFile(passwordFile, 'canary-other')
    const told = refusalOf(await helm.template(chartAt(url, 'web', '1.2.4')))
    expect(told).toContain('passwordFile of this address in CHART_REPOSITORIES')
    expect(told).not.toContain('canary')
  })

  test('a credential that cannot be read is a fault that names the setting', async () => {
    const { url, asked } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url, passwordFile: '/nowhere' }] })
    await expect(helm.template(chartAt(url))).rejects.toMatchObject({
      code: 'chart_unreachable',
      message: `reading usernameFile and passwordFile of ${url} in CHART_REPOSITORIES`,
    })
    expect(asked).toEqual([])
  })

  test('another address is refused with the line that allows it, and is not asked', async () => {
    const { url, asked } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url: 'https://charts.example.com' }] })
    const told = refusalOf(await helm.template(chartAt(url)))
    expect(told).toContain(`${url} is not among CHART_REPOSITORIES`)
    expect(told).toContain(`- url: ${url}`)
    expect(asked).toEqual([])
  })

  test('a kept chart whose address is no longer allowed is refused', async () => {
    const { url } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url }] })
    madeOf(await helm.template(chartAt(url)))
    const again = await helmWith({ folder: helm.folder })
    expect(refusalOf(await again.template(chartAt(url)))).toContain('CHART_REPOSITORIES')
  })

  test('a name or a version that is not there is refused; a host that is away is a fault', async () => {
    const { url, state } = await chartRepository()
    const helm = await helmWith({ repositories: [{ url }, { url: 'http://127.0.0.1:1' }] })
    for (const request of [chartAt(url, 'other'), chartAt(url, 'web', '9.9.9')])
      expect(refusalOf(await helm.template(request))).toContain(
        'correct chart.name or chart.version',
      )
    state.isAway = true
    for (const request of [chartAt(url, 'web'), chartAt('http://127.0.0.1:1/x')])
      await expect(helm.template(request)).rejects.toMatchObject({ code: 'chart_unreachable' })
    expect(readdirSync(helm.folder).filter((name) => name.startsWith('run-'))).toEqual([])
  })
})

describe.skipIf(!helmProgram)('a chart of an OCI registry', () => {
  test('A28: is fetched once with a credential that only the registry sees', async () => {
    const { url, asked } = await chartRegistry('reader:canary-password')
    const { program, seen } = watchedHelm()
    const secrets = tempFolder()
    const usernameFile = putFile(join(secrets, 'user'), 'reader')
    const passwordFile = putFile(join(secrets, 'password'), 'canary-password')
    const helm = await helmWith({ program, repositories: [{ url, usernameFile, passwordFile }] })
    const chart = (version: string) =>
      requestOf({ kind: 'oci', url: `${url}/web`, version }, values)
    const [one, other] = await Promise.all([1, 2].map(() => helm.template(chart('1.2.3'))))
    expect(madeOf(one!).text).toContain('acme/web:x')
    expect(other).toEqual(one)
    expect(asked.filter(({ path }) => path.includes('/blobs/')).length).toBeLessThanOrEqual(2)
    expect(seen()).not.toContain('canary')
    expect(JSON.stringify([...filesBelow(helm.folder)])).not.toContain('canary')
    expect(refusalOf(await helm.template(chart('9.9.9')))).toContain('chart.version')
    putFile(passwordFile, 'canary-other')
    const told = refusalOf(await helm.template(chart('1.2.4')))
    expect(told).toContain('passwordFile of this address in CHART_REPOSITORIES')
  })
})

describe.skipIf(!helmProgram)('a chart in git', () => {
  /** A repository with the chart of the fixture below charts/web, and a link beside it. */
  async function chartsInGit() {
    const folder = tempFolder()
    const tree = join(folder, 'tree')
    for (const [path, text] of filesBelow(join(fixture, 'chart')))
      putFile(join(tree, 'charts/web', path), text)
    await someonesGit(folder, 'init', '--quiet', '--initial-branch=main', tree)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '-m', 'charts')
    await someonesGit(tree, 'tag', 'v1')
    await someonesGit(folder, 'clone', '--quiet', '--bare', tree, 'charts.git')
    const sha = (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
    const host = await gitHost(folder)
    return { ...host, tree, folder, sha }
  }
  const gitChart = (url: string, ref: { kind: 'sha' | 'tag'; name: string }, path = 'charts/web') =>
    requestOf({ kind: 'git', url: `${url}/charts.git`, ref, path }, values)

  test('is rendered at a commit and at a tag as it is from a folder, and fetched once', async () => {
    const { url, sha, asked } = await chartsInGit()
    const helm = await helmWith({ repositories: [{ url }] })
    const one = madeOf(await helm.template(gitChart(url, { kind: 'sha', name: sha })))
    const other = madeOf(await helm.template(gitChart(url, { kind: 'tag', name: 'v1' })))
    expect(one.text).toContain('acme/web:x')
    expect(other).toEqual(one)
    expect(one.chartDigest).toMatch(/^git:[0-9a-f]{40}$/)
    const before = asked.length
    const again = await helmWith({ folder: helm.folder, repositories: [{ url }] })
    expect(await again.template(gitChart(url, { kind: 'sha', name: sha }))).toEqual(one)
    expect(asked).toHaveLength(before)
  })

  test('what is not there is refused, and ssh is for Flux only', async () => {
    const { url, sha } = await chartsInGit()
    const helm = await helmWith({ repositories: [{ url }] })
    const ref = { kind: 'sha', name: sha } as const
    for (const request of [
      gitChart(url, { kind: 'tag', name: 'v2' }),
      gitChart(url, ref, 'charts/other'),
      gitChart(url, ref, 'charts'),
      gitChart(url, ref, ''),
    ])
      expect(refusalOf(await helm.template(request))).toMatch(/^chart: .*charts\.git\?/)
    const ssh = requestOf({ kind: 'git', url: 'ssh://git@example.com/x.git', ref, path: '' })
    expect(refusalOf(await helm.template(ssh))).toContain('render: helmrelease')
  })

  test('A12: a link in it leads nowhere', async () => {
    const { url, tree, folder } = await chartsInGit()
    symlinkSync('/etc/passwd', join(tree, 'charts/web/files/link'))
    putFile(
      join(tree, 'charts/web/templates/z.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndata: {x: {{ .Files.Get "files/link" | quote }}}\n',
    )
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '-m', 'link')
    await someonesGit(tree, 'push', '--quiet', join(folder, 'charts.git'), 'HEAD:main')
    const sha = (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
    const helm = await helmWith({ repositories: [{ url }] })
    const { text } = madeOf(await helm.template(gitChart(url, { kind: 'sha', name: sha })))
    expect(text).toContain('data: {x: "/etc/passwd"}')
    expect(text).not.toContain('root:')
  })
})

test('A28: a host that says back what it was shown is told of without it', async () => {
  const folder = tempFolder()
  const [name, password] = ['the-token-in-place-of-a-name', 'the-password-of-the-charts']
  const said = `${name} ${password} ${btoa(`${name}:${password}`)}`
  const program = putFile(
    join(folder, 'helm'),
    `#!/bin/sh\n[ "$1" = version ] && exec echo v3.19.0\necho 'Error: 401 unauthorized: ${said}' >&2\nexit 1\n`,
  )
  chmodSync(program, 0o755)
  const url = 'https://charts.example.com'
  const usernameFile = putFile(join(folder, 'name'), `${name}\n`)
  const passwordFile = putFile(join(folder, 'password'), `${password}\n`)
  const helm = await helmWith({ program, repositories: [{ url, usernameFile, passwordFile }] })
  expect(refusalOf(await helm.template(chartAt(url)))).toContain(
    '401 unauthorized: [redacted] [redacted] [redacted]; correct usernameFile and passwordFile',
  )
})
