import { z } from 'zod'
import type { ArtifactEnvironment } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { isLabel, isRepository, labelRule } from '../domain/names.ts'
import { type PreviewRule, previewDays } from '../domain/preview.ts'
import type { Sources } from '../domain/sources.ts'
import { appShape, fixedName } from './app-name.ts'
import { cleanupShape, deployShape } from './deploy-shape.ts'
import type { CleanupRule, DeployRule } from './deploy-trigger.ts'
import { type Form, formsOf } from './forms.ts'
import { parseYaml } from './parse-yaml.ts'

/** How one app is written into one environment: contract, section 4b. */
export type Manifest = {
  /** Where it was read, for messages. */
  readonly file: string
  readonly app: string
  /** `app` as it was written, if it has variables: then `app` is a name only for one artifact. */
  readonly appTemplate: string | null
  readonly env: string
  readonly namespace: string
  /** The one repository whose artifacts it takes; `null` leaves that to the app's name. */
  readonly repository: string | null
  /** The same by GitHub's number, which stays when a name is given to another repository. */
  readonly repositoryId: number | null
  /** The file of the GitHub workflow whose runs are its artifacts; `null` leaves that to CI. */
  readonly workflow: string | null
  /** Kubernetes objects as YAML, with variables. */
  readonly manifests: string
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

/** Every manifest of a folder, at most one for an app and environment, and what is wrong with the rest. */
export type ManifestSet = {
  readonly version: string
  readonly manifests: readonly Manifest[]
  /** Those that are for pull requests. */
  readonly previews: readonly PreviewManifest[]
  /** Those whose app has another name for each artifact. */
  readonly templated: readonly Manifest[]
  readonly problems: readonly ManifestProblem[]
}

type Entry = Manifest | ManifestProblem

/** Reads every YAML document of every `.yaml` and `.yml` file. Never throws: what is wrong is listed. */
export const loadManifests = (sources: Sources): ManifestSet => manifestLoader()(sources)

/** The same, for one who loads again and again: a file that has not changed is not parsed again. */
export function manifestLoader(): (sources: Sources) => ManifestSet {
  let known = new Map<string, { text: string; entries: readonly Entry[] }>()
  return ({ version, files }) => {
    const read = new Map<string, { text: string; entries: readonly Entry[] }>()
    for (const [file, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!/\.ya?ml$/.test(file)) continue
      const before = known.get(file)
      read.set(file, before?.text === text ? before : { text, entries: entriesOf(file, text) })
    }
    known = read
    return setOf(
      version,
      [...read.values()].flatMap(({ entries }) => entries),
    )
  }
}

function setOf(version: string, entries: readonly Entry[]): ManifestSet {
  const groups = byTarget(entries.filter(isManifest))
  const clear = groups.flatMap((group) => (group.length === 1 ? group : []))
  return {
    version,
    manifests: clear.filter((manifest) => !isPreview(manifest) && manifest.appTemplate === null),
    previews: clear.filter(isPreview),
    templated: clear.filter(({ appTemplate }) => appTemplate !== null),
    problems: [...entries.filter(isProblem), ...groups.flatMap(ambiguity)],
  }
}

/** Reads an entry of an artifact's `environments`. `file` names it in messages. */
export function manifestOf(environment: ArtifactEnvironment, file: string): Manifest | Refusal {
  const entry = entryOf(environment, file)
  return isManifest(entry) ? entry : refuse('invalid', entry.message)
}

/** True of a manifest that is for pull requests. */
export const isPreview = (manifest: Manifest): manifest is PreviewManifest =>
  manifest.preview !== null

const isManifest = (entry: Entry): entry is Manifest => 'manifests' in entry
const isProblem = (entry: Entry): entry is ManifestProblem => !isManifest(entry)

function entriesOf(file: string, text: string): readonly Entry[] {
  const documents = parseYaml(text)
  // Without its YAML nothing says which app a file is about: it could be any.
  if (isRefusal(documents)) return [problem({ file, message: documents.message })]
  return documents
    .filter(({ value }) => value !== null)
    .map(({ value }) =>
      value instanceof Map
        ? entryOf(Object.fromEntries(value), file)
        : problem({ file, message: 'must be a mapping with app, env and manifests' }),
    )
}

function byTarget(manifests: readonly Manifest[]): readonly (readonly Manifest[])[] {
  const groups = new Map<string, Manifest[]>()
  for (const manifest of manifests) {
    const target = `${manifest.env}/${manifest.app}${isPreview(manifest) ? ' preview' : ''}`
    groups.set(target, [...(groups.get(target) ?? []), manifest])
  }
  return [...groups.values()]
}

/** Two manifests for one app and environment: none is used, because nothing says which one is meant. */
function ambiguity(group: readonly Manifest[]): readonly ManifestProblem[] {
  const [first] = group
  if (!first || group.length === 1) return []
  const { file, app, env } = first
  const files = [...new Set(group.map((manifest) => manifest.file))].join(' and ')
  const message = `app ${app} has more than one manifest for env ${env}, in ${files}; keep one`
  return [problem({ file, message, app, env })]
}

const label = z.string({ error: `must be ${labelRule}` }).refine(isLabel, `must be ${labelRule}`)

const previewText = 'must be true, or a mapping of label and days'
const daysText = 'must be a whole number of days from 1 to 365'

const previewShape = z
  .preprocess(
    (value) => (value instanceof Map ? Object.fromEntries(value) : value || false),
    z.union(
      [
        z.boolean(),
        z.strictObject({
          label: z.string().min(1).max(50).optional(),
          days: z
            .number({ error: daysText })
            .int(daysText)
            .min(1, daysText)
            .max(365, daysText)
            .optional(),
        }),
      ],
      { error: previewText },
    ),
  )
  .transform((value): PreviewRule | null => {
    if (value === false) return null
    const { label = null, days = previewDays } = value === true ? {} : value
    return { label, days }
  })

const repositoryIdText = 'must be the number that GitHub has for the repository'
const workflowText = 'must be the file name of a workflow, such as build.yml'

const manifestSchema = z.looseObject({
  app: appShape,
  env: label,
  // GimletD writes a namespace that is not given as empty text.
  namespace: z.preprocess((value) => ((value ?? '') === '' ? 'default' : value), label),
  repository: z
    .string({ error: 'must be a repository name such as owner/name' })
    .refine(isRepository, 'must be a repository name such as owner/name')
    .nullable()
    .default(null),
  repositoryId: z
    .number({ error: repositoryIdText })
    .int(repositoryIdText)
    .positive(repositoryIdText)
    .nullable()
    .default(null),
  workflow: z
    .string({ error: workflowText })
    .regex(/^[A-Za-z0-9_.-]{1,100}\.ya?ml$/, workflowText)
    .nullable()
    .default(null),
  manifests: z
    .string({ error: 'must be Kubernetes objects as YAML text; write "manifests: |" above them' })
    .refine((text) => text.trim() !== '', 'must not be empty'),
  preview: previewShape,
  deploy: deployShape,
  cleanup: cleanupShape,
})

const laterFields = ['chart', 'kustomize', 'strategicMergePatches', 'json6902Patches']

function entryOf(fields: Readonly<Record<string, unknown>>, file: string): Entry {
  const about = { file, app: labelOf(fields.app), env: labelOf(fields.env) }
  if (laterFields.some((field) => !isBlank(fields[field])))
    return problem({
      ...about,
      message:
        'charts and patches are not supported yet by this version; write the objects under `manifests`',
    })
  const parsed = manifestSchema.safeParse(fields)
  if (!parsed.success) return problem({ ...about, message: issueText(parsed.error) })
  const { manifests, preview, deploy, cleanup, ...named } = parsed.data
  const appTemplate = isLabel(named.app) ? null : named.app
  if (appTemplate !== null && preview !== null)
    return problem({ ...about, message: ownNameText(appTemplate) })
  if (preview?.label && deploy.length > 0) return problem({ ...about, message: labelText })
  const forms = formsOf(manifests)
  if (isRefusal(forms)) return problem({ ...about, message: `manifests: ${forms.message}` })
  const shared = preview && sharedObject(forms)
  if (shared) return problem({ ...about, message: `manifests: ${shared}` })
  const { app, env, namespace, repository, repositoryId, workflow } = named
  const names = { app, env, namespace, repository, repositoryId, workflow }
  return { file, ...names, appTemplate, manifests, preview, deploy, cleanup }
}

const labelText =
  'preview.label: one with `deploy` needs no pull request, so nothing has the label; leave one of them out'

const ownNameText = (app: string): string =>
  `app: a preview has the name of its branch by itself; write app: ${fixedName(app) || 'web'}`

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

/** GimletD's clients send a field that is not used as empty text, or as an object of empty texts. */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  if (value instanceof Map) return [...value.values()].every((entry) => isBlank(entry))
  return typeof value === 'object' && Object.values(value).every((entry) => isBlank(entry))
}

function issueText(error: z.ZodError): string {
  const issue = error.issues[0]
  return `${issue?.path.join('.')}: ${issue?.message}`
}

type Finding = Pick<ManifestProblem, 'file' | 'message'> & Partial<ManifestProblem>

const problem = ({ file, message, app = null, env = null }: Finding): ManifestProblem => ({
  file,
  message: `${file}: ${message}`,
  app,
  env,
})
