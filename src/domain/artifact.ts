import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from './fault.ts'
import { jsonProblem } from './json.ts'
import { isArtifactId, isLabel, isRepository, labelRule, lastPart } from './names.ts'

/** A releasable version, as CI posts it and the store keeps it. Unknown keys are kept. */
export type Artifact = {
  readonly id: string
  /** Unix seconds of its arrival. */
  readonly created: number
  readonly version: Version
  readonly context: Readonly<Record<string, string>>
  readonly environments: readonly ArtifactEnvironment[]
  readonly items: readonly Readonly<Record<string, unknown>>[]
}

export type Version = {
  readonly repositoryName: string
  /** The number of the repository, where the token that posted it has proved it. */
  readonly repositoryId?: number
  readonly sha: string
  /** Unix seconds. */
  readonly created: number
  readonly branch: string
  readonly event: 'push' | 'tag' | 'pr'
  readonly sourceBranch: string
  readonly targetBranch: string
  readonly tag: string
  readonly authorName: string
  readonly authorEmail: string
  readonly committerName: string
  readonly committerEmail: string
  readonly message: string
  readonly url: string
}

/** A manifest that the artifact brings itself: contract, section 4b. */
export type ArtifactEnvironment = {
  readonly app: string
  readonly env: string
  readonly namespace?: string | undefined
  readonly manifests?: string | undefined
}

/** An artifact before it is stored: without the times and, if CI gave none, without the id. */
export type NewArtifact = Omit<Artifact, 'id' | 'created' | 'version'> & {
  readonly id: string | null
  readonly version: Omit<Version, 'created'> & { readonly created?: number | undefined }
}

/**
 * Reads a posted artifact in GimletD's form or in the design draft's.
 * Answers the artifact, or a refusal that names the field and what it should be.
 */
export function parseArtifact(body: unknown): NewArtifact | Refusal {
  const problem = jsonProblem(body)
  if (problem) return refuse('invalid', `artifact: ${problem}`)
  const form = fromDraft(body)
  if (isRefusal(form)) return form
  const parsed = artifactSchema.safeParse(form)
  if (!parsed.success) return refuse('invalid', issueText(parsed.error))
  const { id = null, ...rest } = parsed.data
  return { ...rest, id }
}

/** The first problem of a zod check as `artifact.version.sha: …`. */
function issueText(error: z.ZodError): string {
  const issue = error.issues[0]
  const path = ['artifact', ...(issue?.path ?? [])].join('.')
  return `${path}: ${issue?.message ?? 'is not valid'}`
}

// No user text of one line may hold control characters: it ends up in commits, logs and terminals.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const oneLine = /^[^\u0000-\u001f\u007f\u2028\u2029]*$/
const line = (most: number) =>
  z
    .string({ error: 'must be text' })
    .max(most, `must have at most ${most} characters`)
    .regex(oneLine, 'must be one line without control characters')

const label = z.string({ error: `must be ${labelRule}` }).refine(isLabel, `must be ${labelRule}`)

const versionSchema = z.looseObject(
  {
    repositoryName: line(200).refine(isRepository, 'must be a repository name such as owner/name'),
    sha: z
      .string({ error: 'must be a commit id' })
      .regex(/^[0-9a-f]{4,64}$/, 'must be a commit id: lower-case hexadecimal'),
    created: z.number({ error: 'must be Unix seconds' }).int().min(0).max(253402300799).optional(),
    branch: line(255).default(''),
    event: z.enum(['push', 'tag', 'pr'], { error: 'must be push, tag or pr' }).default('push'),
    sourceBranch: line(255).default(''),
    targetBranch: line(255).default(''),
    tag: line(255).default(''),
    authorName: line(255).default(''),
    authorEmail: line(255).default(''),
    committerName: line(255).default(''),
    committerEmail: line(255).default(''),
    message: z.string({ error: 'must be text' }).default(''),
    url: line(2048).default(''),
  },
  { error: 'must be an object' },
)

const environmentSchema = z.looseObject(
  {
    // What it comes to with its variables, where it has any, is checked as a part of the manifest.
    app: label.or(line(500).regex(/\{\{/, `must be ${labelRule}`)),
    env: label,
    // GimletD's clients always send it; empty means the default.
    namespace: label.or(z.literal('')).optional(),
    manifests: z.string({ error: 'must be YAML text' }).optional(),
  },
  { error: 'must be an object with app and env' },
)

const artifactSchema = z.looseObject(
  {
    id: z
      .string({ error: 'must be text' })
      .refine(isArtifactId, 'must have at most 250 of: letters, digits, . _ @ : + - and inner /')
      .optional(),
    version: versionSchema,
    context: z
      .record(z.string(), z.string({ error: 'must be text' }), { error: 'must be an object' })
      .default({}),
    environments: z
      .array(environmentSchema, { error: 'must be a list' })
      .max(1000, 'must have at most 1000 entries')
      .default([]),
    items: z
      .array(z.record(z.string(), z.unknown(), { error: 'must be an object' }), {
        error: 'must be a list',
      })
      .max(1000, 'must have at most 1000 entries')
      .default([]),
  },
  { error: 'must be an object' },
)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Turns the design draft's form into GimletD's; leaves everything else as it is. */
function fromDraft(body: unknown): unknown {
  if (!isObject(body) || !isObject(body.version)) return body
  const { artifacts, ...rest } = body
  const { name, source_branch: sourceBranch, pr, ...version } = body.version
  if (artifacts !== undefined && rest.items !== undefined)
    return refuse('invalid', 'artifact.artifacts: cannot stand beside items; give one of them')
  if (pr !== undefined && typeof pr !== 'boolean')
    return refuse('invalid', 'artifact.version.pr: must be true or false')
  return {
    ...rest,
    ...(artifacts === undefined ? {} : { items: artifacts }),
    version: {
      ...(name === undefined ? {} : { repositoryName: name }),
      ...(sourceBranch === undefined ? {} : { sourceBranch }),
      ...(pr === true ? { event: 'pr', targetBranch: version.branch } : {}),
      ...version,
    },
  }
}

/** The name that an app has when nothing else names it: the last part of its repository's. */
export const repositoryApp = (version: Pick<Version, 'repositoryName'>): string =>
  lastPart(version.repositoryName)

/**
 * The branch whose code was built. For a pull request CI puts it in one of two fields: Gimlet's shipper
 * in `branch`, the design draft in `sourceBranch`, with `branch` as the target.
 */
export const builtBranch = ({
  event,
  branch,
  sourceBranch,
  targetBranch,
}: Pick<Version, 'event' | 'branch' | 'sourceBranch' | 'targetBranch'>): string =>
  event === 'pr' && branch === targetBranch ? sourceBranch || branch : branch
