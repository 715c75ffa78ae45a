import { assertNever } from '../domain/fault.ts'
import { typeNames } from './fact.ts'
import { listTypes, readOperand, readPath } from './operand-check.ts'
import {
  type Comparison,
  isOwnOperator,
  operandOperators,
  type RuleOperator,
  ruleOperators,
  writeInstead,
} from './operators.ts'
import { readOwn } from './own-operators.ts'
import { below, isObject, type Problem, quote, report, type Spot, suggestion } from './problem.ts'
import type { Operand, Rule } from './rule.ts'

export type CheckedRule =
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/** How deep operators may stand in one another, and how many values a rule may have in all. */
export const ruleDepthMax = 32
export const ruleNodesMax = 1_000

/**
 * Checks that a rule can only ever say yes on purpose: known operators, one to a node, declared
 * facts, operands of the right type. Answers the typed rule, or every problem with its place.
 */
export function checkRule(value: unknown): CheckedRule {
  const spot: Spot = { pointer: '', depth: 1, problems: [] }
  const rule =
    countNodes(value, ruleNodesMax) > ruleNodesMax
      ? report(spot, `has more than ${ruleNodesMax} values: split the policy`)
      : readRule(value, spot)
  return rule && spot.problems.length === 0
    ? { kind: 'rule', rule }
    : { kind: 'problems', problems: spot.problems }
}

/** Counts the values of a rule, and stops soon after `most`. */
function countNodes(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1
  let nodes = 1
  for (const part of Object.values(value)) {
    if (nodes > most) break
    nodes += countNodes(part, most - nodes)
  }
  return nodes
}

/** Reads one node. `null` means that a problem was reported; so it is with every reader here. */
function readRule(value: unknown, spot: Spot): Rule | null {
  if (typeof value === 'boolean') return { kind: 'constant', value }
  if (!isObject(value))
    return report(spot, 'must be a rule such as { "==": [ { "var": "app" }, "web" ] }')
  const [operator, second] = Object.keys(value)
  if (operator === undefined) return report(spot, 'is empty: write a rule, or true')
  if (second !== undefined)
    return report(
      spot,
      `has the keys ${quote(operator)} and ${quote(second)}: a node has one operator and nothing else`,
    )
  if (spot.depth > ruleDepthMax)
    return report(spot, `nests deeper than ${ruleDepthMax} operators: split the policy`)
  if ((operandOperators as readonly string[]).includes(operator))
    return report(spot, `is a value and no comparison: write { "==": [ { "${operator}": … }, … ] }`)
  if (!isRuleOperator(operator)) return report(spot, unknownOperator(operator))
  const inside = { ...below(spot, operator), depth: spot.depth + 1 }
  return readNode({ operator, operands: value[operator], source: value }, inside)
}

const isRuleOperator = (operator: string): operator is RuleOperator =>
  (ruleOperators as readonly string[]).includes(operator)

function unknownOperator(operator: string): string {
  const hint = writeInstead(operator)
  return hint
    ? `there is no operator ${quote(operator)} here: ${hint}`
    : `there is no operator ${quote(operator)}${suggestion(operator, ruleOperators)}`
}

type Node = {
  readonly operator: RuleOperator
  readonly operands: unknown
  /** The whole node, as its author wrote it. */
  readonly source: unknown
}

function readNode(node: Node, spot: Spot): Rule | null {
  const { operator, operands, source } = node
  switch (operator) {
    case 'and':
    case 'or':
      return readBranch(operator, operands, spot)
    case '!':
      return readNot(operands, spot)
    case 'has': {
      const fact = readPath(operands, spot)
      return fact && { kind: 'has', fact, source }
    }
    default:
      return isOwnOperator(operator)
        ? readOwn({ ...node, operator }, spot)
        : readComparison({ ...node, operator }, spot)
  }
}

function readBranch(kind: 'and' | 'or', operands: unknown, spot: Spot): Rule | null {
  if (!Array.isArray(operands) || operands.length === 0)
    return report(spot, 'takes a list of one or more rules')
  const of = operands.map((operand, at) => readRule(operand, below(spot, at)))
  return of.every((rule) => rule !== null) ? { kind, of } : null
}

function readNot(operands: unknown, spot: Spot): Rule | null {
  if (Array.isArray(operands) && operands.length !== 1) return report(spot, 'takes one rule')
  const of = Array.isArray(operands)
    ? readRule(operands[0], below(spot, 0))
    : readRule(operands, spot)
  return of && { kind: 'not', of }
}

type ComparisonNode = Node & { readonly operator: Comparison }

function readComparison({ operator, operands, source }: ComparisonNode, spot: Spot): Rule | null {
  if (Array.isArray(operands) && operands.length === 3 && /^<=?$/.test(operator))
    return report(spot, `takes two numbers: for between, write and with two ${operator}`)
  const pair = readPair(operands, spot)
  if (!pair) return null
  const problem = pairProblem(operator, pair)
  return problem ? report(spot, problem) : { kind: 'compare', op: operator, operands: pair, source }
}

type Pair = readonly [Operand, Operand]

function readPair(operands: unknown, spot: Spot): Pair | null {
  if (!Array.isArray(operands) || operands.length !== 2)
    return report(spot, 'takes a list of two operands')
  const left = readOperand(operands[0], below(spot, 0))
  const right = readOperand(operands[1], below(spot, 1))
  return left && right && [left, right]
}

/** Why two operands cannot be compared so. JSON-Logic would compare them, and be right by chance. */
function pairProblem(operator: Comparison, [left, right]: Pair): string | undefined {
  if (left.kind === 'literal' && right.kind === 'literal')
    return 'compares two literals: write true or false'
  const found = `${typeNames[left.type]} and ${typeNames[right.type]}`
  switch (operator) {
    case '==':
    case '!=':
      if (!isScalar(left)) return 'compares a list: write in'
      return left.type === right.type
        ? undefined
        : `compares values of one type, these are ${found}`
    case '<':
    case '<=':
    case '>':
    case '>=':
      return left.type === 'number' && right.type === 'number'
        ? undefined
        : `compares numbers, these are ${found}`
    case 'in':
      if (right.type === 'string')
        return 'looks in a list: for a part of a text, write { "contains": [ text, part ] }'
      return isScalar(left) && right.type === listTypes[left.type]
        ? undefined
        : `looks for a value in a list of its type, these are ${found}`
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      if (right.kind === 'literal' && right.value === '') return 'looks for an empty text'
      return left.type === 'string' && right.type === 'string'
        ? undefined
        : `compares texts, these are ${found}`
    default:
      return assertNever(operator)
  }
}

const isScalar = (
  operand: Operand,
): operand is Operand & { readonly type: keyof typeof listTypes } => operand.type in listTypes
