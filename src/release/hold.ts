import type { Decision } from '../domain/decision.ts'
import type { TargetedEvent } from '../domain/event.ts'
import type { RunPorts } from './ports.ts'

/** A held event is looked at again this often; a release anywhere wakes it at once. */
const holdPauseMs = 15_000

type HoldPorts = Pick<RunPorts, 'events' | 'clock'>

/** Ends an event with a no: the decision's own, or why it cannot be carried out. */
export async function deny(
  { events }: HoldPorts,
  event: TargetedEvent,
  { decision, why = decision.message }: { decision: Decision; why?: string },
): Promise<void> {
  await events.close(event, { status: 'denied', statusDesc: why, decision })
}

/** Lets an event wait, or ends it when it has waited for as long as its gate allows. */
export async function hold(
  ports: HoldPorts,
  event: TargetedEvent,
  decision: Decision,
): Promise<void> {
  const nowMs = ports.clock.nowMs()
  const expiresMs = event.expiresMs ?? nowMs + (decision.expiresInMs ?? holdPauseMs)
  if (nowMs >= expiresMs) {
    const message = `${decision.message} (waited until ${new Date(expiresMs).toISOString()})`
    return deny(ports, event, { decision: { ...decision, verdict: 'deny', message } })
  }
  await ports.events.close(event, {
    status: 'held',
    statusDesc: decision.message,
    decision: (await isToldAlready(ports, event, decision)) ? undefined : decision,
    queues: decision.newer === 'queues',
    dueMs: Math.min(nowMs + holdPauseMs, expiresMs),
    expiresMs,
  })
}

/** The same answer as the last, on the same approvals and locks, needs no second record. */
async function isToldAlready(
  ports: HoldPorts,
  event: TargetedEvent,
  { message, facts }: Decision,
): Promise<boolean> {
  if (event.decisionId === null || event.statusDesc !== message) return false
  const told = await ports.events.decision(event.decisionId)
  const people = ({ approvals, locks }: Decision['facts']) => JSON.stringify([approvals, locks])
  return told?.verdict === 'hold' && people(told.facts) === people(facts)
}
