import jsonLogic, { type RulesLogic } from 'json-logic-js'
import type { TraceNode } from '../domain/decision.ts'
import type { Facts, FactValue } from '../domain/facts.ts'
import { assertNever } from '../domain/fault.ts'
import { type DeclaredFact, lookUp, shown, type ValueType } from './fact.ts'
import {
  type Comparison,
  type ComputedOperator,
  isTextOperator,
  type LibraryOperator,
  type OwnOperator,
} from './operators.ts'

/** A rule that passed `checkRule`: every node is true or false, and every operand has its type. */
export type Rule =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Rule[] }
  | { readonly kind: 'not'; readonly of: Rule }
  | { readonly kind: 'has'; readonly fact: DeclaredFact; readonly source: unknown }
  | {
      readonly kind: 'compare'
      readonly op: Comparison
      readonly operands: readonly [Operand, Operand]
      /** The node as its author wrote it, for the trace. */
      readonly source: unknown
    }
  | {
      readonly kind: 'test'
      readonly op: OwnOperator
      readonly operands: readonly Operand[]
      readonly test: Test
      readonly source: unknown
    }

/** What an operator of our own asks of the values of its operands, made when the rule is loaded. */
export type Test = {
  readonly holds: (values: readonly LiteralValue[]) => boolean
  /** Why the values cannot be asked, if so. */
  readonly problem?: (values: readonly LiteralValue[]) => string | undefined
  /** How many characters it looks at; without it, as many as there are. */
  readonly chars?: (values: readonly LiteralValue[]) => number
}

export type LiteralValue = FactValue | readonly number[] | readonly boolean[]
export type FactOperand = DeclaredFact & {
  readonly kind: 'fact'
  /** What counts when the fact is not there; without it, a missing fact is an error. */
  readonly fallback?: LiteralValue
}
export type Literal = {
  readonly kind: 'literal'
  readonly type: ValueType
  readonly value: LiteralValue
}
/** A value that is made of another: how many, which without repeats, how long ago. */
export type Computed = {
  readonly kind: 'computed'
  readonly op: ComputedOperator
  readonly type: ValueType
  readonly of: Operand
  readonly source: unknown
}
export type Operand = FactOperand | Literal | Computed

export type Evaluation = { readonly result: boolean | 'error'; readonly trace: TraceNode }

/** What one evaluation may cost: a step is a node, or this many characters that are looked at. */
export const stepsMax = 10_000
export const charsPerStep = 512
/** What an item of a list costs besides its characters: it is looked up, not only read. */
export const charsPerItem = 64

/**
 * Evaluates a rule on facts. Only the result `true` is a yes: a missing fact, a fact of another type
 * and spent steps are an `error`, and so is everything that depends on one.
 */
export function evaluate(rule: Rule, facts: Facts): Evaluation {
  const trace = walk(rule, { facts, stepsLeft: stepsMax })
  return { result: trace.result, trace }
}

type Run = { readonly facts: Facts; stepsLeft: number }
type Branch = Extract<Rule, { readonly kind: 'and' | 'or' }>
type Leaf = Extract<Rule, { readonly kind: 'compare' | 'test' }>
type HasRule = Extract<Rule, { readonly kind: 'has' }>

// The walk is ours because JSON-Logic's goes by truthiness and takes a missing fact for null; what
// it means to compare two values of one type stays the library's.
function walk(rule: Rule, run: Run): TraceNode {
  if (--run.stepsLeft < 0) return { op: rule.kind, result: 'error', problem: spent }
  switch (rule.kind) {
    case 'constant':
      return { op: 'literal', result: rule.value, rule: rule.value }
    case 'and':
    case 'or':
      return walkBranch(rule, run)
    case 'not': {
      const node = walk(rule.of, run)
      return { op: '!', result: node.result === 'error' ? 'error' : !node.result, of: [node] }
    }
    case 'has':
      return walkHas(rule, run.facts)
    case 'compare':
    case 'test':
      return walkLeaf(rule, run)
    default:
      return assertNever(rule)
  }
}

/** The paths of every fact that a rule reads. */
export function factPathsIn(rule: Rule): string[] {
  switch (rule.kind) {
    case 'constant':
      return []
    case 'and':
    case 'or':
      return rule.of.flatMap(factPathsIn)
    case 'not':
      return factPathsIn(rule.of)
    case 'has':
      return [rule.fact.path]
    case 'compare':
    case 'test':
      return rule.operands.flatMap(pathsOf)
    default:
      return assertNever(rule)
  }
}

function pathsOf(operand: Operand): string[] {
  if (operand.kind === 'computed') return pathsOf(operand.of)
  return operand.kind === 'fact' ? [operand.path] : []
}

const spent = `costs more than ${stepsMax} steps`

