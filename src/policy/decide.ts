import type { Block, Lock } from '../domain/control.ts'
import type { Judgement, PolicyTrace, TraceNode } from '../domain/decision.ts'
import type { Facts } from '../domain/facts.ts'
import { applying } from './applying.ts'
import { nowFacts } from './now.ts'
import { flattened, objectFacts } from './object-facts.ts'
import type { Gate, InvalidPolicy, ObjectPolicy, Policy, PolicySet, Trigger } from './policy.ts'
import { evaluate } from './rule.ts'
import type { ArtifactEvent } from './schema.ts'

/** What is to be decided. The `now` facts are added here: they differ from policy to policy. */
export type Question = {
  readonly app: string
  readonly env: string
  readonly facts: Facts
  readonly nowMs: number
}

/** A request for a release, with what stands in its way apart from policies. */
export type Request = Question & {
  /** The locks that cover the app in the environment. */
  readonly locks?: readonly Lock[]
  readonly block?: Block | null
  /** Asked for by a policy, not by a person. */
  readonly isAutomatic?: boolean
  /** Passes gates and locks; who may say so was checked before. */
  readonly isForced?: boolean
  /** The Kubernetes objects that would be written. */
  readonly objects?: readonly unknown[]
}

/** What triggers are asked about; of a schedule only the one whose time has come. */
export type Occasion =
  | { readonly on: 'artifact'; readonly event: ArtifactEvent }
  | { readonly on: 'released' | 'branchDeleted' | 'health' }
  | { readonly on: 'schedule'; readonly trigger: string }

export type Asked = {
  /** The trigger that asks for the release; `null` when none does. */
  readonly by: string | null
  readonly ask: Trigger['ask']
  /** Of a scheduled release: the environment that it comes from. */
  readonly from: string | null
  /** An invalid policy file that keeps every trigger from asking. */
  readonly problem: string | null
  readonly trace: readonly PolicyTrace[]
}

type Objection = {
  readonly kind: Gate['otherwise']
  readonly policy: string
  readonly message: string
  readonly expiresInMs?: number
  readonly newer?: Gate['newer']
  /** Nobody can force past it. */
  readonly isFinal?: boolean
}
type Answer = { readonly objection: Objection | null; readonly trace: PolicyTrace }

/**
 * Asks everything that can object: blocks, locks, gates and object policies. An invalid file that
 * could be one for this app and environment is a no. Whoever denies comes before whoever holds.
 */
export function decide(policies: PolicySet, request: Request): Judgement {
  const { gates, objects, invalid } = applying(policies, request)
  const factsIn = factsByTimeZone(request)
  const answers = [
    ...blockAnswers(request),
    ...lockAnswers(request),
    ...invalid.map(answerInvalid),
    ...gates.map((gate) => askGate(gate, factsIn(gate.timeZone))),
    ...askObjects(objects, request, factsIn),
  ]
  const objections = answers.flatMap(({ objection }) => objection ?? [])
  const forced = objections.filter((one) => request.isForced && canForce(one))
  const standing = objections.filter((one) => !forced.includes(one))
  const holds = standing.filter(({ kind }) => kind === 'hold')
  const denied = standing.find(({ kind }) => kind === 'deny')
  const decisive = denied ?? holds[0]
  const warnings = standing.filter(({ kind }) => kind === 'warn').map(({ message }) => message)
  return {
    verdict: denied ? 'deny' : decisive ? 'hold' : 'allow',
    policy: decisive?.policy ?? null,
    message: decisive?.message ?? 'No policy stands in the way',
    warnings: [
      ...forced.map(({ policy, message }) => `forced past ${policy}: ${message}`),
      ...warnings,
    ],
    forced: forced.map(({ policy }) => policy),
    expiresInMs: denied || !decisive ? null : soonest(holds),
    newer: holds.some(({ newer }) => newer === 'queues') ? 'queues' : 'supersedes',
    trace: answers.map(({ trace }) => trace),
  }
}

const canForce = ({ kind, isFinal }: Objection): boolean => kind !== 'warn' && !isFinal

const soonest = (holds: readonly Objection[]): number =>
  Math.min(...holds.map(({ expiresInMs }) => expiresInMs ?? Number.POSITIVE_INFINITY))

/**
 * Asks the triggers, in the order of their names, until one wants the artifact released. An invalid
 * file keeps them all from asking: nobody knows what it would have said.
 */
