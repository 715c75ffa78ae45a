import type { Decision, Judgement } from '../domain/decision.ts'
import { decide } from './decide.ts'
import type { PolicySet } from './policy.ts'

/** A decision of the past, and what other policies would have said. */
export type Replayed = {
  readonly then: Decision
  /** `null` when it cannot be decided again: `why` says so. */
  readonly now: Judgement | null
  readonly why: string
  readonly isDifferent: boolean
}

/**
 * Decides again on the facts of then. What a lock, a block, a change by hand or an object policy stopped
 * cannot be: the files are not kept with a decision, and a lock is no policy.
 */
export function replay(policies: PolicySet, then: Decision): Replayed {
  const { app, env, facts, policy, created, forced = [] } = then
  const trace = then.trace.find((one) => one.policy === policy)
  if (app === null || env === null) return skipped(then, 'it is about no single place')
  if (trace && ['lock', 'block', 'object', 'drift'].includes(trace.kind))
    return skipped(then, `a ${trace.kind} decided it`)
  const now = decide(policies, {
    ...{ app, env, facts, nowMs: created * 1000 },
    isAutomatic: isAutomatic(then),
    isForced: forced.length > 0,
  })
  return { then, now, why: '', isDifferent: now.verdict !== then.verdict }
}

const skipped = (then: Decision, why: string): Replayed => ({
  then,
  now: null,
  why,
  isDifferent: false,
})

function isAutomatic({ facts }: Decision): boolean {
  const { actor } = facts
  return typeof actor === 'object' && 'kind' in actor && actor.kind === 'policy'
}
