import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { hashedName } from '../../domain/preview.ts'
import { hasTemplate } from '../template.ts'
import { fill, type Variables } from '../variables.ts'

/** A chart as a manifest names it, in GimletD's words; its texts may have variables. */
export type ChartFields = {
  readonly repository: string
  readonly name: string
  readonly version: string
}

/** Where a chart is. One that is elsewhere has one version, so that a release always gives the same files. */
export type ChartSource =
  | {
      readonly kind: 'repository'
      readonly url: string
      readonly name: string
      readonly version: string
    }
  | { readonly kind: 'oci'; readonly url: string; readonly version: string }
  | GitChart
  | { readonly kind: 'folder'; readonly folder: string }

export type GitChart = {
  readonly kind: 'git'
  readonly url: string
  readonly ref: { readonly kind: 'sha' | 'tag'; readonly name: string }
  /** The chart's folder in the repository; empty is its top. */
  readonly path: string
}

/** The longest name that helm takes for a release. */
const releaseNameCharactersMax = 53

/** The name of an app's helm release: its own, or the start of it with a hash where that is too long. */
export const releaseName = (app: string): string =>
  app.length <= releaseNameCharactersMax ? app : hashedName(app, app, releaseNameCharactersMax)

const textRule = 'must be text; put quotes around it'
const field = z.preprocess((value) => value ?? '', z.string(textRule))

/** The field `chart`; `null` where it is blank, as GimletD's clients send it. */
export const chartShape = z.preprocess(
  (value) => {
    const fields = value instanceof Map ? Object.fromEntries(value) : value
    const isMapping = typeof fields === 'object' && fields !== null && !Array.isArray(fields)
    const isBlank = isMapping && Object.values(fields).every(isEmpty)
    return isEmpty(fields) || isBlank ? null : fields
  },
  z
    .looseObject(
      { repository: field, name: field, version: field },
      'must be a mapping of repository, name and version',
    )
    .transform(({ repository, name, version }) => ({ repository, name, version }))
    .superRefine((fields, context) => {
      // What has variables is known, and checked, once they are filled in.
      if (Object.values(fields).some(hasTemplate)) return
      const source = sourceOf(fields)
      if (isRefusal(source)) context.addIssue(source.message)
    })
    .nullable(),
)

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === ''

/** The field `render`: with the helm program, or as objects that Flux renders. */
export const renderShape = z
  .enum(['helm', 'helmrelease'], 'must be helm or helmrelease')
  .default('helm')

/** Fills a chart's variables in, and says where the chart is. */
export function chartSource(fields: ChartFields, variables: Variables): ChartSource | Refusal {
  const filled: Record<string, string> = {}
  for (const [name, text] of Object.entries(fields)) {
    const value = hasTemplate(text) ? fill(text, variables) : text
    if (isRefusal(value)) return refuse('invalid', `chart.${name}: ${value.message}`)
    filled[name] = String(value)
  }
  const { repository = '', name = '', version = '' } = filled
  const source = sourceOf({ repository, name, version })
  return isRefusal(source) ? refuse('invalid', `chart: ${source.message}`) : source
}

function sourceOf({ repository, name, version }: ChartFields): ChartSource | Refusal {
  if (name === '') return refuse('invalid', 'needs a name: of a chart, or its address')
  const address = repository === '' ? name : repository
  if (address.startsWith('oci://'))
    return ociChart(repository === '' ? name : `${repository.replace(/\/+$/, '')}/${name}`, version)
  if (repository === '' && isGitAddress(name)) return gitChart(name, version)
  if (repository !== '') return repositoryChart({ repository, name, version })
  if (/^[a-z][a-z0-9+.-]*:/i.test(name))
    return refuse(
      'invalid',
      'write a Helm repository’s address as repository:, and the chart in it as name:',
    )
  return folderChart(name, version)
}

const chartName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,249}$/
const exactVersion =
  /^v?\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,60})?(?:\+[0-9A-Za-z.-]{1,60})?$/
const versionRule =
  'write the one version that is meant, such as version: 1.2.3; with a range, the same release would not always give the same files'

function repositoryChart({ repository, name, version }: ChartFields): ChartSource | Refusal {
  const url = repository.replace(/\/+$/, '')
  if (!isAddress(url, ['https:', 'http:']))
    return refuse(
      'invalid',
      'repository: must be an https: or oci: URL without a password, ? or # in it',
    )
  if (!chartName.test(name))
    return refuse('invalid', 'name: must be the name of a chart in its repository, such as redis')
  if (!exactVersion.test(version)) return refuse('invalid', versionRule)
  return { kind: 'repository', url, name, version }
}

