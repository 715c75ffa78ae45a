import { z } from 'zod'
import {
  type Answer,
  chars,
  checked,
  found,
  listed,
  message,
  ok,
  page,
  type RepositoryAsk,
  unprocessable,
  webUrl,
} from './github-answers.ts'
import type { RepositoryRoute } from './github-routes.ts'
import { apiOf, appShape, userShape } from './github-shapes.ts'
import { type Check, type Deployment, type Json, nodeId } from './github-state.ts'

const commitStates = ['error', 'failure', 'pending', 'success'] as const
const deploymentStates = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'] as const // biome-ignore format: one list
const checkStates = ['queued', 'in_progress', 'completed'] as const
const conclusions = ['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'timed_out'] as const // biome-ignore format: one list
const statusesMax = 1000

const deploymentBody = z.object({
  ref: z.string().min(1),
  task: z.string().nullish(),
  auto_merge: z.boolean().nullish(),
  required_contexts: z.array(z.string()).nullish(),
  payload: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  environment: chars(255).nullish(),
  description: z.string().nullish(),
  transient_environment: z.boolean().nullish(),
  production_environment: z.boolean().nullish(),
})
const deploymentStatusBody = z.object({
  state: z.enum(deploymentStates),
  description: chars(140).nullish(),
  environment: chars(255).nullish(),
  log_url: webUrl.nullish(),
  target_url: webUrl.nullish(),
  environment_url: webUrl.nullish(),
  auto_inactive: z.boolean().nullish(),
})
const statusBody = z.object({
  state: z.enum(commitStates),
  description: chars(140).nullish(),
  context: chars(255).nullish(),
  target_url: webUrl.nullish(),
})
const checkFields = z.object({
  name: z.string().min(1),
  head_sha: z.string(),
  status: z.enum(checkStates),
  conclusion: z.enum(conclusions),
  details_url: webUrl,
  external_id: z.string(),
  started_at: z.iso.datetime({ offset: true }),
  completed_at: z.iso.datetime({ offset: true }),
  output: z.object({
    title: z.string(),
    summary: chars(65_535),
    text: chars(65_535).nullish(),
    annotations: z.array(z.unknown()).max(50).nullish(),
  }),
  actions: z
    .array(z.object({ label: chars(20), description: chars(40), identifier: chars(20) }))
    .max(3),
})
const newCheck = checkFields.partial().required({ name: true, head_sha: true })
const changedCheck = checkFields.partial()

/** Deployments, commit statuses and check runs. */
export const shipRoutes: readonly RepositoryRoute[] = [
  ['POST', '/deployments', 'deployments', deploy],
  ['GET', '/deployments', 'deployments', deployments],
  ['GET', '/deployments/:id', 'deployments', (ask) => ok(deploymentOf(ask).shape)],
  ['POST', '/deployments/:id/statuses', 'deployments', addDeploymentStatus],
  ['GET', '/deployments/:id/statuses', 'deployments', (ask) => listed(ask, [...deploymentOf(ask).statuses].reverse(), (one) => one)], // biome-ignore format: a table
  ['POST', '/statuses/:sha', 'statuses', addStatus],
  ['GET', '/commits/*ref/statuses', 'statuses', (ask) => listed(ask, ask.state.statuses(ask.repository, refSha(ask)).reverse(), (one) => one)], // biome-ignore format: a table
  ['POST', '/check-runs', 'checks', addCheck],
  ['PATCH', '/check-runs/:id', 'checks', changeCheck],
  ['GET', '/check-runs/:id', 'checks', (ask) => ok(checkOf(ask).shape)],
  ['GET', '/commits/*ref/check-runs', 'checks', checksOf],
]

const urlOf = ({ state, repository }: RepositoryAsk, rest: string) =>
  `${apiOf(state)}/repos/${repository.fullName}${rest}`

function refSha({ state, repository, params: { ref = '' } }: RepositoryAsk): string {
  const sha = state.shaOf(repository, ref)
  if (sha === undefined) throw unprocessable(`No commit found for SHA: ${ref}`)
  return sha
}

const stamps = ({ state }: RepositoryAsk) => ({ created_at: state.now(), updated_at: state.now() })

function deploy(ask: RepositoryAsk): Answer {
  const { state, repository } = ask
  const { ref, required_contexts, ...given } = checked(ask, deploymentBody)
  const sha = state.shaOf(repository, ref)
  if (sha === undefined) throw unprocessable(`No ref found for: ${ref}`)
  const failed = unmetContexts(ask, sha, required_contexts ?? undefined)
  if (failed.length > 0) {
    const errors = [{ contexts: failed, resource: 'Deployment', field: 'required_contexts', code: 'invalid' }] // biome-ignore format: one value
    return message(409, `Conflict: Commit status checks failed for ${ref}.`, { errors })
  }
  const id = state.next()
  const environment = given.environment ?? 'production'
  const isTransient = given.transient_environment ?? false
  const isProduction = given.production_environment ?? environment === 'production'
  const flags = { transient_environment: isTransient, production_environment: isProduction }
  const url = urlOf(ask, `/deployments/${id}`)
  const about = { payload: given.payload ?? {}, original_environment: environment, environment, description: given.description ?? null } // biome-ignore format: one value
  const by = { creator: userShape(state, state.bot), performed_via_github_app: appShape(state) }
  const urls = { url, statuses_url: `${url}/statuses`, repository_url: urlOf(ask, '') }
  const shape = { id, node_id: nodeId('DE', id), sha, ref, task: given.task ?? 'deploy', ...about, ...by, ...stamps(ask), ...urls, ...flags } // biome-ignore format: one value
  state.storedDeployments.push({ id, repositoryId: repository.id, sha, shape, isTransient, isProduction, statuses: [] }) // biome-ignore format: one value
  return ok(shape, 201)
}

/** Without a list all contexts of the commit must have succeeded; an empty list asks for none. */
function unmetContexts({ state, repository }: RepositoryAsk, sha: string, wanted?: string[]) {
  const states = new Map<string, unknown>()
  for (const { context, state: to } of state.statuses(repository, sha)) states.set(String(context), to) // biome-ignore format: one line
  for (const { name, conclusion } of state.checks(repository, sha)) states.set(String(name), conclusion ?? 'pending') // biome-ignore format: one line
  return (wanted ?? [...states.keys()])
    .map((context) => ({ context, state: states.get(context) ?? 'missing' }))
    .filter((one) => !['success', 'neutral', 'skipped'].includes(String(one.state)))
}

function deployments(ask: RepositoryAsk): Answer {
  const { state, repository, query } = ask
  const filters = ['sha', 'ref', 'task', 'environment'].filter((name) => query.has(name))
  const list = state.storedDeployments
    .filter((one) => one.repositoryId === repository.id)
    .filter(({ shape }) => filters.every((name) => shape[name] === query.get(name)))
    .reverse()
  return listed(ask, list, ({ shape }) => shape)
}

const deploymentOf = ({ state, repository, params }: RepositoryAsk): Deployment =>
  found(state.storedDeployments.find((one) => one.id === Number(params.id) && one.repositoryId === repository.id)) // biome-ignore format: one value

function addDeploymentStatus(ask: RepositoryAsk): Answer {
  const deployment = deploymentOf(ask)
  const given = checked(ask, deploymentStatusBody)
  const environment = given.environment ?? deployment.shape.environment
  deployment.shape = { ...deployment.shape, environment, updated_at: ask.state.now() }
  if (given.state === 'success' && given.auto_inactive !== false) endEarlier(ask, deployment)
  return ok(keepStatus(ask, deployment, { ...given, environment }), 201)
}

// As documented: not the ones of production, nor transient ones, and only what had succeeded.
function endEarlier(ask: RepositoryAsk, { id, repositoryId, shape }: Deployment): void {
  const earlier = ask.state.storedDeployments
    .filter((one) => one.repositoryId === repositoryId && one.id < id)
    .filter((one) => one.shape.environment === shape.environment)
    .filter((one) => !one.isTransient && !one.isProduction)
    .filter(({ statuses }) => statuses.at(-1)?.state === 'success')
  for (const one of earlier)
    keepStatus(ask, one, { state: 'inactive', environment: shape.environment })
}

function keepStatus(ask: RepositoryAsk, { id: of, statuses }: Deployment, given: Json): Json {
  const { state } = ask
  const id = state.next()
  const log_url = given.log_url ?? given.target_url ?? ''
  const said = { state: given.state, description: given.description ?? '', environment: given.environment, environment_url: given.environment_url ?? '', log_url, target_url: log_url } // biome-ignore format: one value
  const [url, deployment_url] = [urlOf(ask, `/deployments/${of}/statuses/${id}`), urlOf(ask, `/deployments/${of}`)] // biome-ignore format: one value
  const shape = { id, node_id: nodeId('DES', id), url, deployment_url, creator: userShape(state, state.bot), ...said, ...stamps(ask) } // biome-ignore format: one value
  statuses.push(shape)
  return shape
}

function addStatus(ask: RepositoryAsk): Answer {
  const { state, repository, params } = ask
  const given = checked(ask, statusBody)
  const sha = found(params.sha)
  if (!/^[0-9a-f]{40}$/.test(sha) || state.unknownShas.has(sha)) throw unprocessable(`No commit found for SHA: ${sha}`) // biome-ignore format: one line
  const context = given.context ?? 'default'
  const earlier = state.statuses(repository, sha).filter((one) => one.context === context)
  if (earlier.length >= statusesMax) throw unprocessable('This SHA and context has reached the maximum number of statuses.') // biome-ignore format: one line
  const id = state.next()
  const said = { state: given.state, description: given.description ?? null, target_url: given.target_url ?? null, context } // biome-ignore format: one value
  const url = urlOf(ask, `/statuses/${sha}`)
  const shape = { id, node_id: nodeId('SC', id), url, ...said, creator: userShape(state, state.bot), ...stamps(ask) } // biome-ignore format: one value
  state.storedStatuses.push({ id, repositoryId: repository.id, sha, shape })
  return ok(shape, 201)
}

const checkOf = ({ state, repository, params }: RepositoryAsk): Check =>
  found(state.storedChecks.find((one) => one.id === Number(params.id) && one.repositoryId === repository.id)) // biome-ignore format: one value

/** A conclusion completes a run, and a completed run needs one. */
function withCheck({ state }: RepositoryAsk, old: Json, given: Json): Json {
  const { conclusion = old.conclusion, output, ...rest } = given
  const status = given.conclusion ? 'completed' : (given.status ?? old.status)
  const isCompleted = status === 'completed'
  if (isCompleted && !conclusion) throw unprocessable('A completed check run needs a conclusion')
  const completed_at = isCompleted ? (given.completed_at ?? old.completed_at ?? state.now()) : null
  const shown = output ? { annotations_count: 0, text: null, ...(output as Json) } : old.output
  return { ...old, ...rest, status, conclusion: isCompleted ? conclusion : null, completed_at, output: shown } // biome-ignore format: one value
}

function addCheck(ask: RepositoryAsk): Answer {
  const { state, repository } = ask
  const given = checked(ask, newCheck)
  const { head_sha: sha } = given
  if (state.shaOf(repository, sha) !== sha) throw unprocessable(`No commit found for SHA: ${sha}`)
  const id = state.next()
  const url = urlOf(ask, `/check-runs/${id}`)
  const html_url = `${state.origin}/${repository.fullName}/runs/${id}`
  const pulls = state.pulls.filter((one) => one.repository === repository && one.headSha === sha)
  const pull_requests = pulls.map(({ id: of, number }) => ({ id: of, number }))
  const empty = { title: null, summary: null, text: null, annotations_count: 0 }
  const fresh = { id, node_id: nodeId('CR', id), url, html_url, external_id: '', details_url: html_url, started_at: state.now(), status: 'queued', conclusion: null, completed_at: null, output: empty, app: appShape(state), check_suite: { id: id + 1 }, pull_requests } // biome-ignore format: one value
  const shape = withCheck(ask, fresh, given)
  state.storedChecks.push({ id, repositoryId: repository.id, sha, shape })
  return ok(shape, 201)
}

function changeCheck(ask: RepositoryAsk): Answer {
  const check = checkOf(ask)
  const { head_sha: _, ...given } = checked(ask, changedCheck)
  check.shape = withCheck(ask, check.shape, given)
  return ok(check.shape)
}

/** The newest run of a name, unless `filter=all`. */
function checksOf(ask: RepositoryAsk): Answer {
  const { state, repository, query } = ask
  const [name, status, appId] = [query.get('check_name'), query.get('status'), query.get('app_id')]
  const runs = state.checks(repository, refSha(ask)).reverse()
  const list = runs
    .filter((one) => name === null || one.name === name)
    .filter((one) => status === null || one.status === status)
    .filter(() => appId === null || Number(appId) === state.appId)
    .filter((one, at, all) => query.get('filter') === 'all' || all.findIndex((other) => other.name === one.name) === at) // biome-ignore format: one value
  const { part, headers } = page(ask, list)
  return { status: 200, body: { total_count: list.length, check_runs: part }, headers }
}
