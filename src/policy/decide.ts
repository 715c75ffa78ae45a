import type { Judgement, PolicyTrace, TraceNode } from '../domain/decision.ts'
import type { Facts } from '../domain/facts.ts'
import { nowFacts } from './now.ts'
import type { Gate, InvalidPolicy, PolicySet, Trigger } from './policy.ts'
import { evaluate } from './rule.ts'
import type { ArtifactEvent } from './schema.ts'
import { covers } from './scope.ts'

/** What is to be decided. The `now` facts are added here: they differ from policy to policy. */
export type Question = {
  readonly app: string
  readonly env: string
  readonly facts: Facts
  readonly nowMs: number
}

export type Asked = {
  /** The trigger that asks for the release; `null` when none does. */
  readonly by: string | null
  /** An invalid policy file that keeps every trigger from asking. */
  readonly problem: string | null
  readonly trace: readonly PolicyTrace[]
}

/** Asks every gate. An invalid file that could be one for this app and environment is a no. */
export function decide(policies: PolicySet, question: Question): Judgement {
  const invalid = policies.invalid.filter((policy) => covers(policy, question))
  const factsIn = factsByTimeZone(question)
  const answers = policies.gates
    .filter((gate) => covers(gate, question))
    .map((gate) => askGate(gate, factsIn(gate.timeZone)))
  const objecting = (kind: Gate['otherwise']) =>
    answers.flatMap(({ objection }) => (objection?.kind === kind ? objection : []))
  const [denied] = [...invalid.map(objectTo), ...objecting('deny')]
  const holds = objecting('hold')
  const decisive = denied ?? holds[0]
  const verdict = denied ? 'deny' : decisive ? 'hold' : 'allow'
  return {
    verdict,
    policy: decisive?.policy ?? null,
    message: decisive?.message ?? 'No policy stands in the way',
    warnings: objecting('warn').map(({ message }) => message),
    expiresInMs:
      verdict === 'hold' ? Math.min(...holds.map(({ expiresInMs }) => expiresInMs)) : null,
    trace: [...invalid.map(traceInvalid), ...answers.map(({ trace }) => trace)],
  }
}

/**
 * Asks the triggers, in the order of their names, until one wants the artifact released. An invalid
 * file keeps them all from asking: nobody knows what it would have said.
 */
export function askedFor(
  policies: PolicySet,
  question: Question & { readonly event: ArtifactEvent },
): Asked {
  const invalid = policies.invalid.filter((policy) => covers(policy, question))
  const [first] = invalid
  if (first) return { by: null, problem: objectTo(first).message, trace: invalid.map(traceInvalid) }
  const factsIn = factsByTimeZone(question)
  const trace: PolicyTrace[] = []
  for (const trigger of policies.triggers.filter((one) => covers(one, question))) {
    const answer = askTrigger(trigger, question.event, factsIn(trigger.timeZone))
    trace.push(answer)
    if (answer.outcome === 'holds') return { by: trigger.name, problem: null, trace }
  }
  return { by: null, problem: null, trace }
}

type Objection = {
  readonly kind: Gate['otherwise']
  readonly policy: string
  readonly message: string
  readonly expiresInMs: number
}
type GateAnswer = { readonly objection: Objection | null; readonly trace: PolicyTrace }

function askGate(gate: Gate, facts: Facts): GateAnswer {
  const applies = traceWhen(gate, facts)
  if (applies.outcome === 'skipped') return { objection: null, trace: applies }
  // Whether the gate applies is not known: then it does, and does not hold.
  if (applies.outcome === 'error')
    return { objection: objectionOf({ ...gate, otherwise: 'deny' }, applies), trace: applies }
  const { result, trace: rule } = evaluate(gate.require, facts)
  if (result === true) return { objection: null, trace: { ...applies, rule } }
  const trace: PolicyTrace = {
    ...applies,
    outcome: result === 'error' ? 'error' : 'fails',
    ...(result === 'error' && { problem: problemIn(rule) }),
    rule,
  }
  return { objection: objectionOf(gate, trace), trace }
}

function objectionOf(gate: Gate, { problem }: PolicyTrace): Objection {
  const { name: policy, otherwise: kind, expiresInMs } = gate
  const message = problem === undefined ? gate.message : `${gate.message} (${policy} ${problem})`
  return { kind, policy, message, expiresInMs }
}

function askTrigger(trigger: Trigger, event: ArtifactEvent, facts: Facts): PolicyTrace {
  if (!trigger.enabled || trigger.events.includes(event)) return traceWhen(trigger, facts)
  const problem = `wants ${trigger.events.join(' or ')}, the artifact is of event ${event}`
  return { ...traceOf(trigger), outcome: 'skipped', problem }
}

/** Whether a policy applies: `holds` when it does. */
function traceWhen(policy: Gate | Trigger, facts: Facts): PolicyTrace {
  const base = traceOf(policy)
  if (!policy.enabled) return { ...base, outcome: 'skipped', problem: 'is disabled' }
  if (policy.when === null) return { ...base, outcome: 'holds' }
  const { result, trace: when } = evaluate(policy.when, facts)
  if (result === true) return { ...base, outcome: 'holds', when }
  return result === 'error'
    ? { ...base, outcome: 'error', problem: problemIn(when), when }
    : { ...base, outcome: 'skipped', problem: 'its when is false', when }
}

const traceOf = ({ name, kind, description }: Gate | Trigger) => ({
  policy: name,
  kind,
  description,
})

/** Of a node that ended in an error: why. */
function problemIn(node: TraceNode): string {
  const failed = node.of?.find(({ result }) => result === 'error')
  return node.problem ?? (failed ? problemIn(failed) : 'cannot be evaluated')
}

function objectTo({ name, file, problems }: InvalidPolicy): Objection {
  const [first] = problems
  const where = first?.pointer ? `at ${first.pointer}, ` : ''
  const message =
    `The policy file ${file} cannot be used: ${where}${first?.message}. ` +
    'It stops every release that it could touch until it is corrected'
  return { kind: 'deny', policy: name, message, expiresInMs: 0 }
}

const traceInvalid = (policy: InvalidPolicy): PolicyTrace => ({
  policy: policy.name,
  kind: 'invalid',
  description: '',
  outcome: 'error',
  problem: objectTo(policy).message,
})

/** The facts of a question with the clock of a time zone, made once for each. */
function factsByTimeZone({ facts, nowMs }: Question): (timeZone: string) => Facts {
  const known = new Map<string, Facts>()
  return (timeZone) => {
    const made = known.get(timeZone) ?? { ...facts, now: nowFacts(nowMs, timeZone) }
    known.set(timeZone, made)
    return made
  }
}
