import type { ArtifactEnvironment } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { isLabel } from '../domain/names.ts'
import type { PreviewRule } from '../domain/preview.ts'
import { fixedName } from './app-name.ts'
import type { ChartFields } from './chart/chart.ts'
import { valuesText, type Written } from './chart/values.ts'
import type { CleanupRule, DeployRule } from './deploy-trigger.ts'
import { type Form, formsOf } from './forms.ts'
import type { ImageChange } from './kustomize/images.ts'
import { fieldProblem, manifestFields } from './manifest-fields.ts'
import type { Json6902Patch } from './patch/json6902.ts'

/** How one app is written into one environment: contract, section 4b. */
export type Manifest = {
  /** Where it was read, for messages. */
  readonly file: string
  readonly app: string
  /** `app` as it was written, if it has variables: then `app` is a name only for one artifact. */
  readonly appTemplate: string | null
  readonly env: string
  readonly namespace: string
  /** The namespaces that its objects may name; `null` where it names none itself. */
  readonly namespaces: readonly string[] | null
  /** Whether objects of Kubernetes' own kinds must have the fields that its API knows. */
  readonly validate: boolean
  /** The one repository whose artifacts it takes; `null` leaves that to the app's name. */
  readonly repository: string | null
  /** The same by GitHub's number, which stays when a name is given to another repository. */
  readonly repositoryId: number | null
  /** The file of the GitHub workflow whose runs are its artifacts; `null` leaves that to CI. */
  readonly workflow: string | null
  /** Kubernetes objects as YAML, with variables; empty for none. */
  readonly manifests: string
  readonly chart: ChartFields | null
  /** The chart's, as YAML with variables: see `valuesText`. */
  readonly values: string
  /** Whether a chart is rendered here, or written as objects that Flux renders. */
  readonly render: 'helm' | 'helmrelease'
  readonly kustomize: { readonly path: string; readonly images: readonly ImageChange[] } | null
  /** YAML with variables; empty for none. */
  readonly strategicMergePatches: string
  readonly json6902Patches: readonly Json6902Patch[]
  /** All files below MANIFESTS; `null` for a manifest that came with an artifact. */
  readonly files: ReadonlyMap<string, string> | null
  /** Of one that is for pull requests only: each has the app under a name of its own. */
  readonly preview: PreviewRule | null
  /** When an artifact goes there by itself: when any of these fits it. */
  readonly deploy: readonly DeployRule[]
  /** What goes when a branch does. */
  readonly cleanup: CleanupRule | null
}

export type PreviewManifest = Manifest & { readonly preview: PreviewRule }

/** Something in `file` that cannot be used. A `null` app or env stands for any. */
export type ManifestProblem = {
  readonly file: string
  /** A sentence for whoever wrote the file; it names the file and, if known, line and column. */
  readonly message: string
  readonly app: string | null
  readonly env: string | null
}

export type Entry = Manifest | ManifestProblem

/** Reads an entry of an artifact's `environments`. `file` names it in messages. */
export function manifestOf(environment: ArtifactEnvironment, file: string): Manifest | Refusal {
  const entry = readManifest(environment, { file, written: null })
  return isManifest(entry) ? entry : refuse('invalid', entry.message)
}

/** True of a manifest that is for pull requests. */
export const isPreview = (manifest: Manifest): manifest is PreviewManifest =>
  manifest.preview !== null

export const isManifest = (entry: Entry): entry is Manifest => 'manifests' in entry

type From = {
  readonly file: string
  /** `null` for one that was not written as YAML. */
  readonly written: Written | null
}

/** Reads the fields of one manifest, or says what is wrong with them. */
export function readManifest(
  fields: Readonly<Record<string, unknown>>,
  { file, written }: From,
): Entry {
  const about = { file, app: labelOf(fields.app), env: labelOf(fields.env) }
  const parsed = manifestFields.safeParse(fields)
  if (!parsed.success) return problemOf({ ...about, message: fieldProblem(parsed.error) })
  const values = valuesText(fields.values, written)
  if (isRefusal(values)) return problemOf({ ...about, message: values.message })
  const { app, namespace, namespaces: further, ...rest } = parsed.data
  const isFree = (fields.namespace ?? '') === '' && further.length === 0
  const manifest: Manifest = {
    ...{ file, files: null, values, ...rest, app, namespace },
    appTemplate: isLabel(app) ? null : app,
    namespaces: isFree ? null : [namespace, ...further],
  }
  const message = problemIn(manifest)
  return message === null ? manifest : problemOf({ ...about, message })
}

const nothingText =
  'manifests: must be Kubernetes objects as YAML text, if there is neither chart nor kustomize; write "manifests: |" above them'
const labelText =
  'preview.label: one with `deploy` needs no pull request, so nothing has the label; leave one of them out'
const ownNameText = (app: string): string =>
  `app: a preview has the name of its branch by itself; write app: ${fixedName(app) || 'web'}`

/** What no field says alone. */
function problemIn(manifest: Manifest): string | null {
  const { manifests, chart, kustomize, values, appTemplate, preview, deploy } = manifest
  if (manifests.trim() === '' && !chart && !kustomize) return nothingText
  if (values !== '' && !chart) return 'values: are those of a chart; add chart, or leave them out'
  if (appTemplate !== null && preview !== null) return ownNameText(appTemplate)
  if (preview?.label && deploy.length > 0) return labelText
  const forms = formsOf(manifests)
  if (isRefusal(forms)) return `manifests: ${forms.message}`
  const patches = formsOf(manifest.strategicMergePatches)
  if (isRefusal(patches)) return `strategicMergePatches: ${patches.message}`
  const shared = preview && sharedObject(forms)
  return shared ? `manifests: ${shared}` : null
}

/** Something that is different in each preview. */
const ownExpression = /\{\{[^}]*\.(?:APP|BRANCH|PR)\b/

/** The first object that all previews would share, and take from one another; told so. */
function sharedObject(forms: readonly Form[]): string | null {
  for (const { value } of forms) {
    const metadata = value instanceof Map ? value.get('metadata') : undefined
    const names = metadata instanceof Map ? [metadata.get('name'), metadata.get('namespace')] : []
    if (value === null || names.some((one) => ownExpression.test(String(one)))) continue
    const [name] = names
    return `every preview would have the same ${String(value instanceof Map ? value.get('kind') : 'object')} ${String(name)}; write "{{ .APP }}" in its name`
  }
  return null
}

const labelOf = (value: unknown): string | null =>
  typeof value === 'string' && isLabel(value) ? value : null

type Finding = Pick<ManifestProblem, 'file' | 'message'> & Partial<ManifestProblem>

/** What is wrong in a file; without app or env it concerns them all. */
export const problemOf = ({ file, message, app = null, env = null }: Finding): ManifestProblem => ({
  file,
  message: `${file}: ${message}`,
  app,
  env,
})
