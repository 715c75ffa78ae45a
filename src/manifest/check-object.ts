import { isCollection, isNode, isPair, parseDocument } from 'yaml'
import { type Refusal, refuse } from '../domain/fault.ts'
import { schemaProblem } from './kubernetes-schema.ts'
import type { NamedObject } from './objects.ts'

/** What a manifest says of the objects that it makes. */
export type ObjectRules = {
  /** The namespaces that they may name; `null` allows every one. */
  readonly namespaces: readonly string[] | null
  /** Whether objects of Kubernetes' own kinds must have the fields that its API knows. */
  readonly validate: boolean
}

/** What is wrong with an object, before it is written: where, what, and what to do about it. */
export function objectProblem(object: NamedObject, rules: ObjectRules): Refusal | null {
  const { place, name } = object
  const problem = namespaceProblem(object, rules) ?? fieldProblem(object, rules)
  return problem === null
    ? null
    : refuse('invalid', `${place}: ${name.kind} ${name.name}: ${problem}`)
}

function namespaceProblem({ name }: NamedObject, { namespaces }: ObjectRules): string | null {
  if (namespaces === null || namespaces.includes(name.namespace)) return null
  return `is for the namespace ${name.namespace}, and its manifest for ${namespaces.join(', ')}; correct one of them, or add it to the manifest's namespaces`
}

function fieldProblem({ text, value }: NamedObject, { validate }: ObjectRules): string | null {
  const problem = validate ? schemaProblem(value) : null
  if (!problem) return null
  const { path, message } = problem
  return `${shown(path)} (line ${lineOf(text, path)} of it): ${message}`
}

/** `spec.template.spec.containers[0].image` */
const shown = (path: readonly (string | number)[]): string =>
  path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${key}`))
    .join('')

/** The line of an object's text where a path leads, or where it would begin; counted from 1. */
function lineOf(text: string, path: readonly (string | number)[]): number {
  let node: unknown = parseDocument(text).contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const key of path) {
    if (!isCollection(node)) break
    const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key))
    node = node.get(key, true)
    const found = isPair(pair) ? pair.key : node
    if (!isNode(found)) break
    offset = found.range?.[0] ?? offset
  }
  return text.slice(0, offset).split('\n').length
}
