import { declarationOf, factDeclarations } from '../domain/facts.ts'
import { type DeclaredFact, typeNames } from './fact.ts'
import { below, isObject, quote, report, type Spot, suggestion } from './problem.ts'
import type { FactOperand, Literal, LiteralValue, Operand } from './rule.ts'

/** The type that a list of these has. */
export const listTypes = { string: 'strings', number: 'numbers', boolean: 'booleans' } as const

/** Reads what stands beside a comparison: a fact or a literal. `null` when a problem was reported. */
export function readOperand(value: unknown, spot: Spot): Operand | null {
  if (!isObject(value)) return readLiteral(value, spot)
  const [key, ...more] = Object.keys(value)
  return key === 'var' && more.length === 0
    ? readFact(value.var, below(spot, 'var'))
    : report(spot, 'must be a fact such as { "var": "app" } or a literal: nothing is computed here')
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
  const known = factDeclarations.map(({ path }) =>
    path
      .split('.')
      .map((part, at) => (part === '*' ? (parts[at] ?? part) : part))
      .join('.'),
  )
  const alike = suggestion(parts.join('.'), known)
  const sameEnd = known.find((path) => path.endsWith(`.${parts.at(-1)}`))
  return alike === '' && sameEnd ? `; did you mean ${sameEnd}?` : alike
}

function readFact(value: unknown, spot: Spot): FactOperand | null {
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
