import type { PolicyTrace, TraceNode } from '../domain/decision.ts'
import type { FactValue } from '../domain/facts.ts'
import { isObject } from './problem.ts'

const outcomeMarks = { holds: '✓', fails: '✗', skipped: '-', error: '!' } as const

/** What the policies said and why, as lines for people: a tree, indented, one line a comparison. */
export function explainTrace(trace: readonly PolicyTrace[]): string[] {
  return trace.flatMap((policy) => {
    const { when, rule, outcome, description, problem } = policy
    const head = [`${outcomeMarks[outcome]} ${policy.policy} (${policy.kind})`]
    if (description) head.push(`: ${oneLine(description)}`)
    if (problem) head.push(` — ${oneLine(problem)}`)
    return [
      head.join(''),
      ...(when ? ['  when', ...explainNode(when, '    ')] : []),
      ...(rule ? ['  require', ...explainNode(rule, '    ')] : []),
    ]
  })
}

const words: Readonly<Record<string, string>> = { and: 'all of', or: 'one of', '!': 'not' }

function explainNode(node: TraceNode, indent: string): string[] {
  const mark = { true: '✓', false: '✗', error: '!' }[`${node.result}`]
  const text = node.of ? (words[node.op] ?? node.op) : leafText(node)
  const inner = (node.of ?? []).flatMap((part) => explainNode(part, `${indent}  `))
  return [`${indent}${mark} ${text}`, ...inner]
}

/** `artifact.version.branch == "main"  (it is "fix/x")` */
function leafText(node: TraceNode): string {
  const { facts = {}, problem } = node
  const comparison = comparisonText(node)
  const known = Object.entries(facts)
  const isOnly = known.length === 1 && problem === undefined
  const seen = known.map(([path, value]) => {
    const isNamed = isOnly && comparison.includes(path)
    return `${isNamed ? 'it' : path} is ${valueText(value)}`
  })
  const notes = problem === undefined ? seen : [...seen, problem]
  return notes.length > 0 ? `${comparison}  (${notes.join(', ')})` : comparison
}

function comparisonText({ op, rule }: TraceNode): string {
  if (!isObject(rule)) return String(rule ?? op)
  const operands = rule[op]
  if (Array.isArray(operands) && operands.length === 2 && op !== 'within')
    return operands.map(operandText).join(` ${op} `)
  return `${op} ${oneLine(typeof operands === 'string' ? operands : JSON.stringify(operands))}`
}

/** A literal, a fact, or a value made of one, such as `count(approvals.by)`. */
function operandText(operand: unknown): string {
  if (!isObject(operand)) return valueText(operand as FactValue)
  const [op = ''] = Object.keys(operand)
  const value = operand[op]
  if (op === 'var') return factText(value)
  if (op === 'image') return `image(${oneLine([value].flat().join(' '))})`
  const inner: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  return `${op}(${isObject(inner) ? operandText(inner) : factText(inner)})`
}

const factText = (path: unknown): string =>
  Array.isArray(path) ? `${path[0]} (or ${valueText(path[1])})` : oneLine(String(path))

const valueText = (value: FactValue): string => oneLine(JSON.stringify(value))

// Facts come from artifacts: they must not move the cursor of who reads this, nor turn the text.
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

const oneLine = (text: string): string =>
  text.replace(unprintable, (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, '0')}`)
