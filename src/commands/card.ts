import { type Actor, rolesAt } from '../domain/actor.ts'
import type { ApprovalWish, RequestCard } from '../domain/card.ts'
import { isOver } from '../domain/event.ts'
import type { EventView } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import { awaitedApprovals } from '../policy/awaited.ts'
import { authorize } from './authorize.ts'
import { event as lookUp } from './event.ts'
import type { CommandPorts } from './ports.ts'

/** How far back it is looked for what a release replaced. */
const historyMax = 50

/** A request with everything that a message about it shows, or nothing when there is none. */
export async function cardOf(ports: CommandPorts, id: string): Promise<RequestCard | undefined> {
  const outcome = await lookUp(ports, id)
  if (outcome.kind !== 'event') return undefined
  const { event } = outcome
  const own = await partOf(ports, event)
  const parts = await Promise.all(event.events.map((part) => partOf(ports, part)))
  return { ...own, parts }
}

async function partOf(ports: CommandPorts, event: EventView): Promise<RequestCard> {
  const decision =
    event.decisionId === null ? undefined : await ports.events.decision(event.decisionId)
  const { release, before, isRunning } = await placeOf(ports, event)
  const artifact =
    event.artifactId === null ? undefined : await ports.artifacts.find(event.artifactId)
  const isOpen = event.status === 'held'
  const wishes = isOpen && decision ? awaitedApprovals(decision.trace) : []
  return {
    ...{ event, release, before, isRunning, wishes, parts: [] },
    version: artifact?.version ?? release?.version ?? null,
    approvers: wishes.length > 0 ? await approversOf(ports, event, wishes) : [],
    warnings: decision?.warnings ?? [],
    policy: decision?.policy ?? null,
  }
}

/** What the request brought to its place, and what was there before. */
async function placeOf(
  { releases }: CommandPorts,
  { id, env, app, status }: EventView,
): Promise<Pick<RequestCard, 'release' | 'before' | 'isRunning'>> {
  if (env === null || app === null) return { release: null, before: null, isRunning: false }
  const history = await releases.history({ env, app, limit: historyMax })
  const at = history.findIndex((one) => one.id === id)
  const [running] = await releases.running({ env, app })
  const isRunning = running?.id === id
  if (at >= 0) return { release: history[at] ?? null, before: history[at + 1] ?? null, isRunning }
  // Of what is over and landed nothing, such as a delete, what was there is not known any more.
  const before: Release | null = isOver(status) ? null : (running ?? null)
  return { release: null, before, isRunning }
}

/** Whose approval is asked for: of a request, or of one that is only thought of. */
type Approvable = Pick<EventView, 'env' | 'app' | 'triggeredBy' | 'approvals'>

/** Everyone whose yes would count and is still missing. */
export async function approversOf(
  ports: CommandPorts,
  event: Approvable,
  wishes: readonly ApprovalWish[],
): Promise<string[]> {
  const { people } = await ports.sources.policies(await ports.gitops.lastTip())
  const asker = people.ofToken(event.triggeredBy)?.login ?? event.triggeredBy
  const known = people
    .all()
    .filter(({ login }) => login !== asker && !event.approvals.includes(login))
  const actors = await Promise.all(known.map(({ login }) => ports.identify(login, people)))
  return actors
    .flatMap((actor) => actor ?? [])
    .filter((actor) => wishes.some((wish) => counts(actor, wish, event)))
    .map(({ login }) => login)
    .sort()
}

/** Whether someone may approve a request, and the approval would be one that is waited for. */
function counts(actor: Actor, { role, team }: ApprovalWish, { env, app }: Approvable): boolean {
  const resource = { env, app, repository: null }
  const mayApprove = authorize({ ...actor, repositories: [] }, 'approve', resource) === null
  const hasRole = role === null || rolesAt(actor.roles, resource).some((one) => one === role)
  return mayApprove && hasRole && (team === null || actor.teams.includes(team))
}

/** The requests that wait for an approval of this person's, oldest first. */
export async function waitingFor(ports: CommandPorts, actor: Actor): Promise<RequestCard[]> {
  const held = await ports.events.held()
  const cards = await Promise.all(held.map(({ id }) => cardOf(ports, id)))
  return cards.flatMap((card) => (card?.approvers.includes(actor.login) ? card : []))
}
