import type { Version } from '../domain/artifact.ts'
import type { Lock } from '../domain/control.ts'
import type { Decision } from '../domain/decision.ts'
import type { NewEvent, TargetedEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Landing, Release } from '../domain/release.ts'
import type { RunPorts } from './ports.ts'

type LandingPorts = Pick<RunPorts, 'gitops' | 'clock' | 'ids'>

/** What a commit brought to its folder. */
export type Carried = {
  readonly artifactId: string
  readonly version: Version
  readonly rollbackTo?: Sha | undefined
}

type Landed = Carried & {
  readonly decision: Decision
  readonly ref: Sha
  readonly isFollowed: boolean
}

/** What a commit that the remote's branch holds means for the index. */
export function landingOf(ports: LandingPorts, event: TargetedEvent, landed: Landed): Landing {
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
  return {
    event,
    ref,
    statusDesc: `${landedText(event, artifactId)}${warned}`,
    release: event.kind === 'delete' ? undefined : release,
    repository: event.kind === 'release' ? version.repositoryName : undefined,
    lock: event.kind === 'rollback' ? rollbackLock(ports, event) : undefined,
    follow: landed.isFollowed ? followOf(ports, event, artifactId) : undefined,
  }
}

/** Nothing automatic may undo what a person went back to, until a person says so. */
const rollbackLock = ({ ids, clock }: LandingPorts, event: TargetedEvent): Lock => ({
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
