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
  const known = Object.entries(facts)
  const isOnly = known.length === 1 && problem === undefined
  const seen = known.map(([path, value]) => `${isOnly ? 'it' : path} is ${valueText(value)}`)
  const notes = problem === undefined ? seen : [...seen, problem]
  const comparison = comparisonText(node)
  return notes.length > 0 ? `${comparison}  (${notes.join(', ')})` : comparison
}

function comparisonText({ op, rule }: TraceNode): string {
  if (!isObject(rule)) return String(rule ?? op)
  const operands = rule[op]
  return Array.isArray(operands)
    ? operands.map(operandText).join(` ${op} `)
    : `${op} ${oneLine(String(operands))}`
}

function operandText(operand: unknown): string {
  if (!isObject(operand)) return valueText(operand as FactValue)
  const path: unknown = operand.var
  return Array.isArray(path) ? `${path[0]} (or ${valueText(path[1])})` : oneLine(String(path))
}

const valueText = (value: FactValue): string => oneLine(JSON.stringify(value))

// Facts come from artifacts: they must not move the cursor of who reads this, nor turn the text.
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

const oneLine = (text: string): string =>
  text.replace(unprintable, (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, '0')}`)
