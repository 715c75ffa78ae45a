import type { RequestCard } from '../../domain/card.ts'
import type { Sha } from '../../domain/names.ts'
import { clean } from '../paint.ts'

/** GitHub's limit of what a deployment or a status says. */
const descriptionCharsMax = 140

/** A request with what GitHub's own surfaces show of it. */
export type Shipment = {
  readonly card: RequestCard
  /** Such as `owner/web`. */
  readonly repository: string
  readonly app: string
  readonly env: string
  /** The source commit that is brought there. */
  readonly sha: Sha
  readonly artifactId: string | null
  /** The repository has other apps, too. */
  readonly isOneOfMany: boolean
  /** It will be taken away when its pull request is closed. */
  readonly isPreview: boolean
  /** A newer request is about the same commit in the same place. */
  readonly isOvertaken: boolean
  /** Where people can open what was released. */
  readonly address: string | null
}

export type DeploymentState =
  | 'queued'
  | 'in_progress'
  | 'success'
  | 'failure'
  | 'error'
  | 'inactive'

/** From which state which may follow: GitHub is told nothing twice, and nothing that goes back. */
const next: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  queued: ['in_progress', 'success', 'failure', 'error', 'inactive'],
  in_progress: ['success', 'failure', 'error', 'inactive'],
  success: ['failure', 'error', 'inactive'],
  // What failed may recover.
  failure: ['success', 'error', 'inactive'],
  error: [],
  inactive: [],
}
/** Health that goes to and fro is told this often. */
const statesMax = 20

/** What a deployment is to say next, after what it has said; nothing when there is no news. */
export function nextState(
  card: RequestCard,
  said: readonly DeploymentState[],
): DeploymentState | null {
  const state = stateOf(card)
  const last = said.at(-1)
  if (last === undefined) return state
  const isNews = next[last].includes(state) && (said.length < statesMax || state === 'inactive')
  return isNews ? state : null
}

/** A request that never waited, and changed nothing, is no deployment. */
export const isDeployment = ({ event, release }: RequestCard): boolean =>
  event.status === 'new' ||
  event.status === 'held' ||
  event.status === 'error' ||
  (event.status === 'processed' && release !== null)

function stateOf(card: RequestCard): DeploymentState {
  const { event, isRunning } = card
  switch (event.status) {
    case 'new':
    case 'held':
      return 'queued'
    case 'error':
      return 'error'
    case 'denied':
    case 'superseded':
      return 'inactive'
    case 'processed':
      return isRunning ? landedState(card) : 'inactive'
  }
}

/** Where the cluster says what becomes of releases, a release is there when it says so. */
function landedState({ release, before }: RequestCard): 'in_progress' | 'success' | 'failure' {
  const state = release?.health?.state
  if (state === 'failed') return 'failure'
  if (state === 'healthy') return 'success'
  return state === 'progressing' || before?.health?.state === 'healthy' ? 'in_progress' : 'success'
}

/** What is given to GitHub to make a deployment. */
export const deploymentOf = ({ card, app, env, sha, artifactId, ...is }: Shipment) => ({
  ref: sha,
  task: taskOf(app),
  environment: is.isOneOfMany ? `${env}/${app}` : env,
  description: cut(
    `${artifactId ?? `commit ${sha.slice(0, 8)}`} to ${env}, asked for by ${card.event.triggeredBy}: ${card.event.id}`,
  ),
  payload: { requestId: card.event.id, app, env, artifactId },
  // Which commit is released was decided here; GitHub is not to merge or to ask for more.
  auto_merge: false,
  required_contexts: [],
  transient_environment: is.isPreview,
})

export const taskOf = (app: string): string => `gimlet:${app}`

/** What a state of a deployment says. */
export const stateText = ({ card, app, env }: Shipment): string =>
  cut(`${words(card)} · ${app} in ${env} · ${card.event.id}`)

export type CommitStatus = {
  readonly state: 'pending' | 'success' | 'failure' | 'error'
  readonly context: string
  readonly description: string
  readonly target_url?: string
}

/** Where a deployment leads to: what runs, and the GitOps commit that made it run. */
export const deploymentLinks = ({ card, address }: Shipment, { commitUrl }: Links) => {
  const log = commitLink(card, commitUrl)
  return {
    ...(address === null ? {} : { environment_url: address }),
    ...(log === null ? {} : { log_url: log }),
  }
}

type Links = { readonly commitUrl: (ref: string, env: string | null) => string | null }

const commitLink = ({ event }: RequestCard, commitUrl: Links['commitUrl']): string | null => {
  const commit = event.gitopsHashes[0]?.hash
  return commit === undefined ? null : commitUrl(commit, event.env)
}

/** The one status that the commit has for this place. That another release came later changes nothing. */
export function commitStatus({ card, app, env }: Shipment, { commitUrl }: Links): CommitStatus {
  const link = commitLink(card, commitUrl)
  return {
    state: statusState(card),
    context: `gimlet/${env}/${app}`,
    description: cut(`${words({ ...card, isRunning: card.release !== null })} · ${card.event.id}`),
    ...(link === null ? {} : { target_url: link }),
  }
}

function statusState(card: RequestCard): CommitStatus['state'] {
  switch (card.event.status) {
    case 'new':
    case 'held':
      return 'pending'
    case 'denied':
      return 'failure'
    case 'superseded':
    case 'error':
      return 'error'
    case 'processed': {
      if (card.release?.rolledBack) return 'failure'
      const state = landedState(card)
      return state === 'in_progress' ? 'pending' : state
    }
  }
}

const verbs: Readonly<Record<string, string>> = { rollback: 'Rolled back to', release: 'Released' }

/** How a request stands, in words. */
function words(card: RequestCard): string {
  const { event, release, isRunning } = card
  switch (event.status) {
    case 'new':
      return 'Releasing'
    case 'held':
      return `Waiting: ${event.statusDesc}`
    case 'denied':
      return `Refused: ${event.statusDesc}`
    case 'superseded':
      return 'Superseded by a newer request'
    case 'error':
      return 'Could not be carried out'
    case 'processed': {
      if (release?.rolledBack) return 'Was rolled back'
      if (!isRunning) return 'Does not run any more'
      const state = landedState(card)
      if (state === 'failure') return `Failed in the cluster: ${release?.health?.message ?? ''}`
      if (state === 'in_progress') return 'The cluster is at it'
      const verb = verbs[event.type] ?? 'Done'
      return release?.health?.state === 'healthy' ? `${verb} and healthy` : verb
    }
  }
}

/** One line that GitHub takes; what is at its end says which request it is, and stays. */
export function cut(text: string): string {
  const chars = [...clean(text).replaceAll(/\s+/g, ' ').trim()]
  if (chars.length <= descriptionCharsMax) return chars.join('')
  const end = text.slice(Math.max(0, text.lastIndexOf(' · ')))
  const tail = end.startsWith(' · ') ? [...clean(end)].slice(0, descriptionCharsMax / 2) : []
  return `${chars.slice(0, descriptionCharsMax - tail.length - 1).join('')}…${tail.join('')}`
}