function ociChart(url: string, version: string): ChartSource | Refusal {
  const plain = url.replace(/^oci:/, 'https:')
  const parts = URL.canParse(plain) ? new URL(plain).pathname.slice(1).split('/') : []
  const isChart =
    parts.length > 0 && parts.every((part) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(part))
  if (!isAddress(plain, ['https:']) || !isChart)
    return refuse('invalid', 'must be an address such as oci://registry.example.com/charts/web')
  if (!exactVersion.test(version)) return refuse('invalid', versionRule)
  return { kind: 'oci', url, version }
}

const isGitAddress = (name: string): boolean =>
  name.startsWith('git@') || /^(?:https?|ssh):\/\/[^?]*\.git(?:\?|$)/.test(name)

const sha = /^[0-9a-f]{40}$/
const tag = /^(?!.*(?:\.\.|\/[/.]|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}(?<![./])$/
const gitRule =
  'write a chart in git as https://github.com/acme/charts.git?sha=<40 characters>&path=/charts/web/, or with tag= for sha='

/** GimletD's way to write one: the ref and the folder as parameters of the repository's address. */
function gitChart(text: string, version: string): ChartSource | Refusal {
  const [address, query] = halves(text, '?')
  const url = address.replace(/^git@([^:/]+):/, 'ssh://git@$1/')
  const isSsh = /^ssh:\/\/git@[A-Za-z0-9.-]+\/[\w./-]+$/.test(url)
  if (!isSsh && !isAddress(url, ['https:', 'http:'])) return refuse('invalid', gitRule)
  const given = query === '' ? [] : query.split('&').map((pair) => halves(pair, '='))
  const parameters = new Map(given.map(([name, value]) => [name, decoded(value)]))
  const isKnown = [...parameters.keys()].every((name) => ['sha', 'tag', 'path'].includes(name))
  if (parameters.has('branch'))
    return refuse(
      'invalid',
      `a branch moves on, and the same release would not always give the same files; ${gitRule}`,
    )
  if (!isKnown || parameters.size < given.length) return refuse('invalid', gitRule)
  if (version !== '')
    return refuse('invalid', 'a chart in git has the version of its commit; leave version: out')
  const path = partsOf(parameters.get('path') ?? '')
  const ref = refOf(parameters)
  return ref && path ? { kind: 'git', url, ref, path: path.join('/') } : refuse('invalid', gitRule)
}

/** What stands before the first of a mark, and all that stands behind it. */
function halves(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function refOf(parameters: ReadonlyMap<string, string>): GitChart['ref'] | null {
  const [ofSha, ofTag] = [parameters.get('sha'), parameters.get('tag')]
  if (ofSha !== undefined)
    return ofTag === undefined && sha.test(ofSha) ? { kind: 'sha', name: ofSha } : null
  return ofTag !== undefined && tag.test(ofTag) ? { kind: 'tag', name: ofTag } : null
}

function folderChart(name: string, version: string): ChartSource | Refusal {
  const parts = partsOf(name)
  if (name.startsWith('/') || !parts || parts.length === 0)
    return refuse('invalid', 'name: must be a folder below MANIFESTS, such as charts/web')
  if (version !== '')
    return refuse(
      'invalid',
      `${name} is a folder, whose version is in its Chart.yaml; leave version: out, or add the chart’s repository:`,
    )
  return { kind: 'folder', folder: parts.join('/') }
}

/** The parts of a path that leads down only; `null` for any other. */
function partsOf(path: string): readonly string[] | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(part)) ? parts : null
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}

function isAddress(url: string, protocols: readonly string[]): boolean {
  if (/[\s\p{Cc}\\'"]/u.test(url) || !URL.canParse(url)) return false
  const { protocol, host, username, password, search, hash, pathname } = new URL(url)
  const isPlain = [username, password, search, hash].every((part) => part === '')
  // What the parser would change is not what was written: `..`, other spellings of a host.
  const written = url.replace(/^[a-z]+:\/\/[^/]*/, (start) => start.toLowerCase())
  const end = pathname === '/' ? '' : pathname
  const isAsWritten = ['', ':443', ':80'].some(
    (port) => written === `${protocol}//${host}${port}${end}`,
  )
  return protocols.includes(protocol) && isPlain && isAsWritten
}
