import { declarationOf, declarations } from './declarations.ts'
import { type DeclaredFact, typeNames } from './fact.ts'
import { type ComputedOperator, operandOperators } from './operators.ts'
import { below, isObject, quote, report, type Spot, suggestion } from './problem.ts'
import type { Computed, FactOperand, Literal, LiteralValue, Operand } from './rule.ts'

/** The type that a list of these has. */
export const listTypes = { string: 'strings', number: 'numbers', boolean: 'booleans' } as const

/** Reads what stands beside a comparison: a fact or a literal. `null` when a problem was reported. */
export function readOperand(value: unknown, spot: Spot): Operand | null {
  if (!isObject(value)) return readLiteral(value, spot)
  const [key = '', ...more] = Object.keys(value)
  if (more.length > 0) return report(spot, `has several keys: ${valueForms}`)
  const inside = { ...below(spot, key), depth: spot.depth + 1 }
  if (inside.depth > operandDepthMax) return report(spot, 'nests too deep')
  switch (key) {
    case 'var':
      return readFact(value.var, inside)
    case 'image':
      return readImage(value.image, inside)
    case 'count':
    case 'distinct':
      return readOfList({ op: key, source: value }, value[key], inside)
    case 'minutesSince':
      return readMinutes({ op: key, source: value }, value[key], inside)
    default:
      return report(spot, `must be ${valueForms}${suggestion(key, operandOperators)}`)
  }
}

const operandDepthMax = 64
const valueForms = 'a literal, or one of { "var": "app" }, { "image": "tag" }, { "count": list }'

type Node = { readonly op: ComputedOperator; readonly source: unknown }

function readOfList(node: Node, value: unknown, spot: Spot): Computed | null {
  const of = readOperand(Array.isArray(value) && value.length === 1 ? value[0] : value, spot)
  if (!of) return null
  if (!(Object.values(listTypes) as string[]).includes(of.type))
    return report(spot, `takes a list, this is ${typeNames[of.type]}`)
  if (of.kind === 'literal') return report(spot, 'is of a literal: write what comes out of it')
  if (of.kind === 'computed' && of.op === node.op)
    return report(spot, 'is of what has no repeats already')
  return { kind: 'computed', ...node, type: node.op === 'count' ? 'number' : of.type, of }
}

function readMinutes(node: Node, value: unknown, spot: Spot): Computed | null {
  const of = isObject(value) ? readOperand(value, spot) : readFact(value, spot)
  if (!of) return null
  if (of.kind !== 'fact') return report(spot, 'takes a moment, which is a fact')
  // Since 1970 is long enough for everything.
  if (of.fallback !== undefined)
    return report(spot, 'takes no default: ask with has whether the moment is there')
  return declarationOf(of.path)?.isTime
    ? { kind: 'computed', ...node, type: 'number', of }
    : report(spot, `${of.path} is no time: name one such as "envs.staging.releasedAt"`)
}

const imageParts = ['registry', 'repository', 'tag', 'digest']

/** `"tag"` of the item that is named image, or `["api", "tag"]` of another. */
function readImage(value: unknown, spot: Spot): FactOperand | null {
  const [name, part] = Array.isArray(value) && value.length === 2 ? value : ['image', value]
  if (typeof name !== 'string' || typeof part !== 'string' || !imageParts.includes(part))
    return report(spot, `takes one of ${imageParts.join(', ')}, or [ "item", one of them ]`)
  return readFact(`artifact.images.${name}.${part}`, spot)
}

/** Reads the path of a declared fact. */
export function readPath(path: unknown, spot: Spot): DeclaredFact | null {
  if (typeof path !== 'string') return report(spot, 'must be the path of a fact, such as "app"')
  const parts = path.split('.')
  const inherited = parts.find((part) => part in Object.prototype || part === 'prototype')
  if (inherited !== undefined)
    return report(spot, `${quote(inherited)} is no name that a fact can have`)
  if (parts.includes('*')) return report(spot, 'must have a name in place of *')
  const declared = declarationOf(path)
  return declared
    ? { path, type: declared.type }
    : report(spot, `there is no fact ${quote(path)}${nearestFact(parts)}`)
}

function nearestFact(parts: readonly string[]): string {
  const known = declarations.map(({ path }) =>
    path
      .split('.')
      .map((part, at) => (part === '*' ? (parts[at] ?? part) : part))
      .join('.'),
  )
  const alike = suggestion(parts.join('.'), known)
  const sameEnd = known.find((path) => path.endsWith(`.${parts.at(-1)}`))
  return alike === '' && sameEnd ? `; did you mean ${sameEnd}?` : alike
}

/** Reads a fact: its path, or its path and what counts when it is not there. */
export function readFact(value: unknown, spot: Spot): FactOperand | null {
  if (!Array.isArray(value)) {
    const fact = readPath(value, spot)
    return fact && { kind: 'fact', ...fact }
  }
  if (value.length !== 2)
    return report(spot, 'must be a path, or a path and what counts when the fact is not there')
  const fact = readPath(value[0], below(spot, 0))
  // An empty list has no type by itself, but is a fine default for one.
  const isEmptyList = Array.isArray(value[1]) && value[1].length === 0
  const fallback = isEmptyList
    ? { type: 'strings', value: [] }
    : readLiteral(value[1], below(spot, 1))
  if (!fact || !fallback) return null
  return fallback.type === fact.type
    ? { kind: 'fact', ...fact, fallback: fallback.value }
    : report(below(spot, 1), `must be ${typeNames[fact.type]}, as ${fact.path} is`)
}

function readLiteral(value: unknown, spot: Spot): Literal | null {
  if (Array.isArray(value)) return readList(value, spot)
  if (value === null)
    return report(spot, 'null is no value: to ask whether a fact is there, write { "has": "…" }')
  const type = scalarType(value)
  return type
    ? { kind: 'literal', type, value: value as LiteralValue }
    : report(spot, 'must be a text, a finite number, true, false or a list of one of these')
}

function readList(list: readonly unknown[], spot: Spot): Literal | null {
  if (list.length === 0) return report(spot, 'is an empty list, which holds nothing')
  const types = new Set(list.map(scalarType))
  const [type] = types
  return type && types.size === 1
    ? { kind: 'literal', type: listTypes[type], value: list as LiteralValue }
    : report(spot, 'must be a list of texts only, or of numbers only')
}

function scalarType(value: unknown): keyof typeof listTypes | undefined {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  return Number.isFinite(value) ? 'number' : undefined
}
