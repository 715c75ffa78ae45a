import { isRefusal, type Refusal } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import type { Variables } from '../variables.ts'
import { type ChartFields, chartSource, releaseName } from './chart.ts'
import { chartFiles } from './chart-folder.ts'
import type { ChartRenderer } from './chart-renderer.ts'
import { helmRelease } from './helm-release.ts'
import { splitChart } from './split-chart.ts'
import { filledValues } from './values.ts'

/** What of a manifest is about its chart. */
export type ChartManifest = {
  readonly app: string
  readonly namespace: string
  readonly chart: ChartFields
  /** See `valuesText`. */
  readonly values: string
  readonly render: 'helm' | 'helmrelease'
}

type Ports = {
  readonly renderer: ChartRenderer
  /** All files below MANIFESTS; `null` for a manifest that came with an artifact. */
  readonly files: ReadonlyMap<string, string> | null
}

export type ChartObjects = {
  readonly objects: readonly ObjectText[]
  /** What tells the chart's content; `null` when Flux is to fetch it. */
  readonly chartDigest: string | null
  /** For who reads the decision. */
  readonly warnings: readonly string[]
}

const unstable =
  'the chart writes something else each time it is rendered (a time, or a random value), so every release changes it; set that value under values'

/** The objects of a chart with a release's variables. Throws what the renderer throws. */
export async function chartObjects(
  manifest: ChartManifest,
  variables: Variables,
  { renderer, files }: Ports,
): Promise<ChartObjects | Refusal> {
  const { app, namespace } = manifest
  const source = chartSource(manifest.chart, variables)
  if (isRefusal(source)) return source
  const values = filledValues(manifest.values, variables)
  if (isRefusal(values)) return values
  if (manifest.render === 'helmrelease') {
    const objects = helmRelease({ chart: source, app, namespace, values })
    return isRefusal(objects) ? objects : { objects, chartDigest: null, warnings: [] }
  }
  const chart = source.kind === 'folder' ? chartFiles(files, source.folder) : source
  if (isRefusal(chart)) return chart
  const rendered = await renderer({ chart, releaseName: releaseName(app), namespace, values })
  if (isRefusal(rendered)) return rendered
  const objects = splitChart(rendered.text)
  if (isRefusal(objects)) return objects
  const { chartDigest, isStable } = rendered
  return { objects, chartDigest, warnings: isStable ? [] : [unstable] }
}
