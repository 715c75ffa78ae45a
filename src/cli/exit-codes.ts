import type { EventStatus } from '../domain/event.ts'
import type { RefusalCode } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'

/** What the program ends with: contract, section 6. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  waiting: 4,
  unreachable: 69,
} as const

const refusals: Readonly<Partial<Record<RefusalCode, number>>> = {
  invalid: exitCodes.usage,
  invalid_json: exitCodes.usage,
  forbidden: exitCodes.denied,
  unauthenticated: exitCodes.denied,
  overloaded: exitCodes.unreachable,
}

const statuses: Readonly<Record<EventStatus, number>> = {
  new: exitCodes.waiting,
  held: exitCodes.waiting,
  processed: exitCodes.done,
  denied: exitCodes.denied,
  superseded: exitCodes.failed,
  error: exitCodes.failed,
}

/** The exit code of a request that was carried out, by what the cluster made of it. */
export function clusterCodeOf(outcome: Outcome): number {
  const releases = outcome.kind === 'event' ? outcome.event.releases : []
  const states = releases.map(({ health }) => health?.state)
  if (states.includes('failed')) return exitCodes.failed
  return states.every((state) => state === 'healthy') ? exitCodes.done : exitCodes.waiting
}

/** The exit code that an outcome means. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'refusal':
      return refusals[outcome.code] ?? exitCodes.failed
    case 'event':
      return statuses[outcome.event.status]
    case 'plans': {
      const verdicts = outcome.plans.map((plan) => plan.decision.verdict)
      if (verdicts.includes('deny') || outcome.plans.some((plan) => plan.problem !== null))
        return exitCodes.denied
      return verdicts.includes('hold') ? exitCodes.waiting : exitCodes.done
    }
    default:
      return exitCodes.done
  }
}
