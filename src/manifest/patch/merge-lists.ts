import { cleaned, sameLeaf } from './same-tree.ts'
import { type Mapping, type Sequence, type Tree, textAt, treeAt } from './tree.ts'

/**
 * Where the entries of a merged list stand: as Kubernetes orders them, new ones near their neighbours
 * of the patch, or as kustomize does, those of the patch first.
 */
export type ListOrder = 'kubernetes' | 'kustomize'

type Rule = {
  /** The field that tells mappings apart, or `null` of plain values. */
  readonly key: string | null
  readonly order: ListOrder
  readonly merge: (original: Mapping, patch: Mapping) => Mapping
}

/** Merges the entries of two lists: those with the same merge key become one. */
export function mergeLists(original: Sequence, patch: Sequence, rule: Rule): Sequence {
  const { key } = rule
  const isReplacing = patch.items.some((item) => textAt(item, '$patch') === 'replace')
  const deleted = patch.items.filter((item) => textAt(item, '$patch') === 'delete')
  const patched = patch.items.filter((item) => !/^(?:delete|replace)$/.test(directiveOf(item)))
  const server = isReplacing
    ? []
    : original.items.filter((item) => !deleted.some((one) => isSame(one, item, key)))
  const items = [...server]
  for (const item of patched) {
    const at = items.findIndex((one) => isSame(one, item, key))
    const before = items[at]
    if (before?.kind === 'mapping' && item.kind === 'mapping') items[at] = rule.merge(before, item)
    else if (at < 0) items.push(cleaned(item, true))
  }
  const { order } = rule
  return { ...original, items: ordered(items, { patch: patched, server, key, order }) }
}

type Order = {
  /** The entries of the patch, in the order that they are to have. */
  readonly patch: readonly Tree[]
  /** The entries that were there, in their order. */
  readonly server: readonly Tree[]
  readonly key: string | null
  readonly order: ListOrder
}

/** Brings the entries of a list into the order of the patch, and those it does not name between them. */
export function ordered(
  items: readonly Tree[],
  { patch, server, key, order }: Order,
): readonly Tree[] {
  const placeIn = (list: readonly Tree[], item: Tree) =>
    list.findIndex((one) => isSame(one, item, key))
  const byPlace = (list: readonly Tree[]) => (one: Tree, other: Tree) =>
    placeIn(list, one) - placeIn(list, other)
  const own = items.filter((item) => placeIn(patch, item) >= 0).sort(byPlace(patch))
  const others = items.filter((item) => placeIn(patch, item) < 0).sort(byPlace(server))
  if (order === 'kustomize') return [...own, ...others]
  const result: Tree[] = []
  for (const item of own) {
    const place = placeIn(server, item)
    while (others[0] && place >= 0 && placeIn(server, others[0]) < place)
      result.push(...others.splice(0, 1))
    result.push(item)
  }
  return [...result, ...others]
}

const directiveOf = (item: Tree): string => textAt(item, '$patch') ?? ''

function isSame(one: Tree, other: Tree, key: string | null): boolean {
  if (key === null) return sameLeaf(one, other)
  const [left, right] = [treeAt(one, key), treeAt(other, key)]
  return left !== undefined && right !== undefined && sameLeaf(left, right)
}
