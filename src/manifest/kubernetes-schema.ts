import { nearestFew } from '../domain/nearest.ts'
import { kubernetesKinds } from './generated/kubernetes-kinds.ts'

/** A field that is not as Kubernetes' API has it. */
export type SchemaProblem = {
  /** The keys and indices that lead to it. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

type Model = {
  readonly fields: Readonly<Record<string, string>>
  readonly required: readonly string[]
}
type Kinds = {
  readonly version: string
  /** By apiVersion and kind: the model, and whether its objects have a namespace. */
  readonly kinds: Readonly<Record<string, readonly [model: string, isNamespaced: boolean]>>
  readonly models: Readonly<Record<string, Model>>
}

let parsed: Kinds | undefined
/** Parsed when it is first needed: a program that checks nothing does not pay for it. */
function known(): Kinds {
  parsed ??= JSON.parse(kubernetesKinds) as Kinds
  return parsed
}

/** Whether objects of this kind have a namespace; `null` of a kind that is not Kubernetes' own. */
export function isNamespaced(apiVersion: string, kind: string): boolean | null {
  return kindOf(`${apiVersion} ${kind}`)?.[1] ?? null
}

const kindOf = (name: string): Kinds['kinds'][string] | undefined =>
  Object.hasOwn(known().kinds, name) ? known().kinds[name] : undefined

/**
 * The first field of an object that Kubernetes' API does not know, misses, or has with another type;
 * `null` when there is none, or when the kind is not Kubernetes' own. Mappings are `Map`s. Values are
 * not looked into: that an image exists, or a duration can be read, shows in the cluster.
 */
export function schemaProblem(object: ReadonlyMap<unknown, unknown>): SchemaProblem | null {
  const name = `${String(object.get('apiVersion'))} ${String(object.get('kind'))}`
  const [model] = kindOf(name) ?? []
  return model === undefined ? null : problemIn(object, { type: model, path: [] })
}

type At = { readonly type: string; readonly path: SchemaProblem['path'] }

function problemIn(value: unknown, { type, path }: At): SchemaProblem | null {
  // What is null counts as not given.
  if (type === 'any' || value === null || value === undefined) return null
  const of = type.slice(2)
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return wrong(path, 'must be a list')
    return firstOf(value.entries(), of, path)
  }
  if (type.startsWith('{}')) {
    if (!(value instanceof Map)) return wrong(path, 'must be a mapping')
    return firstOf(value.entries(), of, path)
  }
  const scalar = scalars[type]
  if (scalar) return scalar.fits(value) ? null : wrong(path, scalar.rule)
  const model = known().models[type]
  if (!model) return null
  return value instanceof Map ? modelProblem(value, model, path) : wrong(path, 'must be a mapping')
}

function firstOf(
  entries: Iterable<readonly [unknown, unknown]>,
  type: string,
  path: SchemaProblem['path'],
): SchemaProblem | null {
  for (const [key, one] of entries) {
    const problem = problemIn(one, { type, path: [...path, keyOf(key)] })
    if (problem) return problem
  }
  return null
}

function modelProblem(
  object: ReadonlyMap<unknown, unknown>,
  { fields, required }: Model,
  path: SchemaProblem['path'],
): SchemaProblem | null {
  for (const [key, value] of object) {
    const name = String(key)
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined
    const problem = type
      ? problemIn(value, { type, path: [...path, name] })
      : wrong([...path, name], unknown(name, Object.keys(fields)))
    if (problem) return problem
  }
  const missing = required.find((name) => (object.get(name) ?? null) === null)
  return missing === undefined ? null : wrong([...path, missing], 'is missing')
}

function unknown(name: string, names: readonly string[]): string {
  const near = nearestFew(name, names, 2)
  const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
  return `there is no such field in Kubernetes ${known().version}${hint}`
}

const wrong = (path: SchemaProblem['path'], message: string): SchemaProblem => ({ path, message })
const keyOf = (key: unknown): string | number => (typeof key === 'number' ? key : String(key))

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'

const scalars: Readonly<Record<string, { fits(value: unknown): boolean; rule: string }>> = {
  string: { fits: isText, rule: 'must be text; put quotes around it' },
  boolean: { fits: (value) => typeof value === 'boolean', rule: 'must be true or false' },
  integer: {
    fits: (value) => Number.isSafeInteger(value),
    rule: 'must be a whole number; with a variable write "{{ .NAME | int }}"',
  },
  number: { fits: isNumber, rule: 'must be a number' },
  quantity: {
    fits: (value) => isText(value) || isNumber(value),
    rule: 'must be an amount, such as 500m or 128Mi',
  },
  IntOrString: {
    fits: (value) => isText(value) || isNumber(value),
    rule: 'must be a number or text',
  },
}
