import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { ChartFiles } from '../manifest/chart/chart-folder.ts'
import type {
  ChartRenderer,
  ChartRequest,
  RenderedChart,
} from '../manifest/chart/chart-renderer.ts'
import type { ProgramLimits } from '../manifest/programs.ts'
import { atMost } from './at-most.ts'
import { type HelmRun, runHelm } from './helm-program.ts'
import { type Fetching, keptCharts } from './kept-charts.ts'
import { keptTexts } from './kept-texts.ts'
import type { ChartRepository } from './repositories.ts'
import { inRunFolder, type RunFolder, sweepRunFolders } from './run-folder.ts'

export type HelmSettings = {
  /** The helm program: a path, or a name in PATH. */
  readonly program: string
  /** What is written lies below it. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly repositories: readonly ChartRepository[]
  /** What charts are told that the cluster is; helm's own answer changes with helm. */
  readonly kubeVersion: string
  readonly apiVersions: readonly string[]
  readonly limits?: ProgramLimits
}

export type Helm = {
  /** Helm's version, or why it cannot be used. */
  readonly version: () => Promise<string | Refusal>
  readonly template: ChartRenderer
}

const mostLimits: ProgramLimits = {
  timeMs: 60_000,
  cpuSeconds: 20,
  memoryKib: 4 * 1_048_576,
  outputBytes: 4 * 1_048_576,
}
/** Each takes a processor for a tenth of a second. */
const programsMax = 4

type Ports = HelmSettings & {
  readonly run: (run: HelmRun) => Promise<string | Refusal>
  readonly inFolder: <T>(work: (folder: RunFolder) => Promise<T>) => Promise<T>
}

/** Renders charts with the helm program, and keeps those that it fetched. */
export async function openHelm(settings: HelmSettings): Promise<Helm> {
  const folder = resolve(settings.folder)
  await sweepRunFolders(folder)
  const { limits = mostLimits, environment, repositories, program } = settings
  const turn = atMost(programsMax)
  const ports: Ports = {
    ...settings,
    // Programs run in folders of their own, where a path would lead elsewhere.
    program: program.includes('/') ? resolve(program) : program,
    run: (run) => turn(() => runHelm(run, limits)),
    inFolder: (work) => inRunFolder({ folder, environment }, work),
  }
  const version = remembered(() => helmVersion(ports))
  const charts = keptCharts({
    folder: join(folder, 'charts'),
    repositories,
    pulling: (fetching, work) =>
      ports.inFolder((run) => work({ folder: run, run: runnerIn(ports, { run, ...fetching }) })),
  })
  const rendered = keptTexts()
  return {
    version,
    async template(request) {
      const known = await version()
      if (isRefusal(known)) return known
      const { chart } = request
      const local = chart.kind === 'files' ? null : await charts(chart)
      if (isRefusal(local)) return local
      const chartDigest = chart.kind === 'files' ? digestOf(chart) : (local?.digest ?? '')
      const { releaseName, namespace, values } = request
      const key = JSON.stringify([known, chartDigest, releaseName, namespace, values])
      return rendered(key, () => renderTwice(ports, { request, path: local?.path, chartDigest }))
    },
  }
}

type FetchingIn = Fetching & { readonly run: RunFolder }

const runnerIn =
  (ports: Ports, { run: folder, address, secrets }: FetchingIn) =>
  (program: 'helm' | 'git', args: readonly string[]) =>
    ports.run({
      program: program === 'helm' ? ports.program : program,
      args,
      folder,
      fetching: address,
      secrets,
    })

/** Remembers a good answer: a helm that is installed later is found. */
function remembered(ask: () => Promise<string | Refusal>): () => Promise<string | Refusal> {
  let known: string | undefined
  return async () => {
    if (known !== undefined) return known
    const answer = await ask()
    if (!isRefusal(answer)) known = answer
    return answer
  }
}

async function helmVersion({ run, inFolder, program }: Ports): Promise<string | Refusal> {
  const args = ['version', '--template', '{{.Version}}']
  const said = await inFolder((folder) => run({ program, args, folder }))
  if (isRefusal(said)) return said
  const [, major, minor] = /^v(\d+)\.(\d+)\.\d+/.exec(said.trim()) ?? []
  const isKnown = major === '4' || (major === '3' && Number(minor) >= 14)
  return isKnown
    ? said.trim()
    : refuse(
        'invalid',
        `helm is ${said.trim().slice(0, 40)}; install helm 3.14 or newer, or 4, or set HELM_BIN to one`,
      )
}

type Render = {
  readonly request: ChartRequest
  /** Of a chart that is kept; a chart's files are written down for helm. */
  readonly path: string | undefined
  readonly chartDigest: string
}

/** What comes out differently the second time would be a change at each release. */
function renderTwice(ports: Ports, render: Render): Promise<RenderedChart | Refusal> {
  return ports.inFolder(async (folder) => {
    const { chart } = render.request
    const path =
      chart.kind === 'files' ? await written(chart, join(folder.path, 'chart')) : render.path
    const helm = () =>
      ports.run({
        program: ports.program,
        args: templateArgs(ports, { ...render, path }),
        input: render.request.values || '{}\n',
        folder,
      })
    const [text, again] = await Promise.all([helm(), helm()])
    if (isRefusal(text)) return text
    return { text, chartDigest: render.chartDigest, isStable: again === text }
  })
}

const templateArgs = (
  { kubeVersion, apiVersions }: HelmSettings,
  { request, path = '' }: Render,
): readonly string[] => [
  'template',
  ...['--namespace', request.namespace, '--values', '-', '--kube-version', kubeVersion],
  ...apiVersions.flatMap((one) => ['--api-versions', one]),
  ...['--no-hooks', '--skip-tests', '--', request.releaseName, path],
]

async function written({ files }: ChartFiles, folder: string): Promise<string> {
  for (const [path, text] of files) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  return folder
}

function digestOf({ files }: ChartFiles): string {
  const hash = createHash('sha256')
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\0${Buffer.byteLength(text)}\0${text}`)
  return `sha256:${hash.digest('hex')}`
}
