import { policyActor } from '../domain/actor.ts'
import { builtBranch } from '../domain/artifact.ts'
import type { TriggerAnswer } from '../domain/decision.ts'
import type { About, Closing, NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Release } from '../domain/release.ts'
import { cleanupPolicy } from '../manifest/deploy-trigger.ts'
import { type Asked, askedFor } from '../policy/decide.ts'
import type { Trigger } from '../policy/policy.ts'
import { type Cleanup, cleanupsFor } from './cleanups.ts'
import { childOf, decisionOf, type Given, listed, misfits, runningOf } from './expansion.ts'
import { factsOf } from './gather.ts'
import type { ProposalPorts } from './ports.ts'
import { releaseBefore } from './rollback-target.ts'

type RunningAbout = Extract<About, { readonly on: (typeof happenings)[number] }>
type RunningEvent = ReleaseEvent & { readonly about: RunningAbout }

/** True of what happened that is about what runs, not about one artifact. */
export const isAboutRunning = (event: ReleaseEvent): event is RunningEvent =>
  event.about !== null && (happenings as readonly string[]).includes(event.about.on)

const happenings = ['branchDeleted', 'health', 'schedule'] as const

/** A place that a trigger may be about, and the release that it would start from. */
type Candidate = { readonly app: string; readonly env: string; readonly release: Release }

/** Asks the triggers about everything that runs and that has to do with what happened. */
export async function expandRunning(
  ports: ProposalPorts,
  event: RunningEvent,
  given: Given,
): Promise<Closing> {
  const nowMs = ports.clock.nowMs()
  const answers: TriggerAnswer[] = []
  const children: NewEvent[] = []
  const { about } = event
  const cleanups = about.on === 'branchDeleted' ? await cleanupsFor(ports, about, given) : []
  for (const candidate of await candidatesFor(ports, about, given)) {
    const { app, env } = candidate
    const facts = await factsFor(ports, { event, candidate, nowMs }, given)
    const asked = askedFor(given.policies, { app, env, facts, nowMs, ...about })
    const { by, problem, trace } = asked
    const cleanup = cleanups.find(({ answer }) => answer.app === app && answer.env === env)
    answers.push(withCleanup({ app, env, by, problem, trace }, cleanup))
    const child =
      by === null
        ? problem === null && cleanup && cleanupChild(ports, event, { candidate, cleanup })
        : await childFor(ports, event, { candidate, asked })
    if (child) children.push(child)
  }
  const isAnswered = ({ answer: { app, env } }: Cleanup) =>
    answers.some((one) => one.app === app && one.env === env)
  answers.push(...cleanups.filter((one) => !isAnswered(one)).map(({ answer }) => answer))
  const asked =
    children.length > 0
      ? `asked for ${listed(children)}`
      : ['No trigger asked', ...misfits(answers, cleanupPolicy)].join('; ')
  const problem = answers.find((answer) => answer.problem !== null)?.problem
  const message = problem ? `${asked}; ${problem}` : asked
  const decision = decisionOf(ports, { event, answers, message, nowMs }, given)
  const status = problem && children.length === 0 ? 'denied' : 'processed'
  return { status, statusDesc: message, decision, children }
}

/** What the triggers said of a place, with what its manifest says: whoever asks first is who asked. */
const withCleanup = (answer: TriggerAnswer, cleanup: Cleanup | undefined): TriggerAnswer => ({
  ...answer,
  by: answer.by ?? (answer.problem === null ? (cleanup?.answer.by ?? null) : null),
  trace: [...answer.trace, ...(cleanup?.answer.trace ?? [])],
})

/** The request that a manifest's `cleanup` makes; nothing when it makes none. */
function cleanupChild(
  ports: ProposalPorts,
  event: RunningEvent,
  of: { candidate: Candidate; cleanup: Cleanup },
): NewEvent | undefined {
  const { candidate, cleanup } = of
  const { by } = cleanup.answer
  if (by === null) return undefined
  const { app, env, release } = candidate
  const asked = { kind: 'delete', actor: policyActor(by), source: 'policy' } as const
  const { about } = cleanup
  return childOf(ports, event, { ...asked, app, env, artifactId: release.artifactId, about })
}

async function candidatesFor(
  ports: ProposalPorts,
  about: RunningAbout,
  given: Given,
): Promise<Candidate[]> {
  const running = await ports.releases.running({})
  if (about.on === 'branchDeleted')
    return running
      .filter(
        ({ version }) =>
          version.repositoryName === about.repository && builtBranch(version) === about.branch,
      )
      .map((release) => ({ app: release.app, env: release.env, release }))
  if (about.on === 'health')
    return running
      .filter(({ env, app }) => env === about.env && app === about.app)
      .map((release) => ({ app: release.app, env: release.env, release }))
  const trigger = given.policies.triggers.find(({ name }) => name === about.trigger)
  if (!trigger) return []
  return trigger.from === null
    ? running.map((release) => ({ app: release.app, env: release.env, release }))
    : promotions(running, trigger, given)
}

/** Where what runs in the trigger's `from` could go: the other environments that have a manifest. */
function promotions(
  running: readonly Release[],
  { from }: Trigger,
  { manifests }: Given,
): Candidate[] {
  return running
    .filter(({ env }) => env === from)
    .flatMap((release) =>
      manifests.manifests
        .filter(({ app, env }) => app === release.app && env !== from)
        .map(({ app, env }) => ({ app, env, release })),
    )
}

async function factsFor(
  ports: ProposalPorts,
  subject: { event: RunningEvent; candidate: Candidate; nowMs: number },
  given: Given,
) {
  const { event, candidate, nowMs } = subject
  const { app, env, release } = candidate
  const artifact = await ports.artifacts.find(release.artifactId)
  const running = await runningOf(ports, app, given)
  const request = { kind: 'release', source: 'policy', reason: '' } as const
  const { actor, about } = event
  return factsOf({ artifact, app, env, actor, request, running, nowMs, about })
}

async function childFor(
  ports: ProposalPorts,
  event: RunningEvent,
  { candidate, asked }: { candidate: Candidate; asked: Asked },
): Promise<NewEvent | undefined> {
  const { app, env, release } = candidate
  const { ask: kind, by } = asked
  const common = { app, env, kind, actor: policyActor(by ?? ''), source: 'policy' } as const
  if (kind !== 'rollback')
    return childOf(ports, event, { ...common, artifactId: release.artifactId })
  // What was gone back to is not left by itself: two broken versions would take turns for ever.
  if (release.rollbackTo !== undefined) return undefined
  const before = releaseBefore(await ports.releases.history({ app, env, limit: historyMax }))
  if (!before) return undefined
  const { artifactId, gitopsRef: toRef } = before
  return childOf(ports, event, { ...common, artifactId, toRef })
}

const historyMax = 500
