import { policyActor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { TriggerAnswer } from '../domain/decision.ts'
import type { Closing, NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import { deployPolicy } from '../manifest/deploy-trigger.ts'
import { askedFor, type Occasion } from '../policy/decide.ts'
import { previewDeploys, unnamedAnswers, withDeploy } from './deploys.ts'
import { expandRunning, isAboutRunning } from './expand-running.ts'
import { childOf, decisionOf, type Given, listed, misfits, runningOf } from './expansion.ts'
import { factsOf } from './gather.ts'
import type { ProposalPorts } from './ports.ts'
import { foreignArtifact, targetsOf } from './targets.ts'

/**
 * Turns events that name no single app and environment into ones that do: an artifact's arrival by
 * the triggers, a release of every app by the manifests. Answers how each one ends.
 */
export async function expand(
  ports: ProposalPorts,
  events: readonly ReleaseEvent[],
  tip: Sha,
): Promise<(readonly [ReleaseEvent, Closing])[]> {
  const given: Given = {
    tip,
    policies: await ports.sources.policies(tip),
    manifests: await ports.sources.manifests(tip),
    bindings: await ports.releases.bindings(),
    running: new Map(),
  }
  const artifacts = await ports.artifacts.findAll(events.map((event) => event.artifactId ?? ''))
  const known = new Map(artifacts.map((artifact) => [artifact.id, artifact]))
  const closings: (readonly [ReleaseEvent, Closing])[] = []
  for (const event of events) {
    const artifact = known.get(event.artifactId ?? '')
    if (isAboutRunning(event)) closings.push([event, await expandRunning(ports, event, given)])
    else if (!artifact) closings.push([event, denied(`There is no artifact ${event.artifactId}`)])
    else if (event.kind !== 'release')
      closings.push([event, await arrival(ports, { event, artifact }, given)])
    else closings.push([event, everyApp(ports, { event, artifact }, given)])
  }
  return closings
}

type Subject = { readonly event: ReleaseEvent; readonly artifact: Artifact }

const denied = (statusDesc: string): Closing => ({ status: 'denied', statusDesc })

/** Of the places that an artifact can go to, those whose app is its repository's. */
function places({ artifact }: Subject, { manifests, bindings }: Given) {
  return targetsOf(artifact, manifests).filter(
    ({ app }) => !foreignArtifact(app, artifact, { manifests, bindings }),
  )
}

function everyApp(ports: ProposalPorts, subject: Subject, given: Given): Closing {
  const { event, artifact } = subject
  const apps = places(subject, given).filter(({ env }) => env === event.env)
  if (apps.length === 0)
    return denied(`No app of ${artifact.id} has a manifest for ${event.env ?? 'it'}`)
  const children = apps.map(({ app, env }) =>
    childOf(ports, event, { app, env, actor: event.actor, source: event.source }),
  )
  return { status: 'processed', statusDesc: `asked for ${listed(children)}`, children }
}

/** Asks the triggers about every place that the artifact can go to, or that may follow a release. */
async function arrival(ports: ProposalPorts, subject: Subject, given: Given): Promise<Closing> {
  const { event, artifact } = subject
  const nowMs = ports.clock.nowMs()
  const answers: TriggerAnswer[] = []
  for (const manifest of await placesToAsk(ports, subject, given)) {
    const { app, env } = manifest
    const request = { kind: 'release', source: 'policy', reason: '' } as const
    const running = await runningOf(ports, app, given)
    const actor = event.actor
    const { about } = event
    const facts = factsOf({ artifact, app, env, actor, request, running, nowMs, about })
    const question = { app, env, facts, nowMs, ...occasionOf(subject) }
    const answer = { app, env, ...askedFor(given.policies, question) }
    answers.push(event.kind === 'artifact' ? withDeploy(answer, manifest, artifact) : answer)
  }
  const isArrival = event.kind === 'artifact'
  if (isArrival) answers.push(...unnamedAnswers(artifact, given))
  const previews = isArrival ? await previewDeploys(ports, artifact, given) : []
  const asked = [...answers.map((answer) => ({ answer, about: null })), ...previews]
  answers.push(...previews.map(({ answer }) => answer))
  const children = asked.flatMap(({ answer: { app, env, by }, about: of }) =>
    by === null
      ? []
      : [childOf(ports, event, { app, env, actor: policyActor(by), source: 'policy', about: of })],
  )
  const message = arrivalText(artifact, answers, children)
  const problem = answers.find((answer) => answer.problem !== null)
  const decision = decisionOf(ports, { event, answers, message, nowMs }, given)
  const status = problem && children.length === 0 ? 'denied' : 'processed'
  return { status, statusDesc: message, decision, children }
}

/**
 * After a release only its own app is asked about, and not where the artifact runs already: two
 * triggers that follow each other would go on for ever.
 */
async function placesToAsk(ports: ProposalPorts, subject: Subject, given: Given) {
  const { app, about } = subject.event
  const all = places(subject, given)
  if (about?.on !== 'released') return all
  const there = (await runningOf(ports, app ?? '', given))
    .filter(({ artifactId }) => artifactId === subject.artifact.id)
    .map(({ env }) => env)
  return all.filter((place) => place.app === app && !there.includes(place.env))
}

const occasionOf = ({ event, artifact }: Subject): Occasion =>
  event.kind === 'released' ? { on: 'released' } : { on: 'artifact', event: artifact.version.event }

function arrivalText(
  { version }: Artifact,
  answers: readonly TriggerAnswer[],
  children: readonly NewEvent[],
): string {
  const problem = answers.find((answer) => answer.problem !== null)?.problem
  if (children.length > 0) return `asked for ${listed(children)}${problem ? `; ${problem}` : ''}`
  if (problem) return problem
  if (answers.length === 0) return `No manifest is for an app of ${version.repositoryName}`
  return ['No trigger asked for a release', ...misfits(answers, deployPolicy)].join('; ')
}
