import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Fault, isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { ChartSource } from '../manifest/chart/chart.ts'
import type { ChartRepository } from './repositories.ts'
import type { RunFolder } from './run-folder.ts'

/** A chart of a Helm repository or an OCI registry. */
export type HelmChart = Extract<ChartSource, { kind: 'repository' | 'oci' }>

/** Runs a program in a run folder and answers what it printed; throws when its host is away. */
export type Run = (program: 'helm' | 'git', args: readonly string[]) => Promise<string | Refusal>

export type Pull = {
  readonly run: Run
  readonly folder: RunFolder
  readonly repository: ChartRepository
}

/** The one name that helm has for the repository while it pulls. */
const alias = 'charts'
/** Some hosts take a token in the place of the name. */
const tokenCharsMin = 16
/** 20 MiB: charts are text. */
const archiveBytesMax = 20 * 1024 * 1024

/**
 * Fetches a chart with helm, into a folder that has the archive and its digest. The credential goes by
 * a file that helm reads.
 */
export async function pullChart(chart: HelmChart, pull: Pull): Promise<string | Refusal> {
  const destination = join(pull.folder.path, 'pulled')
  await mkdir(destination)
  const problem = chart.kind === 'oci' ? await pullOci(chart, pull) : await pullIndexed(chart, pull)
  if (problem) return problem
  const [archive] = (await readdir(destination)).filter((name) => name.endsWith('.tgz'))
  if (archive === undefined)
    return refuse('not_found', `chart: ${addressOf(chart)}: helm found no archive`)
  await rename(join(destination, archive), join(destination, 'chart.tgz'))
  const file = join(destination, 'chart.tgz')
  if ((await stat(file)).size > archiveBytesMax)
    return refuse('too_large', `chart: ${addressOf(chart)}: its archive has more than 20 MiB`)
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  await writeFile(join(destination, 'digest'), `sha256:${digest}`)
  return destination
}

/** A chart's address, for messages. */
export const addressOf = (chart: HelmChart): string =>
  `${chart.kind === 'oci' ? chart.url : `${chart.url}/${chart.name}`} ${chart.version}`

async function pullIndexed(
  { url, name, version }: Extract<HelmChart, { kind: 'repository' }>,
  { run, folder, repository }: Pull,
): Promise<Refusal | null> {
  const credential = await credentialOf(repository)
  const { username, password } = credential ?? {}
  const caFile = repository.caFile && resolve(repository.caFile)
  // JSON is YAML. JSON.stringify leaves out what is undefined.
  const text = JSON.stringify({
    apiVersion: 'v1',
    generated: '2000-01-01T00:00:00Z',
    repositories: [{ name: alias, url, username, password, caFile }],
  })
  await mkdir(join(folder.path, 'config'))
  await writeFile(join(folder.path, 'config', 'repositories.yaml'), text, { mode: 0o600 })
  const updated = await run('helm', ['repo', 'update', alias])
  if (isRefusal(updated)) return updated
  const words = ['--version', version, '--destination', join(folder.path, 'pulled')]
  const pulled = await run('helm', ['pull', ...words, '--', `${alias}/${name}`])
  return isRefusal(pulled) ? pulled : null
}

async function pullOci(
  { url, version }: Extract<HelmChart, { kind: 'oci' }>,
  { run, folder, repository }: Pull,
): Promise<Refusal | null> {
  const { host } = new URL(url.replace(/^oci:/, 'https:'))
  const credential = await credentialOf(repository)
  if (credential) {
    const auth = btoa(`${credential.username}:${credential.password}`)
    await mkdir(join(folder.path, 'config', 'registry'), { recursive: true })
    const file = join(folder.path, 'config', 'registry', 'config.json')
    await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 })
  }
  const words = ['--version', version, '--destination', join(folder.path, 'pulled')]
  if (repository.caFile) words.push('--ca-file', resolve(repository.caFile))
  if (isLoopback(host)) words.push('--plain-http')
  const pulled = await run('helm', ['pull', ...words, '--', url])
  return isRefusal(pulled) ? pulled : null
}

/** A registry on this machine, which has no certificate. */
const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host)

/** As what a host may say back the credential that it is shown. A short name of a user is no secret. */
export async function saidBack(repository: ChartRepository): Promise<readonly string[]> {
  const { username, password } = (await credentialOf(repository)) ?? { username: '', password: '' }
  const secrets = [password, username.length < tokenCharsMin ? '' : username]
  const pair = password === '' ? '' : Buffer.from(`${username}:${password}`).toString('base64')
  return [pair, ...secrets, ...secrets.map(encodeURIComponent)].filter((one) => one !== '')
}

/**
 * The credential of a repository, read anew each time: it may have been renewed. Throws
 * `chart_unreachable`, as for a host that would not know us.
 */
export async function credentialOf({
  url,
  usernameFile,
  passwordFile,
}: ChartRepository): Promise<{ readonly username: string; readonly password: string } | null> {
  if (usernameFile === undefined && passwordFile === undefined) return null
  const read = async (file: string | undefined) =>
    file === undefined ? '' : (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  try {
    return { username: await read(usernameFile), password: await read(passwordFile) }
  } catch (error) {
    const doing = `reading usernameFile and passwordFile of ${url} in CHART_REPOSITORIES`
    throw new Fault('chart_unreachable', doing, { cause: error })
  }
}
