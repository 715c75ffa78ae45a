import { join } from 'node:path'
import { openHelm } from './charts/helm.ts'
import { patient } from './charts/patient.ts'
import type { Config } from './config.ts'
import type { ChartRenderer } from './manifest/chart-renderer.ts'

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
