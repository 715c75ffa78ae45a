import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openHelm } from './charts/helm.ts'
import { patient } from './charts/patient.ts'
import type { Config } from './config.ts'
import { type Refusal, refuse } from './domain/fault.ts'
import { folderSources } from './gitops/sources.ts'
import type { ChartRenderer } from './manifest/chart/chart-renderer.ts'
import type { Manifest } from './manifest/manifest.ts'
import { type Rendered, rendered } from './manifest/rendered.ts'
import type { Variables } from './manifest/variables.ts'

type Given = {
  readonly dataDir: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Renders charts with helm, which is looked for when the first chart is. */
export async function openCharts(
  { charts }: Config,
  { dataDir, environment }: Given,
): Promise<ChartRenderer> {
  const folder = join(dataDir, 'helm')
  const { template } = await openHelm({ ...charts, folder, environment })
  return patient(template)
}

type Asked = {
  readonly environment: Given['environment']
  readonly manifest: Manifest
  readonly variables: Variables
}

/** Renders one manifest on this machine, and leaves nothing behind. */
export async function renderWith(
  config: Config,
  { environment, manifest, variables }: Asked,
): Promise<Rendered | Refusal> {
  const { kind, folder } = config.manifests
  if (kind === 'branch')
    return refuse(
      'invalid',
      'MANIFESTS is a folder of the GitOps repository; set it to where that lies on this machine',
    )
  const dataDir = await mkdtemp(join(tmpdir(), 'gimlet-render-'))
  try {
    const sources = await folderSources(resolve(folder))('').catch(() => null)
    if (sources === null)
      return refuse(
        'invalid',
        `MANIFESTS: ${folder} cannot be read; set it to the folder of the manifests`,
      )
    const { template } = await openHelm({ ...config.charts, folder: dataDir, environment })
    return await rendered({ ...manifest, files: sources.files }, variables, template)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
