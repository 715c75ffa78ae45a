import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { parseYaml } from '../parse-yaml.ts'

/** A chart that lies among the manifests: the text of its files by path below its folder. */
export type ChartFiles = { readonly kind: 'files'; readonly files: ReadonlyMap<string, string> }

/**
 * The chart in a folder of the manifests. An artifact's own manifest has no such folder: `null`.
 * Everything that the chart needs must lie in it.
 */
export function chartFiles(
  files: ReadonlyMap<string, string> | null,
  folder: string,
): ChartFiles | Refusal {
  if (files === null)
    return refuse(
      'invalid',
      `chart: ${folder} is a folder, and an artifact brings none; give the chart’s repository: and version:, or put the manifest below MANIFESTS`,
    )
  const own = new Map<string, string>()
  for (const [path, text] of files)
    if (path.startsWith(`${folder}/`)) own.set(path.slice(folder.length + 1), text)
  const problem = folderProblem(own)
  return problem ? refuse('invalid', `chart: ${folder}${problem}`) : { kind: 'files', files: own }
}

const pathPart = /^(?!\.\.?$)[^\\\p{Cc}]+$/u

function folderProblem(files: ReadonlyMap<string, string>): string | null {
  const chart = files.get('Chart.yaml')
  if (chart === undefined)
    return ' has no Chart.yaml; name a chart’s folder below MANIFESTS, or add the chart’s repository:'
  for (const [path, text] of files) {
    if (!path.split('/').every((part) => pathPart.test(part))) return `: ${path} is no path in it`
    if (/^charts\/.*\.t(?:ar\.)?gz$/.test(path))
      return `/${path} is an archive; unpack it beside itself with tar xzf, and remove it`
    if (/[\0\ufffd]/.test(text)) return `/${path} is not text; only text files can be read`
  }
  return dependencyProblem(chart, files)
}

/** Nothing is fetched for a folder, and nothing outside of it is read. */
function dependencyProblem(chart: string, files: ReadonlyMap<string, string>): string | null {
  const documents = parseYaml(chart)
  if (isRefusal(documents)) return `/Chart.yaml: ${documents.message}`
  const value = documents[0]?.value
  const dependencies: unknown = value instanceof Map ? value.get('dependencies') : undefined
  for (const one of Array.isArray(dependencies) ? dependencies : []) {
    const name = one instanceof Map ? String(one.get('name')) : ''
    if (!files.has(`charts/${name}/Chart.yaml`))
      return ` needs the chart ${name}, and charts/${name}/ is not in it; run helm dependency update, unpack what lies in charts/ then, and commit it`
  }
  return null
}
