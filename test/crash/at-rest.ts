import type { PolicyTrace } from '../../src/domain/decision.ts'
import { refusedMax } from '../../src/notify/courier.ts'
import { interruptionsMax } from '../../src/release/guard.ts'
import { type Examples, groupedBy, nameOf, type Story } from './story.ts'

/** I7: what cannot be looked up is no yes, and who is told no is told why. */
export function* failedOpen(story: Story): Examples {
  for (const commit of story.releasing) {
    const decision = story.decisions.get(commit.decisionId)
    if (!decision) continue
    const why = unclear(decision)
    if (why) yield `${nameOf(commit)} was let through by ${decision.id}, ${why}`
  }
  const landed = new Set(
    story.intents.filter(({ state }) => state === 'landed').map(({ eventId }) => eventId),
  )
  for (const { id, status, statusDesc } of story.events) {
    if (status !== 'denied' && status !== 'held') continue
    if (statusDesc === '') yield `${id} is ${status} without a reason`
    if (landed.has(id) || story.byRelease.has(id)) yield `${id} is ${status} and was carried out`
  }
}

type Allowing = {
  readonly policyVersion: string
  readonly forced: readonly string[]
  readonly warnings: readonly string[]
  readonly trace: readonly PolicyTrace[]
}

function unclear({ policyVersion, forced, warnings, trace }: Allowing): string | undefined {
  if (policyVersion === '') return 'which names no version of the policies'
  const errors = trace.filter(({ outcome }) => outcome === 'error')
  // A gate that only warns may fail; it says so.
  const fails = trace.filter(({ outcome }) => outcome === 'fails' && warnings.length === 0)
  const wrong = [...errors, ...fails].find(({ policy }) => !forced.includes(policy))
  return wrong && `although ${wrong.policy} ${wrong.outcome}: ${wrong.problem ?? 'it says no'}`
}

/** I8: nothing is tried for ever, no queue is left, and no program goes on. */
export function* bounded({ events, messages, openDeliveries, programs }: Story): Examples {
  for (const { id, attempts } of events)
    if (attempts > interruptionsMax + 1) yield `${id} was tried ${attempts} times`
  for (const { key, attempts, isOpen, problem } of messages) {
    if (attempts > refusedMax) yield `the message ${key} was tried ${attempts} times`
    if (isOpen) yield `the message ${key} waits still: ${problem}`
  }
  for (const key of openDeliveries) yield `the delivery ${key} is not carried out`
  for (const words of programs) yield `${words.replaceAll('\0', ' ').trim()} runs still`
}

/** I9: a secret is where it was put, and nowhere else. */
export function* leaked({ leaks }: Story): Examples {
  yield* leaks
}

/** I10: the record fits to itself and to the commits, and says of every change who made it. */
export function* unaudited({ events, intents, audit }: Story): Examples {
  for (const { message } of audit.findings) yield message
  const bySubject = groupedBy(audit.records, ({ subject }) => subject)
  for (const { actor, action, subject } of audit.records)
    if (actor === '') yield `${action} of ${subject} was done by nobody`
  for (const { id, status, createdMs } of events) {
    if (createdMs < audit.sinceMs) continue
    const actions = (bySubject.get(id) ?? []).map(({ action }) => action)
    if (!actions.some((action) => /\.(accepted|imported)$/.test(action)))
      yield `nothing is recorded of who asked for ${id}`
    const last = actions.filter((action) => moves.has(action)).at(-1) ?? 'request.new'
    if (last !== `request.${status}` && !actions.some((action) => action.endsWith('.imported')))
      yield `${id} is ${status}, and the last that is recorded of it is ${last}`
    const isLanded = intents.some(({ eventId, state }) => eventId === id && state === 'landed')
    if (isLanded && !actions.some((action) => action.endsWith('.landed')))
      yield `nothing is recorded of the commit of ${id}`
  }
}

const moves = new Set(
  ['new', 'held', 'processed', 'denied', 'superseded', 'error'].map((name) => `request.${name}`),
)

/** What was told is one message on its surface, and nothing there is of nobody. */
export function* toldTwice({ told, messages }: Story): Examples {
  if (told === undefined) return
  const known = new Map(messages.map(({ surface, ts, key }) => [`${surface} ${ts}`, key]))
  for (const { surface, ts, text } of told)
    if (!known.has(`${surface} ${ts}`)) yield `${surface} has one message more: ${text}`
  const seen = groupedBy(told, ({ surface, ts }) => `${surface} ${ts}`)
  for (const { surface, ts, key } of messages) {
    if (ts === null || !told.some((one) => one.surface === surface)) continue
    const count = seen.get(`${surface} ${ts}`)?.length ?? 0
    if (count !== 1) yield `the message ${key} stands on ${surface} ${count} times`
  }
}
