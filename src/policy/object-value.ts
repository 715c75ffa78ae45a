import type { Facts, FactType, FactValue } from '../domain/facts.ts'
import { isObject } from './problem.ts'

export type Leaf = FactValue | Facts

/** What no fact type takes. */
export const unreadable: Facts = Object.freeze({})
/** Stands where a map or list had to be and was not; whatever is read below it is the same. */
export const broken = Symbol('broken')

/** What stands under these names: own properties of plain maps only, `broken` where there is no map. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value
  for (const name of names) {
    if (found === undefined || found === null) return undefined
    if (!isMap(found)) return broken
    found = Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}

/** Whether this is a plain map that says itself what is in it. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false
  // Kubernetes' parser merges what stands under this key into the map; one of YAML 1.2 does not.
  if (Object.hasOwn(value, '<<')) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isNumber = (value: unknown): value is number => Number.isFinite(value)

const fits: Readonly<Record<FactType, (value: unknown) => boolean>> = {
  string: isText,
  number: isNumber,
  boolean: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every(isText),
}

/** A fact of this type, or `unreadable`. `null` is how YAML writes that nothing is said. */
export function leaf(type: FactType, value: unknown): Leaf | undefined {
  if (value === undefined || value === null) return undefined
  return fits[type](value) ? (value as FactValue) : unreadable
}

/** Facts without those that are absent. */
export const present = (facts: Readonly<Record<string, Leaf | undefined>>): Facts =>
  Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, Leaf] => entry[1] !== undefined),
  )

/** The entries of a list. One `broken` entry stands for what is no list. */
export function entries(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value.map((entry) => entry ?? broken) : [broken]
}
