import type { Decision, TriggerAnswer } from '../domain/decision.ts'
import type { NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import type { PolicySet } from '../policy/policy.ts'
import type { ProposalPorts } from './ports.ts'

/** What every expansion of one slice shares, read once. */
export type Given = {
  readonly tip: Sha
  readonly policies: PolicySet
  readonly manifests: ManifestSet
  readonly bindings: ReadonlyMap<string, string>
  /** What runs of each app that was asked about. */
  readonly running: Map<string, readonly Release[]>
}

/** What runs of an app, read once for all that ask. */
export async function runningOf(
  ports: ProposalPorts,
  app: string,
  { running: known }: Given,
): Promise<readonly Release[]> {
  const running = known.get(app) ?? (await ports.releases.running({ app }))
  known.set(app, running)
  return running
}

/** What the triggers said, as it is kept. */
export function decisionOf(
  ports: ProposalPorts,
  made: { event: ReleaseEvent; answers: TriggerAnswer[]; message: string; nowMs: number },
  { policies, tip }: Given,
): Decision {
  const { event, answers, message, nowMs } = made
  return {
    id: ports.ids.next('decision'),
    eventId: event.id,
    app: null,
    env: null,
    verdict: answers.some(({ by }) => by !== null) ? 'allow' : 'deny',
    policy: answers.find(({ by }) => by !== null)?.by ?? null,
    message,
    warnings: [],
    forced: [],
    expiresInMs: null,
    newer: 'supersedes',
    policyVersion: policies.version,
    tip,
    facts: {},
    trace: [],
    triggers: answers,
    created: Math.floor(nowMs / 1000),
  }
}

/** What an event asks for, in one place. */
export function childOf(
  ports: ProposalPorts,
  parent: ReleaseEvent,
  own: Pick<NewEvent, 'actor' | 'source'> & { app: string; env: string } & Partial<NewEvent>,
): NewEvent {
  const { artifactId, reason, forced } = parent
  return {
    id: ports.ids.next('event'),
    parentId: parent.id,
    kind: 'release',
    toRef: null,
    artifactId,
    reason,
    forced,
    createdMs: ports.clock.nowMs(),
    ...own,
  }
}

/** So many rules of manifests are told in the one sentence about what happened. */
const misfitsMax = 3

/** Why the rules of manifests did not ask, each with its place. */
export const misfits = (answers: readonly TriggerAnswer[], rule: string): string[] =>
  answers
    .flatMap(({ app, env, trace }) =>
      trace
        .filter(({ policy, problem }) => policy === rule && problem !== undefined)
        .map(({ problem }) => `${app} in ${env}: ${problem}`),
    )
    .slice(0, misfitsMax)

/** `web to staging, api to staging` */
export const listed = (children: readonly NewEvent[]): string =>
  children.map(({ app, env }) => `${app} to ${env}`).join(', ')
