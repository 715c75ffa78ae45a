import type { Closing, ReleaseEvent } from '../domain/event.ts'
import { Fault, type FaultCode } from '../domain/fault.ts'

/** An event that broke this often is set aside, so that it cannot stop the others. */
const attemptsMax = 5
/** The server may be ended by others, too, while it happens to carry out the same event. */
export const interruptionsMax = 10
/** Each attempt waits twice as long as the one before. */
const backoffMs = 250
/** What waits for the world outside looks again this often. */
const outagePauseMs = 2_000

export type GuardPorts = {
  readonly clock: { nowMs(): number }
  readonly events: {
    close(event: ReleaseEvent, closing: Closing): Promise<void>
    postpone(
      event: ReleaseEvent,
      how: { statusDesc: string; dueMs: number; forgive: boolean },
    ): Promise<void>
  }
  readonly log: {
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/** Throws for an event that was taken that often and never came to an end: it ended the process. */
export function refusePoison(events: readonly ReleaseEvent[]): void {
  if (events.some((event) => event.attempts > interruptionsMax))
    throw new Error('the server stopped while it was carried out')
}

/** What breaks is kept with the event, which is tried again or, at last, set aside. */
export async function broken(
  { events, clock, log }: GuardPorts,
  event: ReleaseEvent,
  error: unknown,
): Promise<void> {
  // Another server goes on with it.
  if (error instanceof Fault && error.code === 'lease_lost') throw error
  const forgive = error instanceof Fault && passing.has(error.code)
  const text = error instanceof Error ? error.message : String(error)
  const fields = { eventId: event.id, attempt: event.attempts, err: error }
  if (!forgive && event.attempts >= attemptsMax) {
    log.error(fields, 'event set aside')
    const statusDesc = `set aside after ${event.attempts} attempts: ${text}`
    await events.close(event, { status: 'error', statusDesc })
    return
  }
  log.warn(fields, 'event tried again later')
  const dueMs = clock.nowMs() + (askedMs(error) ?? pauseMs(event, forgive))
  await events.postpone(event, { statusDesc: `waits: ${text}`, dueMs, forgive })
}

/** How long a fault asks to wait: to the millisecond, so that events which wait together keep their order. */
export const askedMs = (error: unknown): number | undefined =>
  error instanceof Fault ? error.afterMs : undefined

function pauseMs({ attempts }: ReleaseEvent, forgive: boolean): number {
  const wait = forgive ? outagePauseMs : backoffMs * 2 ** attempts
  return Math.round(wait * (0.5 + Math.random() / 2))
}

/** Faults of the world outside: they pass, and say nothing against the event. */
const passing: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'gitops_unreachable',
  'gitops_rewound',
  'gitops_forbidden',
  'clone_broken',
  'database_busy',
  'database_broken',
  'sources_unreadable',
  'chart_unreachable',
])
