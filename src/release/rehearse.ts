import type { Actor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { Decision, TriggerAnswer } from '../domain/decision.ts'
import { type NewEvent, type ReleaseEvent, type TargetedEvent, unstored } from '../domain/event.ts'
import { isRefusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { expand } from './expand.ts'
import { followOf } from './landing.ts'
import type { ProposalPorts } from './ports.ts'
import { type Proposal, propose } from './propose.ts'

/** So many decisions are made at most: triggers that follow releases can ask for very much. */
const decisionsMax = 200
const noSha = '0'.repeat(40)

/** What became of one request that a trigger made. `broken`: it could not be written. */
export type Rehearsed = {
  readonly event: TargetedEvent
  readonly end: 'released' | 'held' | 'denied' | 'broken' | 'superseded'
  readonly message: string
  readonly decision: Decision | null
}

export type Rehearsal = {
  readonly requests: readonly Rehearsed[]
  /** What the triggers said of each place, as often as they were asked. */
  readonly answers: readonly TriggerAnswer[]
  /** There was more to decide than is looked at. */
  readonly isCut: boolean
}

type Subject = { readonly artifact: Artifact; readonly actor: Actor; readonly tip: Sha }

/**
 * Plays what would follow if CI posted an artifact now: what the triggers ask for, what the gates say
 * of it, what follows from what is released. In the order in which the loop would do it, and without
 * storing anything; the artifact itself need not be stored either.
 */
export async function rehearse(
  ports: ProposalPorts,
  { artifact, actor, tip }: Subject,
): Promise<Rehearsal> {
  const stage = new Stage(ports, artifact)
  await stage.ask(arrivalOf(artifact, { actor, nowMs: ports.clock.nowMs() }), tip)
  for (let count = 0; count < decisionsMax; count++) {
    const request = stage.next()
    if (!request) return stage.outcome(false)
    await stage.decide(request, tip)
  }
  return stage.outcome(true)
}

function arrivalOf(
  { id }: Artifact,
  { actor, nowMs }: { actor: Actor; nowMs: number },
): ReleaseEvent {
  const about = { artifactId: id, env: null, app: null, toRef: null, reason: '' }
  const made = { id: 'r-rehearsed', parentId: null, kind: 'artifact', source: 'api' } as const
  return { ...unstored, ...made, ...about, actor, createdMs: nowMs }
}

type Request = {
  readonly event: TargetedEvent
  end: Rehearsed['end'] | 'new'
  message: string
  decision: Decision | null
  /** It is looked at again after the next release only. */
  waits: boolean
  /** Newer requests for its place wait behind it. */
  queues: boolean
}

/** The world with what has been released on it so far. */
class Stage {
  readonly #ports: ProposalPorts
  readonly #landed = new Map<string, Release>()
  readonly #requests: Request[] = []
  readonly #answers: TriggerAnswer[] = []

  constructor(ports: ProposalPorts, artifact: Artifact) {
    let count = 0
    const { artifacts, releases } = ports
    this.#ports = {
      ...ports,
      ids: { next: (kind) => `${kind}-rehearsed-${++count}` },
      artifacts: {
        find: async (id) => (id === artifact.id ? artifact : artifacts.find(id)),
        findAll: async (ids) => [
          ...(ids.includes(artifact.id) ? [artifact] : []),
          ...(await artifacts.findAll(ids.filter((id) => id !== artifact.id))),
        ],
        ofBranch: (of) => artifacts.ofBranch(of),
      },
      releases: {
        bindings: (apps) => releases.bindings(apps),
        history: (filter) => releases.history(filter),
        withRef: (target) => releases.withRef(target),
        running: async (where) => this.#over(await releases.running(where), where),
      },
    }
  }

  /** What runs, with what has landed here in the place of what it replaced. */
  #over(running: readonly Release[], where: { env?: string; app?: string }): Release[] {
    const own = [...this.#landed.values()].filter(
      ({ env, app }) => (where.env ?? env) === env && (where.app ?? app) === app,
    )
    const others = running.filter((one) => !this.#landed.has(placeOf(one)))
    return [...others, ...own].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
  }

  /** Asks the triggers, and keeps what they ask for. */
  async ask(event: ReleaseEvent, tip: Sha): Promise<void> {
    for (const [, { children = [], decision }] of await expand(this.#ports, [event], tip)) {
      this.#answers.push(...(decision?.triggers ?? []))
      for (const child of children) this.#add(child)
    }
  }

  #add(child: NewEvent): void {
    const event = { ...unstored, ...child, seq: this.#requests.length } as TargetedEvent
    const fresh = { end: 'new', message: '', decision: null, waits: false, queues: false } as const
    this.#requests.push({ event, ...fresh })
  }

  /** The oldest request that is to be decided and has no older one of its place before it. */
  next(): Request | undefined {
    const open = this.#requests.filter(({ end }) => end === 'new' || end === 'held')
    return open.find(
      (one, at) =>
        !one.waits &&
        !open
          .slice(0, at)
          .some((older) => isSamePlace(older, one) && (!older.waits || older.queues)),
    )
  }

  async decide(request: Request, tip: Sha): Promise<void> {
    const proposal = await propose(this.#ports, request.event, tip)
    if (isRefusal(proposal)) return finish(request, 'broken', proposal.message)
    const { decision, commit } = proposal
    request.decision = decision
    if (decision.verdict === 'allow' && isRefusal(commit))
      return finish(request, 'broken', commit.message)
    if (decision.verdict === 'allow') return this.#land(request, proposal, tip)
    finish(request, decision.verdict === 'deny' ? 'denied' : 'held', decision.message)
    if (decision.verdict === 'deny') return
    request.waits = true
    request.queues = decision.newer === 'queues'
    this.#supersede(request)
  }

  async #land(request: Request, { wanted, decision, isFollowed }: Proposal, tip: Sha) {
    const { event } = request
    if (wanted.kind !== 'release')
      throw new Error(`a trigger on an artifact asked for ${wanted.kind}`)
    finish(request, 'released', decision.message)
    this.#supersede(request)
    this.#landed.set(placeOf(event), this.#releaseOf(event, wanted.artifact, decision))
    // Every hold may wait for just this.
    for (const one of this.#requests) one.waits = false
    const follow = isFollowed ? followOf(this.#ports, event, wanted.artifact.id) : undefined
    if (follow) await this.ask({ ...unstored, ...follow }, tip)
  }

  #supersede(request: Request): void {
    const older = this.#requests.slice(0, this.#requests.indexOf(request))
    for (const one of older)
      if (one.end === 'held' && !one.queues && isSamePlace(one, request)) one.end = 'superseded'
  }

  #releaseOf(
    { id, app, env, actor }: TargetedEvent,
    artifact: Artifact,
    decision: Decision,
  ): Release {
    const { id: decisionId, policyVersion } = decision
    return {
      ...{ id, app, env, decisionId, policyVersion, triggeredBy: actor.login },
      ...{ artifactId: artifact.id, version: artifact.version },
      ...{ gitopsRef: noSha, gitopsRepo: '', status: 'pushed', rolledBack: false },
      created: Math.floor(this.#ports.clock.nowMs() / 1000),
    }
  }

  outcome(isCut: boolean): Rehearsal {
    const requests = this.#requests.flatMap(({ event, end, message, decision }) =>
      end === 'new' ? [] : [{ event, end, message, decision }],
    )
    return { requests, answers: this.#answers, isCut }
  }
}

function finish(request: Request, end: Rehearsed['end'], message: string): void {
  request.end = end
  request.message = message
}

const placeOf = ({ env, app }: { readonly env: string; readonly app: string }) => `${env}/${app}`

const isSamePlace = (one: Request, other: Request): boolean =>
  placeOf(one.event) === placeOf(other.event)