function walkBranch(branch: Branch, run: Run): TraceNode {
  const goesOn = branch.kind === 'and'
  const of: TraceNode[] = []
  for (const part of branch.of) {
    of.push(walk(part, run))
    if (of.at(-1)?.result !== goesOn) break
  }
  return { op: branch.kind, result: of.at(-1)?.result ?? 'error', of }
}

function walkHas({ fact, source }: HasRule, facts: Facts): TraceNode {
  const found = lookUp(fact, facts)
  const node = { op: 'has', rule: source }
  if (found.kind === 'wrong') return { ...node, result: 'error', problem: found.problem }
  return found.kind === 'missing'
    ? { ...node, result: false }
    : { ...node, result: true, facts: { [fact.path]: shown(found.value) } }
}

function walkLeaf(leaf: Leaf, run: Run): TraceNode {
  const facts: Record<string, FactValue> = {}
  const values: LiteralValue[] = []
  const node = { op: leaf.op, facts, rule: leaf.source }
  let chars = 0
  let broken: string | undefined
  for (const operand of leaf.operands) {
    const reading = readOperand(operand, run.facts)
    if (reading.seen) for (const path in reading.seen) facts[path] = reading.seen[path] as FactValue
    chars += reading.chars ?? 0
    if (reading.value === undefined) broken ??= reading.problem ?? 'has no value'
    else values.push(reading.value)
  }
  if (broken !== undefined) return { ...node, result: 'error', problem: broken }
  run.stepsLeft -= Math.floor((chars + charsRead(leaf, values)) / charsPerStep)
  const problem = run.stepsLeft < 0 ? spent : problemOf(leaf, values)
  return problem === undefined
    ? { ...node, result: holds(leaf, values) }
    : { ...node, result: 'error', problem }
}

type Reading = {
  readonly value?: LiteralValue
  readonly problem?: string
  /** How many characters were looked at to make it. */
  readonly chars?: number
  /** What the trace shows of a fact that was there. */
  readonly seen?: Readonly<Record<string, FactValue>>
}
type Values = readonly LiteralValue[]

function readOperand(operand: Operand, facts: Facts): Reading {
  switch (operand.kind) {
    case 'literal':
      return { value: operand.value }
    case 'fact':
      return readFact(operand, facts)
    case 'computed':
      return compute(operand, facts)
  }
}

function readFact(operand: FactOperand, facts: Facts): Reading {
  const found = lookUp(operand, facts)
  if (found.kind === 'wrong') return { problem: found.problem }
  if (found.kind === 'value')
    return { value: found.value, seen: { [operand.path]: shown(found.value) } }
  return operand.fallback === undefined
    ? { problem: `needs the fact ${operand.path}, which is not there` }
    : { value: operand.fallback }
}

const nowUnix: FactOperand = { kind: 'fact', path: 'now.unix', type: 'number' }

function compute({ op, of }: Computed, facts: Facts): Reading {
  const reading = readOperand(of, facts)
  if (reading.value === undefined) return reading
  const { value } = reading
  if (op !== 'minutesSince') {
    const list = Array.isArray(value) ? (value as readonly unknown[]) : []
    const made = op === 'count' ? list.length : [...new Set(list)]
    return { ...reading, value: made as LiteralValue, chars: (reading.chars ?? 0) + charsOf(value) }
  }
  const now = readFact(nowUnix, facts)
  return now.value === undefined
    ? now
    : {
        value: Math.floor((Number(now.value) - Number(value)) / 60),
        seen: { ...reading.seen, ...now.seen },
      }
}

function problemOf(leaf: Leaf, values: Values): string | undefined {
  if (leaf.kind === 'test') return leaf.test.problem?.(values)
  return isTextOperator(leaf.op) && values[1] === ''
    ? 'looks for an empty text, which every text has'
    : undefined
}

function holds(leaf: Leaf, values: Values): boolean {
  if (leaf.kind === 'test') return leaf.test.holds(values)
  const [left, right] = values
  switch (leaf.op) {
    case 'startsWith':
      return String(left).startsWith(String(right))
    case 'endsWith':
      return String(left).endsWith(String(right))
    case 'contains':
      return String(left).includes(String(right))
    default:
      return applyLibrary(leaf.op, values)
  }
}

const applyLibrary = (op: LibraryOperator, operands: Values): boolean =>
  jsonLogic.apply({ [op]: operands } as unknown as RulesLogic) === true

const charsRead = (leaf: Leaf, values: Values): number =>
  (leaf.kind === 'test' && leaf.test.chars?.(values)) ||
  values.reduce<number>((sum, value) => sum + charsOf(value), 0)

function charsOf(value: LiteralValue | undefined): number {
  if (typeof value === 'object')
    return value.reduce((sum: number, one) => sum + charsPerItem + charsOf(one), 0)
  return typeof value === 'string' ? value.length + 1 : 1
}
