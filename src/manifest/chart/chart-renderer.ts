import type { Refusal } from '../../domain/fault.ts'
import type { ChartSource } from './chart.ts'
import type { ChartFiles } from './chart-folder.ts'

/** What a chart's output depends on, all of it. */
export type ChartRequest = {
  readonly chart: Exclude<ChartSource, { kind: 'folder' }> | ChartFiles
  /** A name that helm takes for a release: see `releaseName`. */
  readonly releaseName: string
  readonly namespace: string
  /** YAML, with its variables filled in; empty for none. */
  readonly values: string
}

export type RenderedChart = {
  /** What helm printed: see `splitChart`. */
  readonly text: string
  /** `sha256:…` of the archive, or of a folder's files. */
  readonly chartDigest: string
  /** False for one that says something else each time: it asks for the time, or for chance. */
  readonly isStable: boolean
}

/**
 * Renders a chart. Refuses what the author of manifest or chart can mend, and throws
 * `chart_unreachable` or `helm_broken`.
 */
export type ChartRenderer = (request: ChartRequest) => Promise<RenderedChart | Refusal>
