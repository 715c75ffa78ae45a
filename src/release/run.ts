import type { Version } from '../domain/artifact.ts'
import type { Lock } from '../domain/control.ts'
import type { Decision } from '../domain/decision.ts'
import { isOver, isTargeted, type NewEvent, type TargetedEvent } from '../domain/event.ts'
import { Fault, isRefusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { subjectOf } from './plan.ts'
import type { RunPorts } from './ports.ts'
import { type Proposal, propose } from './propose.ts'
import { withArtifact } from './with-artifact.ts'

/** How often a lost race is run again before the event goes back to the queue (Kargo's bound). */
const racesMax = 10
/** A held event is looked at again this often; a release anywhere wakes it at once. */
const holdPauseMs = 15_000
const racePauseMs = 40

export type RunResult = { readonly landed: boolean }

/**
 * Carries one event out to its end: decided on the tip that is pushed on, and decided again when
 * that tip is gone. Safe to be called again after a crash at any point: it looks before it acts.
 */
export async function runEvent(ports: RunPorts, event: TargetedEvent): Promise<RunResult> {
  for (let race = 0; race < racesMax; race++) {
    // Someone may have rejected it since, which is why the race was lost.
    const now = race === 0 ? event : ((await findTargeted(ports, event.id)) ?? event)
    const { artifactId } = now
    if (await finishPushed(ports, { ...event, artifactId })) return { landed: true }
    const tip = await ports.gitops.tip()
    if (isOver(now.status)) return { landed: false }
    const bound = await withArtifact(ports, now)
    if (bound === undefined) return { landed: false }
    const proposal = await propose(ports, bound, tip)
    if (isRefusal(proposal)) {
      await ports.events.close(bound, { status: 'denied', statusDesc: proposal.message })
      return { landed: false }
    }
    const result = await carryOut(ports, bound, proposal)
    if (result !== 'moved') return { landed: result === 'landed' }
    // Losers of one race that wait the same time meet again in the next.
    await ports.pause(racePauseMs * (race + Math.random()))
  }
  throw new Fault('gitops_unreachable', `pushing: ${racesMax} other commits came first`)
}

async function findTargeted(ports: RunPorts, id: string): Promise<TargetedEvent | undefined> {
  const found = await ports.events.find(id)
  return found && isTargeted(found) ? found : undefined
}

async function carryOut(
  ports: RunPorts,
  event: TargetedEvent,
  { wanted, decision, commit, controlVersion, isFollowed }: Proposal,
): Promise<'landed' | 'moved' | 'closed'> {
  if (decision.verdict === 'deny') return close(ports, event, decision)
  if (decision.verdict === 'hold') return hold(ports, event, decision)
  if (isRefusal(commit)) {
    await ports.events.close(event, { status: 'denied', statusDesc: commit.message, decision })
    return 'closed'
  }
  const result = await ports.gitops.commit(decision.tip, [commit], async ([ref = '']) => {
    const { version } = await ports.sources.policies(decision.tip)
    if (version !== decision.policyVersion) return false
    return ports.landings.intend(event, { ref, decision, controlVersion })
  })
  if (result.kind === 'moved') return 'moved'
  const rollbackTo = wanted.kind === 'rollback' ? wanted.to.gitopsRef : undefined
  const ref = result.refs[0] ?? ''
  await land(ports, event, { ...subjectOf(wanted), rollbackTo, decision, ref, isFollowed })
  return 'landed'
}

async function close(ports: RunPorts, event: TargetedEvent, decision: Decision) {
  await ports.events.close(event, { status: 'denied', statusDesc: decision.message, decision })
  return 'closed' as const
}

async function hold(ports: RunPorts, event: TargetedEvent, decision: Decision) {
  const nowMs = ports.clock.nowMs()
  const expiresMs = event.expiresMs ?? nowMs + (decision.expiresInMs ?? holdPauseMs)
  if (nowMs >= expiresMs) {
    const message = `${decision.message} (waited until ${new Date(expiresMs).toISOString()})`
    return close(ports, event, { ...decision, verdict: 'deny', message })
  }
  await ports.events.close(event, {
    status: 'held',
    statusDesc: decision.message,
    decision: (await isToldAlready(ports, event, decision)) ? undefined : decision,
    queues: decision.newer === 'queues',
    dueMs: Math.min(nowMs + holdPauseMs, expiresMs),
    expiresMs,
  })
  return 'closed' as const
}

/** The same answer as the last, on the same approvals and locks, needs no second record. */
async function isToldAlready(
  ports: RunPorts,
  event: TargetedEvent,
  { message, facts }: Decision,
): Promise<boolean> {
  if (event.decisionId === null || event.statusDesc !== message) return false
  const told = await ports.events.decision(event.decisionId)
  const people = ({ approvals, locks }: Decision['facts']) => JSON.stringify([approvals, locks])
  return told?.verdict === 'hold' && people(told.facts) === people(facts)
}

/**
 * Was a commit of this event pushed after all? After a crash, or when a push that was thought dead
 * won the race, only the index is behind.
 */
async function finishPushed(ports: RunPorts, event: TargetedEvent): Promise<boolean> {
  const commits = await ports.events.commits(event.id)
  if (commits.length === 0) return false
  const landed = await ports.gitops.landed(commits.map(({ ref }) => ref))
  const commit = commits.find(({ ref }) => landed.has(ref))
  const decision = commit && (await ports.events.decision(commit.decisionId))
  if (!commit || !decision) return false
  const carried = await carriedBy(ports, event)
  // Which triggers there were is not known any more: they are asked, and may say no.
  await land(ports, event, { ...carried, decision, ref: commit.ref, isFollowed: true })
  return true
}

/** What a commit brought to its folder. */
type Carried = {
  readonly artifactId: string
  readonly version: Version
  readonly rollbackTo?: Sha | undefined
}

async function carriedBy(ports: RunPorts, event: TargetedEvent): Promise<Carried> {
  const carried = await indexedBy(ports, event)
  if (!carried) throw new Error(`what ${event.id} pushed is not in the index`)
  return carried
}

async function indexedBy(ports: RunPorts, event: TargetedEvent): Promise<Carried | undefined> {
  switch (event.kind) {
    case 'rollback': {
      const [to] = await ports.releases.withRef({ ...event, ref: event.toRef ?? '' })
      return to && { artifactId: to.artifactId, version: to.version, rollbackTo: to.gitopsRef }
    }
    case 'delete': {
      const [current] = await ports.releases.running({ env: event.env, app: event.app })
      return current && { artifactId: current.artifactId, version: current.version }
    }
    case 'artifact':
    case 'released':
    case 'branchDeleted':
    case 'health':
    case 'schedule':
    case 'release': {
      const artifact = await ports.artifacts.find(event.artifactId ?? '')
      return artifact && { artifactId: artifact.id, version: artifact.version }
    }
  }
}

type Landed = Carried & {
  readonly decision: Decision
  readonly ref: Sha
  readonly isFollowed: boolean
}

async function land(ports: RunPorts, event: TargetedEvent, landed: Landed): Promise<void> {
  const { artifactId, version, rollbackTo, decision, ref } = landed
  const release: Release = {
    id: event.id,
    app: event.app,
    env: event.env,
    artifactId,
    triggeredBy: event.actor.login,
    version,
    gitopsRef: ref,
    gitopsRepo: ports.gitops.url,
    created: Math.floor(ports.clock.nowMs() / 1000),
    status: 'pushed',
    rolledBack: false,
    ...(rollbackTo ? { rollbackTo } : {}),
    decisionId: decision.id,
    policyVersion: decision.policyVersion,
  }
  const warned = decision.warnings.map((warning) => `; warning: ${warning}`).join('')
  await ports.landings.land({
    event,
    ref,
    statusDesc: `${landedText(event, artifactId)}${warned}`,
    release: event.kind === 'delete' ? undefined : release,
    repository: event.kind === 'release' ? version.repositoryName : undefined,
    lock: event.kind === 'rollback' ? rollbackLock(ports, event) : undefined,
    follow: landed.isFollowed ? followOf(ports, event, artifactId) : undefined,
  })
}

/** Nothing automatic may undo what a person went back to, until a person says so. */
const rollbackLock = ({ ids, clock }: RunPorts, event: TargetedEvent): Lock => ({
  id: ids.next('lock'),
  kind: 'rollback',
  env: event.env,
  app: event.app,
  reason: event.reason || `rolled back by ${event.id}`,
  by: event.actor.login,
  createdUnix: Math.floor(clock.nowMs() / 1000),
  untilUnix: null,
})

/** The event by which the triggers are asked what follows from a release; nothing follows a delete. */
export function followOf(
  { ids, clock }: Pick<RunPorts, 'ids' | 'clock'>,
  event: TargetedEvent,
  artifactId: string,
): NewEvent | undefined {
  if (event.kind === 'delete') return undefined
  const kind = event.kind === 'rollback' ? 'rollback' : 'release'
  return {
    id: ids.next('event'),
    parentId: null,
    kind: 'released',
    artifactId,
    env: null,
    app: event.app,
    toRef: null,
    reason: '',
    actor: event.actor,
    source: 'policy',
    createdMs: clock.nowMs(),
    about: { on: 'released', env: event.env, by: event.actor.login, kind },
  }
}

function landedText({ kind, app, env }: TargetedEvent, artifactId: string): string {
  switch (kind) {
    case 'artifact':
    case 'released':
    case 'branchDeleted':
    case 'health':
    case 'schedule':
    case 'release':
      return `released ${artifactId} to ${env}`
    case 'rollback':
      return `rolled ${app} in ${env} back to ${artifactId}`
    case 'delete':
      return `deleted ${app} from ${env}`
  }
}
