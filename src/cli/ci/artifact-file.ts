import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { type Build, type FieldName, variableOf } from './build.ts'
import type { Item } from './items.ts'

/** An artifact as it stands in a file: what it does not know of is kept. */
export type ArtifactFile = Readonly<Record<string, unknown>>

/** What is put into an artifact beside its version. */
export type Additions = {
  readonly items: readonly Item[]
  readonly environments: readonly unknown[]
  readonly context: Readonly<Record<string, string>>
}

/** The artifact of a build. It has no id: the server names it by its content, so a repeat is the same. */
export function artifactOf({ values, from }: Build): ArtifactFile | Refusal {
  for (const name of ['sha', 'repository'] as const) if (values[name] === '') return missing(name)
  const { repository, created: createdText, pullRequest, jobUrl, ...version } = values
  const created = createdUnix(createdText)
  const isOnPurpose = from.created === 'flag' || from.created === 'environment'
  if (created === undefined && isOnPurpose)
    return refuse('invalid', `--created is such as 2026-11-30T09:30:00Z, not ${createdText}`)
  return {
    version: {
      repositoryName: repository,
      ...version,
      ...(created === undefined ? {} : { created }),
      ...(/^\d{1,15}$/.test(pullRequest) ? { pullRequest: Number(pullRequest) } : {}),
    },
    context: {},
    environments: [],
    items: jobUrl === '' ? [] : [{ name: 'ci', url: jobUrl }],
  }
}

const missing = (name: FieldName): Refusal =>
  refuse(
    'invalid',
    `The build’s ${name === 'sha' ? 'commit' : name} is not known here: give it with --${name} or ${variableOf(name)}`,
  )

/** Unix seconds of `1700000000` or of an ISO 8601 time. */
function createdUnix(text: string): number | undefined {
  if (/^\d{1,11}$/.test(text)) return Number(text)
  const unix = Math.floor(Date.parse(text) / 1000)
  return Number.isNaN(unix) ? undefined : unix
}

/** Reads an artifact’s file, in either of the forms that the server takes. */
export function readArtifact(text: string): ArtifactFile | Refusal {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return refuse('invalid', `the artifact is not JSON: ${(error as Error).message}`)
  }
  return isObject(json) ? json : refuse('invalid', 'the artifact must be a JSON object')
}

/** The artifact with more in it. A name of the context that is there already is replaced. */
export function withAdditions(
  artifact: ArtifactFile,
  additions: Additions,
): ArtifactFile | Refusal {
  const { items, environments, context } = additions
  // The design draft's form calls its items `artifacts`.
  const key =
    artifact.items === undefined && artifact.artifacts !== undefined ? 'artifacts' : 'items'
  const all = [
    listIn(artifact, key, items),
    listIn(artifact, 'environments', environments),
  ] as const
  const wrong = all.find(isRefusal)
  if (wrong) return wrong
  const known = artifact.context ?? {}
  if (!isObject(known)) return refuse('invalid', 'artifact.context: must be an object')
  const names = Object.keys(context).length
  return {
    ...artifact,
    ...(names > 0 && { context: { ...known, ...context } }),
    ...(environments.length > 0 && { environments: all[1] }),
    ...(items.length > 0 && { [key]: all[0] }),
  }
}

function listIn(artifact: ArtifactFile, key: string, more: readonly unknown[]) {
  const known = artifact[key] ?? []
  return Array.isArray(known)
    ? [...(known as unknown[]), ...more]
    : refuse('invalid', `artifact.${key}: must be a list`)
}

const isObject = (value: unknown): value is ArtifactFile =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
