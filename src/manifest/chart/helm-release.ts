import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { sameValue } from '../filled-value.ts'
import type { ObjectText } from '../object-text.ts'
import { parseYaml } from '../parse-yaml.ts'
import { type ChartSource, type GitChart, releaseName } from './chart.ts'

/** A chart that Flux is to render. */
export type FluxChart = {
  readonly chart: ChartSource
  readonly app: string
  readonly namespace: string
  /** YAML, with its variables filled in; empty for none. */
  readonly values: string
}

/** How often Flux looks again: what its documentation has in its examples. */
const interval = '10m'

/**
 * The same release as objects for Flux, written without helm: where the chart comes from, and a
 * HelmRelease. Both have the app's name, so that no two apps share one.
 */
export function helmRelease(given: FluxChart): readonly ObjectText[] | Refusal {
  const source = fluxSource(given)
  if (isRefusal(source)) return source
  const text = releaseText(given, source.reference)
  const problem = valuesProblem(text, given.values)
  if (problem) return problem
  return [
    { text: source.text, place: `chart: ${source.kind}` },
    { text, place: 'chart: HelmRelease' },
  ]
}

type FluxSource = { readonly kind: string; readonly text: string; readonly reference: string }

function fluxSource(given: FluxChart): FluxSource | Refusal {
  const { chart, app } = given
  switch (chart.kind) {
    case 'repository':
      return {
        kind: 'HelmRepository',
        text: sourceText(given, { kind: 'HelmRepository', url: chart.url, more: '' }),
        reference: chartSpec(
          `    chart: ${quoted(chart.name)}\n    version: ${quoted(chart.version)}\n`,
          { kind: 'HelmRepository', app },
        ),
      }
    case 'oci':
      return {
        kind: 'OCIRepository',
        text: sourceText(given, {
          kind: 'OCIRepository',
          url: chart.url,
          more: layer(chart.version),
        }),
        reference: `  chartRef:\n    kind: OCIRepository\n    name: ${quoted(app)}\n`,
      }
    case 'git':
      return {
        kind: 'GitRepository',
        text: sourceText(given, {
          kind: 'GitRepository',
          url: chart.url,
          more: gitMore(given, chart),
        }),
        reference: chartSpec(
          `    chart: ${quoted(`./${chart.path}`)}\n    reconcileStrategy: Revision\n`,
          { kind: 'GitRepository', app },
        ),
      }
    case 'folder':
      return refuse(
        'invalid',
        `chart: Flux cannot read the folder ${chart.folder}; give the chart’s repository:, or its address in git, or leave render: helmrelease out`,
      )
  }
}

/** An OCI tag cannot have a plus: helm writes an underscore for it. */
const layer = (version: string): string => `  ref:
    tag: ${quoted(version.replaceAll('+', '_'))}
  layerSelector:
    mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
    operation: copy
`

/** Flux takes the key for ssh out of a Secret, which has the source's name. */
const gitMore = ({ app }: FluxChart, { ref, url }: GitChart): string =>
  `  ref:\n    ${ref.kind === 'sha' ? 'commit' : 'tag'}: ${quoted(ref.name)}\n${
    url.startsWith('ssh:') ? `  secretRef:\n    name: ${quoted(app)}\n` : ''
  }`

type SourceFields = { readonly kind: string; readonly url: string; readonly more: string }

const sourceText = ({ app, namespace }: FluxChart, { kind, url, more }: SourceFields): string =>
  `apiVersion: source.toolkit.fluxcd.io/v1
kind: ${kind}
metadata:
  name: ${quoted(app)}
  namespace: ${quoted(namespace)}
spec:
  interval: ${interval}
  url: ${quoted(url)}
${more}`

const chartSpec = (fields: string, { kind, app }: { kind: string; app: string }): string =>
  `  chart:
    spec:
${indented(fields, 2)}      sourceRef:
        kind: ${kind}
        name: ${quoted(app)}
`

const releaseText = ({ app, namespace, values }: FluxChart, reference: string): string =>
  `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: ${quoted(app)}
  namespace: ${quoted(namespace)}
spec:
  interval: ${interval}
  releaseName: ${quoted(releaseName(app))}
  targetNamespace: ${quoted(namespace)}
${reference}${values === '' ? '' : `  values:\n${indented(values, 4)}`}`

/** Names that are all digits, such as a namespace 12, would be numbers without quotes. */
const quoted = (text: string): string => JSON.stringify(text)

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by))

/** Proves that the values say there what they said alone. */
function valuesProblem(text: string, values: string): Refusal | null {
  if (values === '') return null
  const [whole, alone] = [parseYaml(text), parseYaml(values)]
  if (isRefusal(alone)) return refuse('invalid', `values: ${alone.message}`)
  const release = isRefusal(whole) ? undefined : whole[0]?.value
  const spec: unknown = release instanceof Map ? release.get('spec') : undefined
  const isSame = spec instanceof Map && sameValue(spec.get('values'), alone[0]?.value)
  return isSame && alone.length === 1
    ? null
    : refuse(
        'invalid',
        'values: cannot stand in a HelmRelease as they are; write them as a plain mapping',
      )
}
