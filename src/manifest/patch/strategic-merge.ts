import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import { objectName } from '../objects.ts'
import { findObject, identityOf, shown, type Target } from './find-object.ts'
import { mergeRulesOf } from './merge-keys.ts'
import type { ListOrder } from './merge-lists.ts'
import { mergeMapping } from './merge-tree.ts'
import { changedObjects, type Open } from './open-object.ts'
import { patchProblem } from './strategic-merge-check.ts'
import {
  type Mapping,
  mapping,
  plainOf,
  readOne,
  type Tree,
  textAt,
  treeAt,
  withEntry,
} from './tree.ts'

/**
 * Merges patches into the objects that they name by `apiVersion`, `kind` and `metadata`: as Kubernetes
 * does for its own kinds, by RFC 7396 for others. What no patch touches stays byte for byte.
 */
export const strategicMerge = (
  objects: readonly ObjectText[],
  patches: readonly ObjectText[],
): readonly ObjectText[] | Refusal =>
  changedObjects(objects, (open) => mergedObjects(open, patches))

/** The same, of objects that are open. */
export function mergedObjects(
  objects: readonly Open[],
  patches: readonly ObjectText[],
): readonly Open[] | Refusal {
  let open = objects
  for (const patch of patches) {
    const merged = withPatch(open, patch)
    if (isRefusal(merged)) return refuse(merged.code, `${patch.place}: ${merged.message}`)
    open = merged
  }
  return open
}

function withPatch(objects: readonly Open[], { text }: ObjectText): readonly Open[] | Refusal {
  const patch = readOne(text)
  if (isRefusal(patch)) return patch
  const target = targetOf(patch.root)
  if (isRefusal(target)) return target
  const at = findObject(
    objects.map(({ root }) => identityOf(root)),
    target,
  )
  if (isRefusal(at)) return at
  const object = objects[at]
  const merged = object && mergeObject(object.root, patch.root, 'kubernetes')
  if (isRefusal(merged)) return refuse(merged.code, `${merged.message} (of ${shown(target)})`)
  return objects.flatMap((one, index) => {
    if (index !== at) return [one]
    return merged ? [{ ...one, root: merged }] : []
  })
}

/** One object with a patch merged, or `null` where the patch deletes it. Its identity stays. */
export function mergeObject(
  object: Mapping,
  patch: Mapping,
  order: ListOrder,
): Mapping | null | Refusal {
  const { group, kind } = identityOf(object)
  const rules = mergeRulesOf(group, kind)
  const problem = patchProblem(patch, rules)
  if (problem) return problem
  if (textAt(patch, '$patch') === 'delete') return null
  const merged = mergeMapping(object, withIdentity(patch, object), { rules, order })
  const valid = objectName(plainOf(merged), 'default')
  return isRefusal(valid) ? valid : merged
}

/** What a patch is for is told by its identity, which is not merged: the object keeps its own. */
function withIdentity(patch: Mapping, object: Mapping): Mapping {
  const given = treeAt(patch, 'metadata')
  const own = ['name', 'namespace'].map((key) => [key, treeAt(object, 'metadata', key)] as const)
  const metadata = given?.kind === 'mapping' ? given : mapping()
  const named = own.reduce((map, [key, tree]) => withEntry(map, key, tree), metadata)
  return ['apiVersion', 'kind'].reduce(
    (map, key) => withEntry(map, key, treeAt(object, key)),
    withEntry(patch, 'metadata', named),
  )
}

/** The object that a patch names, or what it misses. */
export function targetOf(patch: Tree): Target | Refusal {
  const valid = objectName(plainOf(patch), 'default')
  if (isRefusal(valid)) return valid
  const { namespace, ...target } = identityOf(patch)
  return { ...target, ...(namespace === null ? {} : { namespace }) }
}