export function askedFor(policies: PolicySet, question: Question & Occasion): Asked {
  const { invalid, triggers } = applying(policies, question)
  const [first] = invalid
  if (first)
    return {
      ...nobody,
      problem: invalidMessage(first),
      trace: invalid.map((policy) => answerInvalid(policy).trace),
    }
  const factsIn = factsByTimeZone(question)
  const trace: PolicyTrace[] = []
  for (const trigger of triggers.filter((one) => isAskedOn(one, question))) {
    const answer = askTrigger(trigger, question, factsIn(trigger.timeZone))
    trace.push(answer)
    const { name: by, ask, from } = trigger
    if (answer.outcome === 'holds') return { by, ask, from, problem: null, trace }
  }
  return { ...nobody, trace }
}

const nobody = { by: null, ask: 'release', from: null, problem: null } as const

const isAskedOn = ({ on, name }: Trigger, occasion: Occasion): boolean =>
  on === occasion.on && (occasion.on !== 'schedule' || occasion.trigger === name)

function blockAnswers({ block }: Request): Answer[] {
  if (!block) return []
  const message = `${block.artifactId} is blocked by ${block.by}: ${block.reason}`
  const trace = { kind: 'block', description: '', outcome: 'fails', problem: message } as const
  const objection = { kind: 'deny', policy: 'block', message, isFinal: true } as const
  return [{ objection, trace: { ...trace, policy: 'block' } }]
}

/** How long a request of a policy waits for a lock to go. */
const lockWaitMs = 7 * 24 * 60 * 60_000

function lockAnswers({ locks = [], isAutomatic = false }: Request): Answer[] {
  return locks
    .filter(({ kind }) => kind === 'freeze' || isAutomatic)
    .map((lock) => {
      const policy = `lock:${lock.id}`
      const message = lockMessage(lock)
      const kind = isAutomatic ? ('hold' as const) : ('deny' as const)
      return {
        objection: { kind, policy, message, ...(isAutomatic && { expiresInMs: lockWaitMs }) },
        trace: { policy, kind: 'lock', description: '', outcome: 'fails', problem: message },
      }
    })
}

function lockMessage({ kind, env, app, by, reason, untilUnix }: Lock): string {
  const place = app === null ? env : `${app} in ${env}`
  const until =
    untilUnix === null
      ? ''
      : ` until ${new Date(untilUnix * 1000).toISOString().replace('.000', '')}`
  const unlock = `unlock ${env}${app === null ? '' : ` ${app}`}`
  return kind === 'rollback'
    ? `${place} was rolled back by ${by}: nothing automatic goes there until someone says ${unlock}`
    : `${place} is locked by ${by}${until}: ${reason}; to end it: ${unlock}`
}

function askGate(gate: Gate, facts: Facts): Answer {
  const applies = traceWhen(gate, facts)
  if (applies.outcome === 'skipped') return { objection: null, trace: applies }
  // Whether the gate applies is not known: then it does, and does not hold.
  if (applies.outcome === 'error')
    return { objection: objectionOf({ ...gate, otherwise: 'deny' }, applies), trace: applies }
  const trace = traceRequire(gate, applies, facts)
  return { objection: trace.outcome === 'holds' ? null : objectionOf(gate, trace), trace }
}

function traceRequire(
  { require }: Gate | ObjectPolicy,
  applies: PolicyTrace,
  facts: Facts,
): PolicyTrace {
  const { result, trace: rule } = evaluate(require, facts)
  if (result === true) return { ...applies, rule }
  return result === 'error'
    ? { ...applies, outcome: 'error', problem: problemIn(rule), rule }
    : { ...applies, outcome: 'fails', rule }
}

function objectionOf(gate: Gate, { problem }: PolicyTrace): Objection {
  const { name: policy, otherwise: kind, expiresInMs, newer } = gate
  const message = problem === undefined ? gate.message : `${gate.message} (${policy} ${problem})`
  return { kind, policy, message, expiresInMs, newer }
}

type FactsIn = (timeZone: string) => Facts

