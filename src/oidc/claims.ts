import { z } from 'zod'
import type { BuiltRef, CiKind, CiRun } from '../domain/ci-run.ts'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import { isRepository } from '../domain/names.ts'
import { noToken, shown } from './token-text.ts'

type Claims = Readonly<Record<string, unknown>>
/** What a token says of a run, without how long it holds. */
export type RunClaims = Omit<CiRun, 'token'> & { readonly jti: string }

const text = z.string('must be text').min(1, 'must not be empty').max(1_000, 'is too long')
const number = z
  .string('must be a number as text')
  .regex(/^[1-9]\d{0,14}$/, 'must be a number as text')
  .transform(Number)
const sha = z
  .string('must be a commit id')
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a whole commit id')
const repository = text.refine(isRepository, 'must be a repository name such as owner/name')
const refType = z.enum(['branch', 'tag'], 'must be branch or tag')
/** GitHub writes what a run does not have as empty text. */
const maybe = z
  .string('must be text')
  .max(1_000, 'is too long')
  .optional()
  .transform((value) => (value === '' ? undefined : value))

const common = { jti: text, sha, ref: text, ref_type: refType, environment: maybe }
const github = z.looseObject({
  ...common,
  repository,
  repository_id: number,
  event_name: text,
  workflow_ref: maybe,
  job_workflow_ref: maybe,
  head_ref: maybe,
  base_ref: maybe,
})
const gitlab = z.looseObject({
  ...common,
  project_path: repository,
  project_id: number,
  pipeline_source: text,
  ref_path: maybe,
  ci_config_ref_uri: maybe,
})

type Of = { readonly issuer: string; readonly kind: CiKind }

/** The run that a token's claims tell of; what is missing or not as it should be is named. */
export function runOf(claims: Claims, { issuer, kind }: Of): RunClaims | Refusal {
  const read = kind === 'github' ? githubRun(claims) : gitlabRun(claims)
  return isRefusal(read) ? read : { issuer, kind, ...read }
}

type Read = Omit<RunClaims, 'issuer' | 'kind'> | Refusal

function githubRun(given: Claims): Read {
  const claims = checked(github, given)
  if (isRefusal(claims)) return claims
  const { jti, sha, ref, event_name: event, environment = null } = claims
  const built = githubBuilt(claims)
  if (isRefusal(built)) return built
  const { repository, repository_id: repositoryId } = claims
  const workflow = claims.job_workflow_ref ?? claims.workflow_ref ?? ''
  return { jti, repository, repositoryId, sha, ref, event, built, workflow, environment }
}

function githubBuilt(claims: z.output<typeof github>): BuiltRef | Refusal {
  const { event_name: event, ref, ref_type: type } = claims
  if (event === 'pull_request') return githubPull(claims)
  const built = builtOf(ref, type)
  // What a merge queue tries is not merged yet.
  return event === 'merge_group' && !isRefusal(built) && built.event === 'push'
    ? { event: 'pr', branch: built.branch, target: null }
    : built
}

function githubPull({ head_ref: branch, base_ref: target }: z.output<typeof github>) {
  if (branch === undefined) return noToken('The token’s claim head_ref is missing')
  return { event: 'pr', branch, target: target ?? null } as const
}

function gitlabRun(given: Claims): Read {
  const claims = checked(gitlab, given)
  if (isRefusal(claims)) return claims
  const { jti, sha, pipeline_source: event, environment = null } = claims
  const named = `refs/${claims.ref_type === 'tag' ? 'tags' : 'heads'}/${claims.ref}`
  const ref = claims.ref_path ?? named
  const built = gitlabPulls.has(event)
    ? ({ event: 'pr', branch: claims.ref, target: null } as const)
    : builtOf(ref, claims.ref_type)
  if (isRefusal(built)) return built
  const { project_path: repository, project_id: repositoryId } = claims
  const workflow = claims.ci_config_ref_uri ?? ''
  return { jti, repository, repositoryId, sha, ref, event, built, workflow, environment }
}

const gitlabPulls: ReadonlySet<string> = new Set([
  'merge_request_event',
  'external_pull_request_event',
])

/** A tag may be called like a branch: what it is, both claims have to say. */
function builtOf(ref: string, type: 'branch' | 'tag'): BuiltRef | Refusal {
  const branch = /^refs\/heads\/(.+)$/s.exec(ref)?.[1]
  if (type === 'branch' && branch !== undefined) return { event: 'push', branch }
  const tag = /^refs\/tags\/(.+)$/s.exec(ref)?.[1]
  if (type === 'tag' && tag !== undefined) return { event: 'tag', tag }
  return noToken(`The token’s ref ${shown(ref)} is not a ${type}, as its ref_type says`)
}

function checked<Shape extends z.ZodType>(shape: Shape, claims: Claims): z.output<Shape> | Refusal {
  const parsed = shape.safeParse(claims)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0] ?? '')
  return claims[name] === undefined
    ? noToken(`The token’s claim ${name} is missing`)
    : noToken(`The token’s claim ${name} ${issue?.message}`)
}
