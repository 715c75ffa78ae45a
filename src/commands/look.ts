import { type Actor, rolesAt } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { Explanation, RequestCard, RollbackPlan } from '../domain/card.ts'
import { limitMax } from '../domain/command.ts'
import type { Lock } from '../domain/control.ts'
import { type Refusal, refuse } from '../domain/fault.ts'
import type { Release } from '../domain/release.ts'
import { explainTrace } from '../policy/explain.ts'
import { releaseBefore } from '../release/rollback-target.ts'
import { targetsOf } from '../release/targets.ts'
import { ownerIn } from './artifacts.ts'
import { authorize } from './authorize.ts'
import { cardOf, waitingFor } from './card.ts'
import type { CommandPorts } from './ports.ts'
import { runningNow } from './status.ts'

/** How many artifacts a choice is offered of: the newest, of those that fit what was typed. */
const choicesMax = 50

type Asked = readonly [ports: CommandPorts, actor: Actor]

/** A request as messages show it. */
export async function lookAtRequest(
  [ports, actor]: Asked,
  id: string,
): Promise<RequestCard | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  return (await cardOf(ports, id)) ?? refuse('not_found', `There is no request ${id}`)
}

/** Why a request went, waits or was refused; of a request of several apps: each of them. */
export async function explain([ports, actor]: Asked, id: string): Promise<Explanation[] | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  if (id.startsWith('d-')) {
    const told = await explanationOf(ports, { id, card: null, decisionId: id })
    return told ? [told] : refuse('not_found', `There is no decision ${id}`)
  }
  const card = await cardOf(ports, id)
  if (!card) return refuse('not_found', `There is no request and no artifact ${id}`)
  const parts = card.parts.length > 0 ? card.parts : [card]
  const all = await Promise.all(
    parts.map((one) =>
      explanationOf(ports, { id: one.event.id, card: one, decisionId: one.event.decisionId }),
    ),
  )
  return all.flatMap((one) => one ?? [])
}

/** Why one request went, waits or was refused, for a message about it. */
export async function explainRequest(ports: CommandPorts, id: string): Promise<Explanation | null> {
  const found = await ports.events.find(id)
  const told =
    found && (await explanationOf(ports, { id, card: null, decisionId: found.decisionId }))
  return told ?? null
}

async function explanationOf(
  ports: CommandPorts,
  { id, card, decisionId }: Pick<Explanation, 'id' | 'card'> & { decisionId: string | null },
): Promise<Explanation | undefined> {
  const decision = decisionId === null ? undefined : await ports.events.decision(decisionId)
  if (!decision)
    return card
      ? { id, card, message: card.event.statusDesc, lines: [], policyVersion: '' }
      : undefined
  const { trace, triggers = [], message, policyVersion } = decision
  const asked = triggers.flatMap(({ app, env, trace: said, problem }) => [
    `${app} → ${env}${problem === null ? '' : `: ${problem}`}`,
    ...explainTrace(said).map((line) => `  ${line}`),
  ])
  return { id, card, message, lines: [...explainTrace(trace), ...asked], policyVersion }
}

/** What a rollback would go from and to. */
export async function planRollback(
  [ports, actor]: Asked,
  { env, app }: { env: string; app: string },
): Promise<RollbackPlan | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  const [from] = await ports.releases.running({ env, app })
  if (!from) return refuse('not_found', `${app} does not run in ${env}`)
  const to = releaseBefore(await ports.releases.history({ env, app, limit: limitMax }))
  return to
    ? { env, app, from, to }
    : refuse('not_found', `${app} has no release in ${env} before the current one`)
}

/** Everything that someone can choose from when they ask for a release. */
export type Places = readonly { readonly app: string; readonly env: string }[]

/** The apps and environments that someone may release, of those that have a manifest or run. */
export async function placesFor([ports, actor]: Asked): Promise<Places | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  const { manifests } = await ports.sources.manifests(await ports.gitops.lastTip())
  const running = await ports.releases.running({})
  const known = new Map(
    [...manifests, ...running].map(({ app, env }) => [`${env}/${app}`, { app, env }]),
  )
  return [...known.values()]
    .filter((place) =>
      rolesAt(actor.roles, place).some((role) => role === 'releaser' || role === 'admin'),
    )
    .sort((a, b) => (`${a.app} ${a.env}` < `${b.app} ${b.env}` ? -1 : 1))
}

/** The newest artifacts that can be released of an app to an environment, and fit what was typed. */
export async function artifactsFor(
  [ports, actor]: Asked,
  { app, env, text }: { app: string; env: string | null; text: string },
): Promise<readonly Artifact[] | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  const found = await ports.artifacts.list({
    app: { name: app, repository: await ownerIn(ports, app) },
    limit: limitMax,
    offset: 0,
  })
  const manifests = await ports.sources.manifests(await ports.gitops.lastTip())
  const typed = text.trim().toLowerCase()
  return found
    .filter(({ id, version }) =>
      [id, version.sha, version.branch, version.tag, version.authorName, version.message].some(
        (one) => one.toLowerCase().includes(typed),
      ),
    )
    .filter((artifact) =>
      targetsOf(artifact, manifests).some(
        (target) => target.app === app && (env === null || target.env === env),
      ),
    )
    .slice(0, choicesMax)
}

/** What concerns one person: what runs of theirs, what waits for them, what they asked for, the locks. */
export type Overview = {
  readonly running: readonly Release[]
  readonly waiting: readonly RequestCard[]
  readonly own: readonly RequestCard[]
  readonly locks: readonly Lock[]
}

export async function overviewFor([ports, actor]: Asked): Promise<Overview | Refusal> {
  const refusal = authorize(actor, 'look', null)
  if (refusal) return refusal
  const running = await runningNow(ports, {})
  const held = await ports.events.held()
  const own = held.filter((event) => event.actor.login === actor.login)
  const cards = await Promise.all(own.map(({ id }) => cardOf(ports, id)))
  return {
    // Theirs is what they may release or approve; who may only look sees everything.
    running: running.filter((release) => isTheirs(actor, release)),
    waiting: await waitingFor(ports, actor),
    own: cards.flatMap((card) => card ?? []),
    locks: await ports.controls.locks(Math.floor(ports.clock.nowMs() / 1000)),
  }
}

function isTheirs(actor: Actor, place: { env: string; app: string }): boolean {
  const acting = (roles: readonly string[]) =>
    roles.some((role) => ['releaser', 'approver', 'admin'].includes(role))
  return acting(rolesAt(actor.roles, null)) ? acting(rolesAt(actor.roles, place)) : true
}
