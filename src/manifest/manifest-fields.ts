import { z } from 'zod'
import { isLabel, isRepository, labelRule } from '../domain/names.ts'
import { type PreviewRule, previewDays } from '../domain/preview.ts'
import { appShape } from './app-name.ts'
import { chartShape, renderShape } from './chart/chart.ts'
import { cleanupShape, deployShape } from './deploy-shape.ts'

/** A mapping of YAML, whose keys no prototype has, as zod takes it. */
const mappingAsObject = (value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value) : value

/** GimletD's clients send a field that is not used as empty text. */
const blankAsNothing = (value: unknown): unknown =>
  value === '' ? undefined : (value ?? undefined)

const label = z.string({ error: `must be ${labelRule}` }).refine(isLabel, `must be ${labelRule}`)
const text = z.string('must be text; put quotes around it')

const previewText = 'must be true, or a mapping of label and days'
const daysText = 'must be a whole number of days from 1 to 365'

const previewShape = z
  .preprocess(
    (value) => mappingAsObject(value || false),
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

/** A path below the MANIFESTS folder, in its plainest form. */
const folderShape = z
  .string('must be the folder of a kustomization, such as web/production')
  .transform((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''))
  .refine(
    (path) => path !== '' && path.split('/').every((part) => !/^(?:|\.|\.\.)$/.test(part)),
    'must be a folder below MANIFESTS, such as web/production',
  )

const imageShape = z.preprocess(
  mappingAsObject,
  z.strictObject(
    {
      name: text,
      newName: text.optional(),
      newTag: text.optional(),
      digest: text.optional(),
    },
    'must be a mapping of name and newName, newTag or digest',
  ),
)

const kustomizeShape = z.preprocess(
  (value) => {
    const fields = mappingAsObject(blankAsNothing(value))
    return typeof fields === 'string' ? { path: fields } : fields
  },
  z
    .strictObject(
      { path: folderShape, images: z.array(imageShape, 'must be a list').default([]) },
      'must be a folder, or a mapping of path and images',
    )
    .nullable()
    .default(null),
)

const targetShape = z.preprocess(
  mappingAsObject,
  z.strictObject(
    {
      group: z.preprocess(blankAsNothing, text.optional()),
      version: z.preprocess(blankAsNothing, text.optional()),
      kind: text,
      name: text,
      namespace: z.preprocess(blankAsNothing, text.optional()),
    },
    'must be a mapping of kind and name, and of group, version or namespace where these are needed',
  ),
)

const json6902Shape = z.preprocess(
  (value) => blankAsNothing(value) ?? [],
  z.array(
    z.preprocess(
      mappingAsObject,
      z.strictObject(
        {
          patch: z.string('must be a list of operations as text; write "patch: |" above them'),
          target: targetShape,
        },
        'must be a mapping of patch and target',
      ),
    ),
    'must be a list',
  ),
)

const repositoryIdText = 'must be the number that GitHub has for the repository'
const workflowText = 'must be the file name of a workflow, such as build.yml'
const repositoryText = 'must be a repository name such as owner/name'

/** The fields of a manifest (contract, section 4b). Other keys are not looked at. */
export const manifestFields = z.object({
  app: appShape,
  env: label,
  namespace: z.preprocess((value) => blankAsNothing(value) ?? 'default', label),
  namespaces: z.array(label, { error: 'must be a list of namespaces' }).default([]),
  validate: z.boolean({ error: 'must be true or false' }).default(true),
  repository: z
    .string({ error: repositoryText })
    .refine(isRepository, repositoryText)
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
  manifests: z.preprocess(
    (value) => value ?? '',
    z.string({ error: 'must be Kubernetes objects as YAML text; write "manifests: |" above them' }),
  ),
  chart: chartShape,
  render: renderShape,
  kustomize: kustomizeShape,
  strategicMergePatches: z.preprocess(
    (value) => value ?? '',
    z.string('must be patches as YAML text; write "strategicMergePatches: |" above them'),
  ),
  json6902Patches: json6902Shape,
  preview: previewShape,
  deploy: deployShape,
  cleanup: cleanupShape,
})

/** The first thing that is wrong with a manifest's fields, and which. */
export function fieldProblem(error: z.ZodError): string {
  const [issue] = error.issues
  return `${issue?.path.join('.')}: ${issue?.message}`
}
