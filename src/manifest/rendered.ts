import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { chartObjects } from './chart/chart-objects.ts'
import type { ChartRenderer } from './chart/chart-renderer.ts'
import type { Manifest } from './manifest.ts'
import { render } from './render.ts'
import type { Variables } from './variables.ts'
import { withNamespace } from './with-namespace.ts'

export type Rendered = {
  /** Text by file name, one object each, sorted. */
  readonly files: ReadonlyMap<string, string>
  /** For who reads the decision. */
  readonly warnings: readonly string[]
}

const nothing = { objects: [], warnings: [] } as const

/** Everything that a manifest writes, its chart included. Throws what the chart's renderer throws. */
export async function rendered(
  manifest: Manifest,
  variables: Variables,
  renderer: ChartRenderer,
): Promise<Rendered | Refusal> {
  const found = await chartOf(manifest, variables, renderer)
  if (isRefusal(found)) return refuse(found.code, `${manifest.file}: ${found.message}`)
  const files = render(manifest, variables, found.objects)
  return isRefusal(files) ? files : { files, warnings: found.warnings }
}

async function chartOf(manifest: Manifest, variables: Variables, renderer: ChartRenderer) {
  const { chart, files, namespace, render: by } = manifest
  if (chart === null) return nothing
  const found = await chartObjects({ ...manifest, chart }, variables, { renderer, files })
  // The objects for Flux say themselves where they and the chart's go.
  if (isRefusal(found) || by === 'helmrelease') return found
  const objects = withNamespace(found.objects, namespace)
  return isRefusal(objects) ? objects : { ...found, objects }
}
