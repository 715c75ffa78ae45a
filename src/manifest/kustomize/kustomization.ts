import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { parseYaml } from '../parse-yaml.ts'

const text = z.string({ error: 'must be text; put quotes around it' })
const pairs = z.record(z.string(), text)
const path = text.min(1, 'must not be empty')

/** A selector's name, kind and the like: regular expressions in kustomize, of the whole text. */
const pattern = text.regex(
  // Each ".*" may go back as far as the name is long: a few of them cost little, many never end.
  /^(?:[\w|-]|\.(?!\*))*(?:\.\*(?:[\w|-]|\.(?!\*))*){0,3}$/,
  'may have letters, digits, "-", "_", ".", "|" and at most three ".*"',
)
const selector = z.strictObject({
  group: pattern.optional(),
  version: pattern.optional(),
  kind: pattern.optional(),
  name: pattern.optional(),
  namespace: pattern.optional(),
  labelSelector: text.optional(),
  annotationSelector: text.optional(),
})
const patch = z
  .strictObject({ path: path.optional(), patch: text.optional(), target: selector.optional() })
  .refine(({ path, patch }) => (path === undefined) !== (patch === undefined), {
    error: 'needs either "path" or "patch"',
  })
const image = z.strictObject({
  name: path,
  newName: text.optional(),
  newTag: text.optional(),
  digest: text.optional(),
})
const generatorOptions = z.strictObject({
  labels: pairs.optional(),
  annotations: pairs.optional(),
  disableNameSuffixHash: z.boolean().optional(),
  immutable: z.boolean().optional(),
})
const generator = {
  name: path,
  namespace: path.optional(),
  behavior: z.enum(['create', 'merge', 'replace']).default('create'),
  literals: z.array(text).default([]),
  files: z.array(path).default([]),
  envs: z.array(path).default([]),
  options: generatorOptions.default({}),
}
const labels = z.strictObject({
  pairs,
  includeSelectors: z.boolean().default(false),
  includeTemplates: z.boolean().default(false),
})

const schema = z.strictObject({
  apiVersion: text.optional(),
  kind: z.enum(['Kustomization', 'Component']).default('Kustomization'),
  metadata: z.unknown().optional(),
  resources: z.array(path).default([]),
  bases: z.array(path).default([]),
  components: z.array(path).default([]),
  namespace: path.optional(),
  namePrefix: text.default(''),
  nameSuffix: text.default(''),
  labels: z.array(labels).default([]),
  commonLabels: pairs.default({}),
  commonAnnotations: pairs.default({}),
  images: z.array(image).default([]),
  replicas: z.array(z.strictObject({ name: path, count: z.number().int().min(0) })).default([]),
  patches: z.array(patch).default([]),
  patchesStrategicMerge: z.array(path).default([]),
  patchesJson6902: z.array(patch).default([]),
  configMapGenerator: z.array(z.strictObject(generator)).default([]),
  secretGenerator: z.array(z.strictObject({ ...generator, type: text.optional() })).default([]),
  generatorOptions: generatorOptions.default({}),
})

/** A `kustomization.yaml`, checked. */
export type Kustomization = z.infer<typeof schema>
export type Patch = z.infer<typeof patch>
export type Selector = z.infer<typeof selector>
export type Generator = Kustomization['secretGenerator'][number]
export type GeneratorOptions = z.infer<typeof generatorOptions>

/** Reads a kustomization. A field that is not supported is refused by its name. */
export function parseKustomization(source: string): Kustomization | Refusal {
  const documents = parseYaml(source)
  if (isRefusal(documents)) return documents
  if (documents.length !== 1) return refuse('invalid', 'must be one YAML document')
  const parsed = schema.safeParse(plainObject(documents[0]?.value))
  return parsed.success ? parsed.data : refuse('invalid', issueText(parsed.error))
}

function plainObject(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainObject)
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([key, entry]) => [key, plainObject(entry)]))
}

function issueText(error: z.ZodError): string {
  const [issue] = error.issues
  const place = issue?.path.join('.') ?? ''
  if (issue?.code !== 'unrecognized_keys') return `${place || 'kustomization'}: ${issue?.message}`
  const field = [...issue.path, issue.keys[0]].join('.')
  return `${field} is not supported; leave it out, or render it before and write the objects under \`manifests\``
}
