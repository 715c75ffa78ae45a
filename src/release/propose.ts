import type { PlannedCommit } from '../domain/change.ts'
import type { Decision } from '../domain/decision.ts'
import type { TargetedEvent } from '../domain/event.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { decide } from '../policy/decide.ts'
import { factsOf } from './gather.ts'
import { planCommit, type Wanted } from './plan.ts'
import type { ProposalPorts } from './ports.ts'
import { foreignArtifact, ownerOf, targetOf } from './targets.ts'

/** What the policies say about an event on one tip, and the commit that would carry it out. */
export type Proposal = {
  readonly wanted: Wanted
  readonly decision: Decision
  readonly commit: PlannedCommit | Refusal
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
  const running = await ports.releases.running({ app: event.app })
  const wanted = await wantedBy(ports, event, { tip, running })
  if (isRefusal(wanted)) return wanted
  const policies = await ports.sources.policies(tip)
  const nowMs = ports.clock.nowMs()
  const artifact = await artifactOf(ports, wanted)
  const { app, env, actor, source, reason } = event
  const request = { kind: wanted.kind, source, reason }
  const facts = factsOf({ artifact, app, env, actor, request, running, nowMs })
  const judgement = decide(policies, { app, env, facts, nowMs })
  const decision: Decision = {
    ...judgement,
    id: ports.ids.next('decision'),
    eventId: event.id,
    app,
    env,
    policyVersion: policies.version,
    tip,
    facts,
    created: Math.floor(nowMs / 1000),
  }
  return { wanted, decision, commit: planCommit(event, wanted, decision) }
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
      return current
        ? { kind: 'delete', current }
        : refuse('not_found', `${event.app} does not run in ${event.env}`)
    }
    case 'artifact':
    case 'release':
      return wantedRelease(ports, event, tip)
  }
}

async function wantedRelease(
  ports: ProposalPorts,
  event: TargetedEvent,
  tip: Sha,
): Promise<Wanted | Refusal> {
  const artifact = await ports.artifacts.find(event.artifactId ?? '')
  if (!artifact) return refuse('not_found', `There is no artifact ${event.artifactId}`)
  const manifests = await ports.sources.manifests(tip)
  const owner = ownerOf(event.app, manifests, await ports.releases.bindings())
  const foreign = foreignArtifact(event.app, artifact, owner)
  if (foreign) return foreign
  const manifest = targetOf(artifact, manifests, event)
  return isRefusal(manifest) ? manifest : { kind: 'release', artifact, manifest }
}

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
