import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import { objectName } from '../objects.ts'
import { parseYaml } from '../parse-yaml.ts'
import { findObject, identityOf, type Target } from './find-object.ts'
import { change, find, type Pointer, parsePointer } from './json-pointer.ts'
import { changedObjects, type Open } from './open-object.ts'
import { type Mapping, plainOf, type Tree, textAt, treeOf } from './tree.ts'

/** A list of operations (RFC 6902), as YAML or JSON, for one object. */
export type Json6902Patch = { readonly patch: string; readonly target: Target }

/** Far more than a patch has; it keeps the work proportional to the text. */
const operationsMax = 1000

/** Carries out the operations on the objects they name. What none touches stays byte for byte. */
export const json6902 = (
  objects: readonly ObjectText[],
  patches: readonly Json6902Patch[],
): readonly ObjectText[] | Refusal =>
  changedObjects(objects, (open) => patchedObjects(open, patches))

/** The same, of objects that are open. */
export function patchedObjects(
  objects: readonly Open[],
  patches: readonly Json6902Patch[],
): readonly Open[] | Refusal {
  let open = objects
  for (const [index, { patch, target }] of patches.entries()) {
    const place = `json6902Patches[${index}]`
    const at = findObject(
      open.map(({ root }) => identityOf(root)),
      target,
    )
    if (isRefusal(at)) return refuse(at.code, `${place}: ${at.message}`)
    const operations = parseOperations(patch)
    if (isRefusal(operations)) return refuse(operations.code, `${place}: ${operations.message}`)
    const root = open[at] && operated(open[at].root, operations, place)
    if (isRefusal(root)) return root
    open = open.map((one, index) => (index === at && root ? { ...one, root } : one))
  }
  return open
}

/** Reads a list of operations. */
export function parseOperations(text: string): readonly Tree[] | Refusal {
  const documents = parseYaml(text)
  if (isRefusal(documents)) return documents
  const [only] = documents
  const tree = only && documents.length === 1 ? treeOf(text, only) : undefined
  if (tree?.kind !== 'sequence')
    return refuse(
      'invalid',
      'must be a list of operations: - { op: replace, path: /spec/replicas, value: 3 }',
    )
  return tree.items.length > operationsMax
    ? refuse('invalid', `at most ${operationsMax} operations can stand in one patch`)
    : tree.items
}

/** An object after the operations, one after the other; `place` is where they stand. */
export function operated(
  object: Mapping,
  operations: readonly Tree[],
  place: string,
): Mapping | Refusal {
  const { kind, name } = identityOf(object)
  let root: Tree = object
  for (const [index, tree] of operations.entries()) {
    const at = `${place}[${index}]`
    const operation = parseOperation(tree)
    if (isRefusal(operation)) return refuse(operation.code, `${at}: ${operation.message}`)
    const changed = afterOperation(root, operation)
    if (isRefusal(changed))
      return refuse(changed.code, `${at}: ${operation.op} on ${kind} ${name}: ${changed.message}`)
    root = changed
  }
  const valid = objectName(plainOf(root), 'default')
  if (root.kind === 'mapping' && !isRefusal(valid)) return root
  const message = isRefusal(valid) ? valid.message : 'must stay a mapping'
  return refuse('invalid', `${place}: ${kind} ${name} is no object afterwards: ${message}`)
}

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: Tree }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer }

function parseOperation(tree: Tree): Operation | Refusal {
  const op = textAt(tree, 'op')
  const path = pointerAt(tree, 'path')
  if (isRefusal(path)) return path
  switch (op) {
    case 'add':
    case 'replace':
    case 'test': {
      const value = tree.kind === 'mapping' ? tree.entries.get('value') : undefined
      return value ? { op, path, value } : refuse('invalid', `${op} needs "value"`)
    }
    case 'remove':
      return { op, path }
    case 'move':
    case 'copy': {
      const from = pointerAt(tree, 'from')
      return isRefusal(from) ? from : { op, path, from }
    }
    default:
      return refuse('invalid', '"op" must be add, remove, replace, move, copy or test')
  }
}

function pointerAt(tree: Tree, key: string): Pointer | Refusal {
  const text = textAt(tree, key)
  return text === undefined
    ? refuse('invalid', `needs "${key}" as text, such as /spec/replicas`)
    : parsePointer(text)
}

function afterOperation(root: Tree, operation: Operation): Tree | Refusal {
  const { path } = operation
  switch (operation.op) {
    case 'add':
      return put(root, path, operation.value)
    case 'replace':
      return path.keys.length === 0
        ? operation.value
        : change(root, path, { tree: operation.value })
    case 'remove':
      return path.keys.length === 0 ? whole : change(root, path, { tree: undefined })
    case 'test':
      return tested(root, path, operation.value)
    case 'copy': {
      const copy = find(root, operation.from)
      return isRefusal(copy) ? copy : put(root, path, copy)
    }
    case 'move':
      return moved(root, path, operation.from)
  }
}

const whole = refuse('invalid', 'the whole object cannot be removed; use `$patch: delete`')

const put = (root: Tree, path: Pointer, tree: Tree): Tree | Refusal =>
  path.keys.length === 0 ? tree : change(root, path, { tree, isInserted: true })

function moved(root: Tree, path: Pointer, from: Pointer): Tree | Refusal {
  if (`${path.text}/`.startsWith(`${from.text}/`) && path.text !== from.text)
    return refuse('invalid', `${from.text} cannot be moved into itself`)
  const tree = find(root, from)
  if (isRefusal(tree)) return tree
  if (path.text === from.text) return root
  const rest = change(root, from, { tree: undefined })
  return isRefusal(rest) ? rest : put(rest, path, tree)
}

function tested(root: Tree, path: Pointer, value: Tree): Tree | Refusal {
  const found = find(root, path)
  if (isRefusal(found)) return found
  return sameJson(plainOf(found), plainOf(value))
    ? root
    : refuse('invalid', `${path.text} is not what the test expects`)
}

/** Equality as RFC 6902 has it: the order of keys does not count. */
function sameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => sameJson(item, other[at]))
  if (one instanceof Map && other instanceof Map)
    return (
      one.size === other.size &&
      [...one].every(([key, value]) => other.has(key) && sameJson(value, other.get(key)))
    )
  return one === other
}
