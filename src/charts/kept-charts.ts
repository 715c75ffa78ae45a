import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { ChartSource } from '../manifest/chart/chart.ts'
import { addressOf, type Pull, pullChart, saidBack } from './pull.ts'
import { gitAddress, pullGitChart } from './pull-git.ts'
import { type ChartRepository, repositoryFor } from './repositories.ts'

export type RemoteChart = Exclude<ChartSource, { kind: 'folder' }>

/** A chart on this machine: an archive or a folder, and what tells its content from another. */
export type KeptChart = { readonly path: string; readonly digest: string }

/** What is fetched, and what its host may say back that nobody else may read. */
export type Fetching = { readonly address: string; readonly secrets: readonly string[] }

type Ports = {
  /** What charts are kept in. */
  readonly folder: string
  readonly repositories: readonly ChartRepository[]
  /** Does work that needs a run folder and a program that may use the network. */
  readonly pulling: <T>(
    fetching: Fetching,
    work: (pull: Omit<Pull, 'repository'>) => Promise<T>,
  ) => Promise<T>
}

/**
 * Answers charts of other places. Each is fetched once, by one of those who ask for it, and kept: it
 * has one version, so it never changes.
 */
export function keptCharts(ports: Ports): (chart: RemoteChart) => Promise<KeptChart | Refusal> {
  const underWay = new Map<string, Promise<KeptChart | Refusal>>()
  const looked: Places = new Set()
  return (chart) => {
    const key = createHash('sha256')
      .update(JSON.stringify(partsOf(chart)))
      .digest('hex')
    const running = underWay.get(key)
    if (running) return running
    const place = { path: join(ports.folder, key), looked }
    const begun = kept(ports, chart, place).finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }
}

/** The kept charts whose content this process has looked at. */
type Places = Set<string>
type Place = { readonly path: string; readonly looked: Places }

const partsOf = (chart: RemoteChart): readonly string[] => {
  if (chart.kind === 'git')
    return [chart.kind, chart.url, chart.ref.kind, chart.ref.name, chart.path]
  return [chart.kind, chart.url, chart.kind === 'oci' ? '' : chart.name, chart.version]
}

async function kept(ports: Ports, chart: RemoteChart, place: Place): Promise<KeptChart | Refusal> {
  // Looked at each time, so that an address that is no longer allowed is refused.
  const repository = repositoryFor(chart.url, ports.repositories)
  if (!repository) return refuse('forbidden', `chart: ${notAllowed(chart)}`)
  const before = await read(place)
  if (before) return before
  const address = chart.kind === 'git' ? gitAddress(chart) : addressOf(chart)
  const secrets = await saidBack(repository)
  const problem = await ports.pulling({ address, secrets }, async (pull) => {
    const given = { ...pull, repository }
    const pulled = await (chart.kind === 'git'
      ? pullGitChart(chart, given)
      : pullChart(chart, given))
    if (isRefusal(pulled)) return pulled
    await mkdir(ports.folder, { recursive: true, mode: 0o700 })
    // In one step: a chart is there whole, or not at all.
    await rm(place.path, { recursive: true, force: true })
    await rename(pulled, place.path)
    return null
  })
  return problem ?? (await read(place)) ?? refuse('not_found', `chart: ${address} is gone again`)
}

const notAllowed = (chart: RemoteChart): string =>
  chart.url.startsWith('ssh:')
    ? `${chart.url} is reached by ssh, which is for render: helmrelease only; write an https: address`
    : `${chart.url} is not among CHART_REPOSITORIES; whoever runs the server can add the line - url: ${lineFor(chart)}`

/** Of a registry and of git the host with the owner is enough to allow. */
const lineFor = ({ kind, url }: RemoteChart): string =>
  kind === 'repository' ? url : url.replace(/\/[^/]*$/, '')

/** What a machine that lost its power has left half written is as good as not there. */
async function read({ path, looked }: Place): Promise<KeptChart | null> {
  const digest = await readFile(join(path, 'digest'), 'utf8').catch(() => '')
  if (digest === '') return null
  if (digest.startsWith('git:')) return { path: join(path, 'chart'), digest }
  const archive = join(path, 'chart.tgz')
  if (!looked.has(path) && (await digestOfFile(archive)) !== digest) return null
  looked.add(path)
  return { path: archive, digest }
}

/** `sha256:…`, or empty when there is no such file. */
async function digestOfFile(file: string): Promise<string> {
  const content = await readFile(file).catch(() => null)
  return content ? `sha256:${createHash('sha256').update(content).digest('hex')}` : ''
}
