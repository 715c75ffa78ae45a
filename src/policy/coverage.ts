import type { PolicyTrace, TraceNode } from '../domain/decision.ts'
import type { Gate, Trigger } from './policy.ts'
import type { Rule } from './rule.ts'

/** A part of a rule that the cases leave untried; `pointer` leads to it in the policy's file. */
export type Gap = {
  readonly policy: string
  readonly pointer: string
  readonly never: 'evaluated' | 'true' | 'false' | 'true or false'
}

/** Why no case came to a policy; nothing when one did. */
export function untouchedBy({ name, kind }: Gate | Trigger, trace: readonly PolicyTrace[]) {
  const seen = trace.filter(({ policy }) => policy === name)
  if (seen.some(({ outcome, rule }) => (kind === 'gate' ? rule : outcome === 'holds'))) return []
  const reasons = new Set(seen.map(({ problem }) => problem ?? ''))
  const none = kind === 'gate' ? 'no gate case' : 'no case for triggers'
  return { policy: name, why: [...reasons].join('; ') || `${none} is for its app and environment` }
}

/** The conditions of a policy that the cases leave untried. */
export function gapsOf(policy: Gate | Trigger, trace: readonly PolicyTrace[]): Gap[] {
  const seen = trace.filter((one) => one.policy === policy.name)
  const whens = seen.flatMap(({ when }) => when ?? [])
  const requires = seen.flatMap(({ rule }) => rule ?? [])
  return [
    ...(policy.when ? gapsIn(policy.when, whens, '/when') : []),
    ...(policy.kind === 'gate' ? gapsIn(policy.require, requires, '/require') : []),
  ].map((gap) => ({ policy: policy.name, ...gap }))
}

/**
 * Of a branch that was evaluated only its parts are told: it has been true and false when they have.
 */
function gapsIn(rule: Rule, seen: readonly TraceNode[], pointer: string): Omit<Gap, 'policy'>[] {
  if (seen.length === 0) return [{ pointer, never: 'evaluated' }]
  const partsAt = (at: number) => seen.flatMap(({ of }) => of?.[at] ?? [])
  if (rule.kind === 'and' || rule.kind === 'or')
    return rule.of.flatMap((part, at) => gapsIn(part, partsAt(at), `${pointer}/${rule.kind}/${at}`))
  if (rule.kind === 'not') return gapsIn(rule.of, partsAt(0), `${pointer}/!`)
  const results = rule.kind === 'constant' ? [rule.value] : [true, false]
  const never = results.filter((result) => !seen.some((node) => node.result === result))
  return never.length > 0 ? [{ pointer, never: never.join(' or ') as Gap['never'] }] : []
}