/** Each object policy is asked of every object; the first that it denies is told, or warns of. */
function askObjects(
  policies: readonly ObjectPolicy[],
  { objects = [] }: Request,
  factsIn: FactsIn,
): Answer[] {
  if (policies.length === 0) return []
  const read = objects.flatMap((object) => flattened(object)).map((object) => objectFacts(object))
  return policies.map((policy) => {
    const own = factsIn(policy.timeZone)
    const subjects = read.flatMap(({ object, containers }) =>
      policy.each === 'object'
        ? [{ ...own, object }]
        : containers.map((container) => ({ ...own, object, container })),
    )
    return askObjectPolicy(policy, subjects)
  })
}

function askObjectPolicy(policy: ObjectPolicy, subjects: readonly Facts[]): Answer {
  const problem = 'is about none of the objects'
  const trace = { ...traceOf(policy), outcome: 'skipped' as const, problem }
  let answer: Answer = { objection: null, trace }
  for (const facts of subjects) {
    const applies = traceWhen(policy, facts)
    if (applies.outcome === 'skipped') continue
    const next = askOfObject(policy, applies, facts)
    if (next.objection?.kind === 'deny') return next
    // After a warning a later object may still be denied.
    if (!answer.objection) answer = next
  }
  return answer
}

function askOfObject(policy: ObjectPolicy, applies: PolicyTrace, facts: Facts): Answer {
  const trace = applies.outcome === 'error' ? applies : traceRequire(policy, applies, facts)
  if (trace.outcome === 'holds') return { objection: null, trace }
  const message = `${policy.message}: ${nameIn(facts)}${trace.problem ? ` ${trace.problem}` : ''}`
  const kind = applies.outcome === 'error' ? 'deny' : policy.otherwise
  return { objection: { kind, policy: policy.name, message, isFinal: true }, trace }
}

/** Which object, and which container of it. */
function nameIn({ object, container }: Facts): string {
  const text = (facts: Facts[string] | undefined, key: string) =>
    typeof facts === 'object' && key in facts ? String((facts as Facts)[key]) : 'unnamed'
  const own = `${text(object, 'kind')} ${text(object, 'name')}`
  return container === undefined ? own : `${own}, container ${text(container, 'name')}`
}

function askTrigger(trigger: Trigger, occasion: Occasion, facts: Facts): PolicyTrace {
  const isOther = occasion.on === 'artifact' && !trigger.events.includes(occasion.event)
  if (!trigger.enabled || !isOther) return traceWhen(trigger, facts)
  const problem = `wants ${trigger.events.join(' or ')}, the artifact is of event ${occasion.event}`
  return { ...traceOf(trigger), outcome: 'skipped', problem }
}

/** Whether a policy applies: `holds` when it does. */
function traceWhen(policy: Policy, facts: Facts): PolicyTrace {
  const base = traceOf(policy)
  if (!policy.enabled) return { ...base, outcome: 'skipped', problem: 'is disabled' }
  if (policy.when === null) return { ...base, outcome: 'holds' }
  const { result, trace: when } = evaluate(policy.when, facts)
  if (result === true) return { ...base, outcome: 'holds', when }
  return result === 'error'
    ? { ...base, outcome: 'error', problem: problemIn(when), when }
    : { ...base, outcome: 'skipped', problem: 'its when is false', when }
}

const traceOf = ({ name, kind, description }: Policy) => ({ policy: name, kind, description })

/** Of a node that ended in an error: why. */
function problemIn(node: TraceNode): string {
  const failed = node.of?.find(({ result }) => result === 'error')
  return node.problem ?? (failed ? problemIn(failed) : 'cannot be evaluated')
}

function answerInvalid(policy: InvalidPolicy): Answer {
  const { name } = policy
  const message = invalidMessage(policy)
  return {
    objection: { kind: 'deny', policy: name, message },
    trace: { policy: name, kind: 'invalid', description: '', outcome: 'error', problem: message },
  }
}

function invalidMessage({ file, problems }: InvalidPolicy): string {
  const [first] = problems
  const where = first?.pointer ? `at ${first.pointer}, ` : ''
  return (
    `The policy file ${file} cannot be used: ${where}${first?.message}. ` +
    'It stops every release that it could touch until it is corrected'
  )
}

/** The facts of a question with the clock of a time zone, made once for each. */
function factsByTimeZone({ facts, nowMs }: Question): FactsIn {
  const known = new Map<string, Facts>()
  return (timeZone) => {
    const made = known.get(timeZone) ?? { ...facts, now: nowFacts(nowMs, timeZone) }
    known.set(timeZone, made)
    return made
  }
}
