import jsonLogic, { type RulesLogic } from 'json-logic-js'
import type { TraceNode } from '../domain/decision.ts'
import type { Facts, FactValue } from '../domain/facts.ts'
import { assertNever } from '../domain/fault.ts'
import type { Glob } from '../domain/glob.ts'
import { type DeclaredFact, lookUp, shown, type ValueType } from './fact.ts'
import { type Comparison, isTextOperator, type LibraryOperator } from './operators.ts'

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
      readonly kind: 'glob'
      readonly op: 'glob'
      readonly operands: readonly [FactOperand, Literal]
      /** The pattern that the second operand is. */
      readonly glob: Glob
      readonly source: unknown
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
export type Operand = FactOperand | Literal

export type Evaluation = { readonly result: boolean | 'error'; readonly trace: TraceNode }

/** What one evaluation may cost: a step is a node, or this many characters that are looked at. */
export const stepsMax = 10_000
export const charsPerStep = 512

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
type Leaf = Extract<Rule, { readonly kind: 'compare' | 'glob' }>
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
    case 'glob':
      return walkLeaf(rule, run)
    default:
      return assertNever(rule)
  }
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
  const [left, right] = leaf.operands.map((operand) => readOperand(operand, run.facts))
  const node = { op: leaf.op, facts: { ...left?.seen, ...right?.seen }, rule: leaf.source }
  const values = [left?.value, right?.value] as const
  run.stepsLeft -= Math.floor(charsRead(leaf, values) / charsPerStep)
  const problem =
    run.stepsLeft < 0 ? spent : (left?.problem ?? right?.problem ?? problemOf(leaf, values))
  return problem === undefined
    ? { ...node, result: holds(leaf, values) }
    : { ...node, result: 'error', problem }
}

type Reading = {
  readonly value?: LiteralValue
  readonly problem?: string
  /** What the trace shows of a fact that was there. */
  readonly seen?: Readonly<Record<string, FactValue>>
}
type Values = readonly [LiteralValue | undefined, LiteralValue | undefined]

function readOperand(operand: Operand, facts: Facts): Reading {
  if (operand.kind === 'literal') return { value: operand.value }
  const found = lookUp(operand, facts)
  if (found.kind === 'wrong') return { problem: found.problem }
  if (found.kind === 'value')
    return { value: found.value, seen: { [operand.path]: shown(found.value) } }
  return operand.fallback === undefined
    ? { problem: `needs the fact ${operand.path}, which is not there` }
    : { value: operand.fallback }
}

function problemOf({ op }: Leaf, [, right]: Values): string | undefined {
  return isTextOperator(op) && right === ''
    ? 'looks for an empty text, which every text has'
    : undefined
}

function holds(leaf: Leaf, [left, right]: Values): boolean {
  switch (leaf.op) {
    case 'glob':
      return leaf.glob.matches(String(left))
    case 'startsWith':
      return String(left).startsWith(String(right))
    case 'endsWith':
      return String(left).endsWith(String(right))
    case 'contains':
      return String(left).includes(String(right))
    default:
      return applyLibrary(leaf.op, [left, right])
  }
}

const applyLibrary = (op: LibraryOperator, operands: Values): boolean =>
  jsonLogic.apply({ [op]: operands } as unknown as RulesLogic) === true

function charsRead(leaf: Leaf, [left, right]: Values): number {
  return leaf.kind === 'glob' ? leaf.glob.steps(String(left)) : charsOf(left) + charsOf(right)
}

function charsOf(value: LiteralValue | undefined): number {
  if (typeof value === 'object') return value.reduce((sum: number, one) => sum + charsOf(one), 0)
  return typeof value === 'string' ? value.length + 1 : 1
}
