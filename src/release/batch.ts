import { isOver, isTargeted, type TargetedEvent } from '../domain/event.ts'
import { Fault, isRefusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { atOnce } from './at-once.ts'
import { anchored } from './commit-message.ts'
import { deny, hold } from './hold.ts'
import { landingOf } from './landing.ts'
import { outdate } from './outdate.ts'
import { subjectOf } from './plan.ts'
import type { ProposalPorts, RunPorts } from './ports.ts'
import { type Proposal, propose, type Ready } from './propose.ts'
import { changesNothing } from './repeats.ts'
import { settlePushed } from './settle-pushed.ts'
import type { Stopwatch } from './stopwatch.ts'
import { withArtifact } from './with-artifact.ts'

/** How often a lost race is run again before the events go back to the queue (Kargo's bound). */
const racesMax = 10
const racePauseMs = 40

type BatchPorts = RunPorts & { readonly stopwatch: Stopwatch }

/** What became of a batch. Events in neither list were held, refused, or ended otherwise. */
export type BatchResult = {
  readonly landed: readonly TargetedEvent[]
  /** Those that broke by themselves; the others went on without them. */
  readonly failed: readonly (readonly [TargetedEvent, unknown])[]
}

const nothing: BatchResult = { landed: [], failed: [] }
const together = (one: BatchResult, other: BatchResult): BatchResult => ({
  landed: [...one.landed, ...other.landed],
  failed: [...one.failed, ...other.failed],
})

/**
 * Carries events of different apps out to their ends: a commit each, in their order, and one push for
 * all. Each is decided on the tip that is pushed on, and decided again when that tip is gone. Safe to be
 * called again after a crash at any point: it looks before it acts. Throws what concerns all of them.
 */
export async function runBatch(
  ports: BatchPorts,
  events: readonly TargetedEvent[],
): Promise<BatchResult> {
  const { stopwatch } = ports
  let open = events
  let result = nothing
  // What this run pushes is looked for by the push itself, and once it has lost a race it cannot land any
  // more: the tip that it expects is gone. What another run began may have won that race.
  let isSettled = false
  for (let race = 0; race < racesMax; race++) {
    stopwatch.attempt('look')
    const pushed = isSettled ? [] : await settlePushed(ports, open)
    result = together(result, { landed: pushed, failed: [] })
    open = open.filter((event) => !isOver(event.status) && !pushed.includes(event))
    if (open.length === 0) return result
    const tip = await ports.gitops.tip()
    stopwatch.enter('decide')
    const { ready, late, failed, isBegun } = await prepare(ports, open, tip)
    result = together(result, { landed: [], failed })
    const pass = late.length > 0 ? await outdate(ports, tip) : await carryOut(ports, tip, ready)
    if (pass !== 'moved') return together(result, pass)
    isSettled = isSettled || !isBegun
    stopwatch.lost()
    // Losers of one race that wait the same time meet again in the next.
    await ports.pause(racePauseMs * (race + Math.random()))
    open = await anew(ports, [...late, ...ready.map(({ event }) => event)])
  }
  throw new Fault('gitops_unreachable', `pushing: ${racesMax} other commits came first`)
}

/** The events as they are by now: someone may have rejected one, which is why the race was lost. */
async function anew(ports: RunPorts, events: readonly TargetedEvent[]): Promise<TargetedEvent[]> {
  const found = await Promise.all(events.map(({ id }) => ports.events.find(id)))
  return events.map((event, at) => {
    const now = found[at]
    return now && isTargeted(now) ? now : event
  })
}

/**
 * Decides and renders side by side. What is not to be committed has its end, or waits; unless it is
 * `late`: it may have been pushed on this very tip, and that push may still land.
 */
async function prepare(ports: BatchPorts, events: readonly TargetedEvent[], tip: Sha) {
  const begun = await ports.events.commitsOf(events.map(({ id }) => id))
  const isBegunHere = ({ id }: TargetedEvent) =>
    begun.some((commit) => commit.eventId === id && commit.tip === tip)
  const nowUnix = Math.floor(ports.clock.nowMs() / 1000)
  const asked = atOnce(ports, { tip, nowUnix })
  const prepared = events.map((event) =>
    prepareOne(ports, event, { tip, asked, isBegun: isBegunHere(event) }),
  )
  const results = await Promise.allSettled(prepared)
  const ready: Ready[] = []
  const late: TargetedEvent[] = []
  const failed: [TargetedEvent, unknown][] = []
  for (const [at, event] of events.entries()) {
    const result = results[at]
    if (result?.status === 'rejected') failed.push([event, result.reason])
    else if (result?.value === 'late') late.push(event)
    else if (result?.value) ready.push(result.value)
  }
  return { ready, late, failed, isBegun: begun.length > 0 }
}

async function prepareOne(
  ports: BatchPorts,
  event: TargetedEvent,
  { tip, asked, isBegun }: { tip: Sha; asked: ProposalPorts; isBegun: boolean },
): Promise<Ready | 'late' | undefined> {
  const bound = await withArtifact(ports, event)
  if (bound === undefined) return undefined
  const proposal = await propose(asked, bound, tip)
  if (!isRefusal(proposal)) ports.stopwatch.within('render', proposal.renderMs)
  if (
    !isRefusal(proposal) &&
    proposal.decision.verdict === 'allow' &&
    !isRefusal(proposal.commit)
  ) {
    const ready = { event: bound, proposal, commit: proposal.commit }
    // What is on its way may have landed: then it is found, and not taken for a repeat of itself.
    if (isBegun || !(await changesNothing(ports, ready, tip))) return ready
    return repeated(ports, ready)
  }
  if (isBegun) return 'late'
  if (isRefusal(proposal))
    await ports.events.close(bound, { status: 'denied', statusDesc: proposal.message })
  else await end(ports, bound, proposal)
  return undefined
}

/** A release that changes nothing is done without a commit. */
async function repeated(
  ports: RunPorts,
  { event, proposal: { wanted, decision } }: Ready,
): Promise<undefined> {
  const { artifactId } = subjectOf(wanted)
  const statusDesc = `${artifactId} runs in ${event.env} already, file for file: nothing to write`
  await ports.events.close(event, { status: 'processed', statusDesc, decision })
}

/** What the policies do not let go, or nobody can write. */
async function end(
  ports: RunPorts,
  event: TargetedEvent,
  { decision, commit }: Proposal,
): Promise<void> {
  if (decision.verdict === 'hold') return hold(ports, event, decision)
  const isUnwritable = decision.verdict === 'allow' && isRefusal(commit)
  return deny(ports, event, isUnwritable ? { decision, why: commit.message } : { decision })
}

/** One push. Answers `moved` when everything has to be decided again. */
async function carryOut(
  ports: BatchPorts,
  tip: Sha,
  ready: readonly Ready[],
): Promise<BatchResult | 'moved'> {
  if (ready.length === 0) return nothing
  const { stopwatch } = ports
  stopwatch.enter('build')
  // What the commits came of is sealed before they can be seen.
  const head = await ports.audit.seal()
  const commits = ready.map(({ commit }) => ({
    ...commit,
    message: anchored(commit.message, head),
  }))
  const result = await ports.gitops.commit(tip, commits, async (refs) => {
    stopwatch.enter('intend')
    const isIntended = await intend(ports, { tip, refs, ready })
    stopwatch.enter('push')
    return isIntended
  })
  switch (result.kind) {
    case 'moved':
      return 'moved'
    case 'landed':
      stopwatch.enter('land')
      await ports.landings.land(ready.map((one, at) => landed(ports, one, result.refs[at] ?? '')))
      return { landed: ready.map(({ event }) => event), failed: [] }
    case 'blocked':
      // It fails alone: what it is about cannot be written, whatever the others do.
      await setAside(ports, ready[result.at], result.reason)
      return carryOut(
        ports,
        tip,
        ready.filter((_, at) => at !== result.at),
      )
    case 'refused':
      return apart(ports, ready, result.reason)
  }
}

/** The host does not say which commit it refuses: each half is tried by itself, down to one. */
async function apart(
  ports: BatchPorts,
  ready: readonly Ready[],
  reason: string,
): Promise<BatchResult> {
  const [only, ...others] = ready.map(({ event }) => event)
  if (only === undefined) return nothing
  if (others.length === 0) {
    // Its decision was kept before the push.
    await ports.events.close(only, { status: 'error', statusDesc: reason })
    return nothing
  }
  const events = [only, ...others]
  const middle = Math.ceil(events.length / 2)
  const first = await runBatch(ports, events.slice(0, middle))
  return together(first, await runBatch(ports, events.slice(middle)))
}

async function setAside(
  ports: RunPorts,
  ready: Ready | undefined,
  statusDesc: string,
): Promise<void> {
  if (!ready) return
  const { decision } = ready.proposal
  await ports.events.close(ready.event, { status: 'error', statusDesc, decision })
}

type Pushing = {
  readonly tip: Sha
  readonly refs: readonly Sha[]
  readonly ready: readonly Ready[]
}

/** Keeps the commits' ids before the push, unless what they were decided on has changed. */
async function intend(ports: RunPorts, { tip, refs, ready }: Pushing): Promise<boolean> {
  const { version } = await ports.sources.policies(tip)
  if (ready.some(({ proposal }) => proposal.decision.policyVersion !== version)) return false
  return ports.landings.intend(
    ready.map(({ event, proposal: { decision, controlVersion } }, at) => ({
      ...{ event, decision, controlVersion },
      ref: refs[at] ?? '',
    })),
  )
}

function landed(ports: RunPorts, { event, proposal }: Ready, ref: Sha) {
  const { wanted, decision, isFollowed } = proposal
  const rollbackTo = wanted.kind === 'rollback' ? wanted.to.gitopsRef : undefined
  return landingOf(ports, event, { ...subjectOf(wanted), rollbackTo, decision, ref, isFollowed })
}
