import type { Message } from '../domain/message.ts'
import type { GithubApi, GithubResult } from '../messages/github/api.ts'
import { placeOf } from '../messages/github/places.ts'
import {
  commitStatus,
  type DeploymentState,
  deploymentLinks,
  deploymentOf,
  isDeployment,
  nextState,
  type Shipment,
  stateText,
  taskOf,
} from '../messages/github/shipment.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { failedAttempt, idIn, unchanged } from './github-attempt.ts'

export type ShipPorts = {
  readonly api: GithubApi
  readonly shipment: (id: string) => Promise<Shipment | undefined>
  readonly commitUrl: (ref: string, env: string | null) => string | null
}

/** How many deployments of a commit are looked through for one that may be ours already. */
const lookMax = 100
/** GitHub does not know the commit, or does not let anyone see it: there is nothing to tell, ever. */
const unknown: ReadonlySet<number> = new Set([404, 409, 410, 422])
const nothing = 'nothing'

/** Keeps GitHub's deployment of a request: made once, and told each state that the request comes to. */
export async function sendDeployment(ports: ShipPorts, message: Message): Promise<Attempt> {
  const shipment = await shipmentOf(ports, message)
  if (!shipment) return unchanged(message)
  const said = message.told as DeploymentState[]
  if (message.ts !== null)
    return nextState(shipment.card, said) === null
      ? unchanged(message)
      : tell(ports, { message, shipment, id: message.ts })
  const found = message.isTried ? await find(ports, message, shipment) : null
  if (found && found.kind !== 'ok') return failed(message, found)
  const id = found && idIn(found.data)
  if (id !== null) return tell(ports, { message, shipment, id })
  if (!isDeployment(shipment.card)) return unchanged(message)
  const made = await create(ports, message, shipment)
  if (made.kind !== 'ok') return failed(message, made)
  const madeId = idIn(made.data)
  // Such as a page of a proxy: whether it was made is found out by looking for it.
  if (madeId === null) return { kind: 'unreachable', problem: 'an answer that is not GitHub’s' }
  return tell(ports, { message, shipment, id: madeId, isFresh: true })
}

const shipmentOf = ({ shipment }: ShipPorts, { subject, told }: Message) =>
  subject === null || told.includes(nothing) ? undefined : shipment(subject.id)

function create({ api }: ShipPorts, message: Message, shipment: Shipment): Promise<GithubResult> {
  const { installation, of } = placeOf(message)
  const route = 'POST /repos/{owner}/{repo}/deployments'
  return api.call(installation, route, { ...of, ...deploymentOf(shipment) })
}

/** Looks for the deployment of a request that may have been made. */
async function find(
  { api }: ShipPorts,
  message: Message,
  { sha, app, card }: Shipment,
): Promise<GithubResult> {
  const { installation, of } = placeOf(message)
  const route = 'GET /repos/{owner}/{repo}/deployments'
  // Not by its environment: how that is called depends on how many apps there are.
  const parameters = { ...of, sha, task: taskOf(app), per_page: lookMax }
  const listed = await api.call(installation, route, parameters)
  if (listed.kind !== 'ok') return listed
  const all = Array.isArray(listed.data) ? (listed.data as { payload?: unknown }[]) : []
  const data = all.find(({ payload }) => requestIn(payload) === card.event.id) ?? null
  return { kind: 'ok', status: 200, data }
}

/** GitHub answers a payload as it was given, or as JSON text. */
function requestIn(payload: unknown): unknown {
  try {
    const value: unknown = typeof payload === 'string' ? JSON.parse(payload) : payload
    return ((value ?? {}) as { requestId?: unknown }).requestId
  } catch {
    return undefined
  }
}

type Telling = {
  readonly message: Message
  readonly shipment: Shipment
  readonly id: string
  /** It was made just now: it has no state yet. */
  readonly isFresh?: boolean
}

/** Adds the state that a deployment has come to, unless GitHub has it: an answer may have been lost. */
async function tell(
  ports: ShipPorts,
  { message, shipment, id, isFresh }: Telling,
): Promise<Attempt> {
  const { installation, of } = placeOf(message)
  const at = { ...of, deployment_id: Number(id) }
  const seen = isFresh ? [] : await statesOf(ports.api, installation, at)
  if ('kind' in seen) return failed({ ...message, ts: id }, seen)
  const state = nextState(shipment.card, seen)
  if (state === null) return unchanged(message, { ts: id, told: seen })
  const route = 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses'
  const said = { state, description: stateText(shipment), ...deploymentLinks(shipment, ports) }
  const parameters = { ...at, ...said, auto_inactive: false }
  const result = await ports.api.call(installation, route, parameters)
  if (result.kind !== 'ok') return failed({ ...message, ts: id }, result)
  const { place, shown } = message
  return { kind: 'sent', sent: { ts: id, place, shown, told: [...seen, state] }, isCalled: true }
}

async function statesOf(
  api: GithubApi,
  installation: number,
  at: object,
): Promise<DeploymentState[] | Exclude<GithubResult, { kind: 'ok' }>> {
  const route = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses'
  const listed = await api.call(installation, route, { ...at, per_page: lookMax })
  if (listed.kind !== 'ok') return listed
  const all = Array.isArray(listed.data) ? (listed.data as { state: DeploymentState }[]) : []
  return all.map(({ state }) => state).reverse()
}

function failed(
  message: Message,
  result: Exclude<GithubResult, { kind: 'ok' }>,
  what = 'a deployment',
): Attempt {
  const isOver = result.kind === 'refused' && unknown.has(result.status)
  return isOver ? unchanged(message, { told: [nothing] }) : failedAttempt(result, what)
}

/** Keeps the one status of a commit for its place: that of the newest request. */
export async function sendStatus(ports: ShipPorts, message: Message): Promise<Attempt> {
  const shipment = await shipmentOf(ports, message)
  if (!shipment || shipment.isOvertaken) return unchanged(message)
  const isSaid = message.ts !== null || message.isTried
  if (!isSaid && !isDeployment(shipment.card)) return unchanged(message)
  const status = commitStatus(shipment, ports)
  const shown = digest(status)
  if (message.shown === shown) return unchanged(message)
  const { installation, of } = placeOf(message)
  const route = 'POST /repos/{owner}/{repo}/statuses/{sha}'
  const result = await ports.api.call(installation, route, { ...of, sha: shipment.sha, ...status })
  if (result.kind !== 'ok') return failed(message, result, 'a commit status')
  const { place, told } = message
  return { kind: 'sent', sent: { ts: idIn(result.data), place, shown, told }, isCalled: true }
}
