import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname, join, relative, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { type HelmSettings, openHelm } from '../../src/charts/helm.ts'
import { isRefusal, type Refusal } from '../../src/domain/fault.ts'
import { chartFiles } from '../../src/manifest/chart/chart-folder.ts'
import type { ChartRequest } from '../../src/manifest/chart/chart-renderer.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The real helm, or null where it is not to be had. */
export const helmProgram = kubernetesProgram('helm')

/** A chart as most are written. */
export const fixture = resolve('test/fixtures/helm/web')

/** Text by path below a folder. */
export function filesBelow(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  return new Map(paths.sort().map((path) => [relative(folder, path), readFileSync(path, 'utf8')]))
}

export function putFile(path: string, text: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** The real helm with a folder of its own. */
export async function helmWith(given: Partial<HelmSettings> = {}) {
  const folder = given.folder ?? tempFolder()
  const helm = await openHelm({
    program: helmProgram ?? 'helm',
    environment: { PATH: process.env.PATH },
    repositories: [],
    kubeVersion: '1.34.0',
    apiVersions: [],
    ...given,
    folder,
  })
  return { ...helm, folder }
}

/** A chart folder of these templates; `more` are lines of its Chart.yaml. */
export function chartOf(templates: Readonly<Record<string, string>>, more = '') {
  const head = `apiVersion: v2\nname: web\nversion: 1.2.3\n${more}`
  const files = Object.entries(templates).map(
    ([path, text]) => [`web/templates/${path}`, text] as const,
  )
  return madeOf(chartFiles(new Map([['web/Chart.yaml', head], ...files]), 'web'))
}

export const requestOf = (chart: ChartRequest['chart'], values = ''): ChartRequest => ({
  chart,
  releaseName: 'web',
  namespace: 'default',
  values,
})

/** A value that is no refusal. */
export function madeOf<T>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(value.message)
  return value
}

/** A helm that writes down what anybody on the machine sees of it: its words, and its environment. */
export function watchedHelm(): { program: string; seen: () => string; runs: () => string[] } {
  const folder = tempFolder()
  const [program, log] = [join(folder, 'helm'), join(folder, 'log')]
  const look = `cat /proc/$$/cmdline /proc/$$/environ >> ${log}; echo "$1 $2" >> ${log}.runs`
  putFile(program, `#!/bin/sh\n${look}\nexec ${helmProgram} "$@"\n`)
  chmodSync(program, 0o755)
  putFile(`${log}.runs`, '')
  return {
    program,
    seen: () => readFileSync(log, 'latin1'),
    runs: () => readFileSync(`${log}.runs`, 'utf8').split('\n').filter(Boolean),
  }
}

/** Runs helm as somebody else would. */
export function someonesHelm(home: string, ...args: readonly string[]): void {
  const env = { PATH: process.env.PATH, HOME: home }
  const run = spawnSync(helmProgram ?? 'helm', args, { env, cwd: home })
  if (run.status !== 0) throw new Error(String(run.stderr))
}

type Asked = { readonly path: string; readonly authorization: string | undefined }

/** A chart repository over HTTP with the chart of the fixture, and what it was asked. */
export async function chartRepository(credential: string | null = null) {
  const folder = tempFolder()
  someonesHelm(folder, 'package', join(fixture, 'chart'), '--destination', folder)
  someonesHelm(folder, 'repo', 'index', folder)
  const asked: Asked[] = []
  const state = { isAway: false }
  const expected = credential && `Basic ${btoa(credential)}`
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ path: url, authorization: headers.authorization })
    const file = join(folder, url.replace('/stable/', ''))
    if (state.isAway) response.writeHead(503).end()
    else if (expected && headers.authorization !== expected) response.writeHead(401).end()
    else if (/\/(?:index\.yaml|web-1\.2\.3\.tgz)$/.test(url)) response.end(readFileSync(file))
    else response.writeHead(404).end()
  })
  return { url: `http://${await listening(server)}/stable`, asked, state }
}

/** An OCI registry over HTTP with the chart of the fixture as acme/web, and what it was asked. */
export async function chartRegistry(credential: string) {
  const folder = tempFolder()
  someonesHelm(folder, 'package', join(fixture, 'chart'), '--destination', folder)
  const archive = readFileSync(join(folder, 'web-1.2.3.tgz'))
  const config = Buffer.from(JSON.stringify({ name: 'web', version: '1.2.3', apiVersion: 'v2' }))
  const blob = (content: Buffer, mediaType: string) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: blob(config, 'application/vnd.cncf.helm.config.v1+json'),
      layers: [blob(archive, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    }),
  )
  const contents = new Map([config, archive, manifest].map((one) => [digestOf(one), one]))
  const asked: Asked[] = []
  const server = createServer(({ url = '', method, headers }, response) => {
    asked.push({ path: url, authorization: headers.authorization })
    const reference = url.slice(url.lastIndexOf('/') + 1)
    const content = reference === '1.2.3' ? manifest : contents.get(reference)
    if (headers.authorization !== `Basic ${btoa(credential)}`)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="charts"' }).end()
    else if (!content) response.writeHead(url === '/v2/' ? 200 : 404).end()
    else {
      const type = content === manifest ? manifestType : 'application/octet-stream'
      response.setHeader('content-type', type)
      response.setHeader('docker-content-digest', digestOf(content))
      response.setHeader('content-length', content.length)
      response.end(method === 'HEAD' ? undefined : content)
    }
  })
  const host = await listening(server)
  return { url: `oci://${host}/acme`, asked }
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** Where a server of the test listens until the test is over. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}
