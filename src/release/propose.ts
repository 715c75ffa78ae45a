import { type Actor, rolesAt } from '../domain/actor.ts'
import { type Artifact, builtBranch } from '../domain/artifact.ts'
import type { PlannedCommit } from '../domain/change.ts'
import type { Controls } from '../domain/control.ts'
import type { Decision } from '../domain/decision.ts'
import type { TargetedEvent } from '../domain/event.ts'
import type { Facts } from '../domain/facts.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { isOfBranch } from '../manifest/app-name.ts'
import { isPreview } from '../manifest/manifest.ts'
import { readObjects } from '../manifest/read-objects.ts'
import { applying } from '../policy/applying.ts'
import { decide } from '../policy/decide.ts'
import type { People } from '../policy/people.ts'
import type { PolicySet } from '../policy/policy.ts'
import { whyKept, whyStays } from './cleanups.ts'
import { judgeDrift } from './drift.ts'
import { type DriftFound, indexMissing } from './follow.ts'
import { factsOf } from './gather.ts'
import { planCommit, planFiles, subjectOf, type Wanted } from './plan.ts'
import type { ProposalPorts } from './ports.ts'
import { foreignArtifact, targetOf } from './targets.ts'

/** What the policies say about an event on one tip, and the commit that would carry it out. */
export type Proposal = {
  readonly wanted: Wanted
  readonly decision: Decision
  readonly commit: PlannedCommit | Refusal
  /** The version of what the decision was made on: locks, approvals, what runs. */
  readonly controlVersion: number
  /** The artifact that is asked for runs there already. */
  readonly isRepeat: boolean
  /** Some trigger may want to know when it has landed. */
  readonly isFollowed: boolean
  readonly renderMs: number
}

/** An event that may go, with the commit that carries it out. */
export type Ready = {
  readonly event: TargetedEvent
  readonly proposal: Proposal
  readonly commit: PlannedCommit
}

/**
 * Gathers, decides and plans, and writes nothing: a dry run ends here, a release goes on. A proposal
 * holds for its tip only; on another tip it is to be made anew.
 */
export async function propose(
  ports: ProposalPorts,
  event: TargetedEvent,
  tip: Sha,
): Promise<Proposal | Refusal> {
  // Before all else: what changes after it makes the proposal old, and its push comes to nothing (row F30).
  const controlVersion = await ports.controls.version()
  const drift = await ports.drift.of({ env: event.env, app: event.app }, tip)
  const running = await ports.releases.running({ app: event.app })
  const wanted = await wantedBy(ports, event, { tip, running })
  if (isRefusal(wanted)) return unlessUnknown(drift, wanted)
  const policies = await ports.sources.policies(tip)
  const nowMs = ports.clock.nowMs()
  const { facts, controls, isAdmin } = await circumstances(ports, event, {
    wanted,
    running,
    policies,
    nowMs,
  })
  const { app, env } = event
  const fromMs = ports.clock.monotonicMs()
  const plan = await planFiles(ports, event, wanted)
  const renderMs = ports.clock.monotonicMs() - fromMs
  const hasObjects = applying(policies, event).objects.length > 0
  const isForced = event.forced && isAdmin
  const decided = decide(policies, {
    ...{ app, env, facts, nowMs, isForced },
    locks: controls.locks,
    block: controls.block,
    isAutomatic: event.actor.kind === 'policy',
    objects: hasObjects && !isRefusal(plan) ? readObjects(plan.files) : [],
  })
  const { mode } = ports.drift
  const judgement = judgeDrift(decided, {
    place: { env, app },
    commits: drift.commits,
    mode,
    isForced,
  })
  // A change that is not known cannot stop anything, so what it may stop waits.
  if (judgement.verdict === 'deny' || mode === 'stop') unlessUnknown(drift, judgement)
  const decision: Decision = {
    ...judgement,
    warnings: [...judgement.warnings, ...(isRefusal(plan) ? [] : plan.warnings)],
    ...(drift.commits.length > 0 ? { drift: drift.commits } : {}),
    id: ports.ids.next('decision'),
    eventId: event.id,
    app,
    env,
    policyVersion: policies.version,
    tip,
    facts,
    created: Math.floor(nowMs / 1000),
  }
  const commit = isRefusal(plan) ? plan : planCommit(plan, decision)
  const isFollowed = policies.triggers.some(({ on, enabled }) => enabled && on === 'released')
  const isRepeat = wanted.kind === 'release' && runningId(running, event) === wanted.artifact.id
  return { wanted, decision, commit, controlVersion, isRepeat, isFollowed, renderMs }
}

const runningId = (running: readonly Release[], { env }: TargetedEvent): string | undefined =>
  running.find((release) => release.env === env)?.artifactId

/** A no that may come of an index that is not made yet is none: it is asked again. */
function unlessUnknown<T>({ isKnown }: DriftFound, no: T): T {
  if (!isKnown) throw indexMissing()
  return no
}

type Given = {
  readonly wanted: Wanted
  readonly running: readonly Release[]
  readonly policies: PolicySet
  readonly nowMs: number
}

/** The facts, and what people put in the way: all as it is now, not as it was when it was asked. */
async function circumstances(
  ports: ProposalPorts,
  event: TargetedEvent,
  { wanted, running, policies, nowMs }: Given,
): Promise<{ facts: Facts; controls: Controls; isAdmin: boolean }> {
  const { app, env, source, reason } = event
  const { artifactId } = subjectOf(wanted)
  // A delete moves no version, and a rollback may lead to one that was blocked since.
  const subject = { env, app, artifactId: wanted.kind === 'delete' ? null : artifactId }
  const controls = await ports.controls.of(
    { ...subject, eventId: event.id },
    Math.floor(nowMs / 1000),
  )
  const actor = await currently(ports, event.actor, policies.people)
  const approvers: Actor[] = []
  for (const login of controls.approvedBy) {
    const approver = await ports.identify(login, policies.people)
    if (approver) approvers.push(approver)
  }
  const request = { kind: wanted.kind, source, reason }
  const artifact = await artifactOf(ports, wanted)
  const { locks } = controls
  const given = { artifact, app, env, actor, request, running, nowMs, locks, approvers }
  const isAdmin = rolesAt(actor.roles, { env, app }).includes('admin')
  return { facts: factsOf(given), controls, isAdmin }
}

/** Who asked, with the roles and teams of now: who has left has none. */
async function currently(ports: ProposalPorts, actor: Actor, people: People): Promise<Actor> {
  if (actor.kind === 'policy') return actor
  const known = await ports.identify(actor.login, people)
  return known ?? { ...actor, roles: [], teams: [] }
}

/** What an event wants in its folder, or why that cannot be. */
async function wantedBy(
  ports: ProposalPorts,
  event: TargetedEvent,
  { tip, running }: { tip: Sha; running: readonly Release[] },
): Promise<Wanted | Refusal> {
  switch (event.kind) {
    case 'rollback': {
      const [to] = await ports.releases.withRef({ ...event, ref: event.toRef ?? '' })
      return to
        ? { kind: 'rollback', to }
        : refuse('not_found', `${event.toRef} released nothing of ${event.app} to ${event.env}`)
    }
    case 'delete': {
      const current = running.find((release) => release.env === event.env)
      if (!current) return refuse('not_found', `${event.app} does not run in ${event.env}`)
      const kept = keptFrom(event, current)
      return kept === null
        ? { kind: 'delete', current }
        : refuse('conflict', `${event.app} in ${event.env} stays: ${kept}`)
    }
    case 'artifact':
    case 'released':
    case 'branchDeleted':
    case 'health':
    case 'schedule':
    case 'release':
      return wantedRelease(ports, event, { tip, running })
  }
}

/** What a manifest asked to be deleted with its branch may have been released anew since. */
function keptFrom({ about }: TargetedEvent, current: Release): string | null {
  if (about?.on === 'cleanup') return whyKept(about, current)
  return about?.on === 'preview' ? whyStays(about, current) : null
}

async function wantedRelease(
  ports: ProposalPorts,
  event: TargetedEvent,
  { tip, running }: { tip: Sha; running: readonly Release[] },
): Promise<Wanted | Refusal> {
  const artifact = await ports.artifacts.find(event.artifactId ?? '')
  if (!artifact) return refuse('not_found', `There is no artifact ${event.artifactId}`)
  const manifests = await ports.sources.manifests(tip)
  const bindings = await ports.releases.bindings([event.app])
  const foreign = foreignArtifact(event.app, artifact, { manifests, bindings })
  if (foreign) return foreign
  const manifest = targetOf(artifact, manifests, event)
  if (isRefusal(manifest)) return manifest
  const there = running.find(({ env }) => env === event.env)
  const isBranchs = isPreview(manifest) || isOfBranch(manifest.appTemplate)
  return isBranchs && there && isOfOther(artifact, there)
    ? refuse('conflict', `${event.app} in ${event.env} shows ${builtBranch(there.version)} already`)
    : { kind: 'release', artifact, manifest }
}

/** Two branches may come to one name; then what runs there stays. */
const isOfOther = ({ version }: Artifact, there: Release): boolean =>
  version.repositoryName !== there.version.repositoryName ||
  builtBranch(version) !== builtBranch(there.version)

/** The artifact that the facts are about. One that a rollback goes back to may be older than the store. */
async function artifactOf(ports: ProposalPorts, wanted: Wanted) {
  switch (wanted.kind) {
    case 'release':
      return wanted.artifact
    case 'rollback':
      return ports.artifacts.find(wanted.to.artifactId)
    case 'delete':
      return undefined
  }
}
