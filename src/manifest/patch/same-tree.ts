import { quoted } from '../write-scalar.ts'
import { isTextAnywhere } from './print-tree.ts'
import { isNull, leaf, type Mapping, type Tree, textAt } from './tree.ts'

/** The old tree, text and all, where the new one says the same. */
export const settled = <T extends Tree>(before: Tree | undefined, after: T): T =>
  before !== undefined && sameTree(before, after) ? (before as T) : after

/** True for trees that every reader takes for the same. The order of keys counts. */
export function sameTree(one: Tree, other: Tree): boolean {
  if (one === other) return true
  if (one.kind === 'leaf' || other.kind === 'leaf')
    return one.kind === other.kind && sameLeaf(one, other) && sameWriting(one, other)
  if (one.kind !== other.kind) return false
  const [left, right] = [childrenOf(one), childrenOf(other)]
  return (
    left.length === right.length &&
    left.every(([key, tree], at) => {
      const [otherKey, otherTree] = right[at] ?? []
      return key === otherKey && otherTree !== undefined && sameTree(tree, otherTree)
    })
  )
}

const childrenOf = (
  tree: Exclude<Tree, { kind: 'leaf' }>,
): readonly (readonly [unknown, Tree])[] =>
  tree.kind === 'mapping' ? [...tree.entries] : tree.items.map((item) => [null, item])

/** True for two leaves of the same value. */
export const sameLeaf = (one: Tree, other: Tree): boolean =>
  one.kind === 'leaf' && other.kind === 'leaf' && Object.is(one.value, other.value)

/** `0644` and `644` are one number in YAML 1.2 and two in 1.1; so are `yes` and `"yes"`. */
function sameWriting(one: Tree, other: Tree): boolean {
  if (one.kind !== 'leaf' || other.kind !== 'leaf') return false
  if (one.written === other.written) return true
  const isText = (tree: typeof one) =>
    typeof tree.value === 'string' &&
    (tree.written === null || /^["']/.test(tree.written) || isTextAnywhere(tree.value))
  return (isText(one) && isText(other)) || typeof one.value === 'boolean'
}

/** What a patch adds: less its directives, and less the nulls that would delete. */
export function cleaned<T extends Tree>(tree: T, dropsInLists: boolean): T {
  return clean(tree, dropsInLists) as T
}

function clean(tree: Tree, dropsInLists: boolean): Tree {
  if (tree.kind === 'leaf') return tree
  if (tree.kind === 'sequence') {
    if (!dropsInLists) return tree
    const items = tree.items.filter((item) => !isDirective(item))
    return { ...tree, items: items.map((item) => clean(item, dropsInLists)) }
  }
  const kept = [...tree.entries].filter(([key, entry]) => !key.startsWith('$') && !isNull(entry))
  return {
    ...tree,
    entries: new Map(kept.map(([key, entry]) => [key, clean(entry, dropsInLists)])),
  }
}

/** An entry of a list that only says what to do with others. */
const isDirective = (item: Tree): item is Mapping =>
  ['delete', 'replace'].includes(textAt(item, '$patch') ?? '')

/** A text as it stands in a tree, in the quotes that were there; the same tree where it is the same text. */
export function textLike(before: Tree | undefined, text: string): Tree {
  if (before?.kind !== 'leaf') return leaf(text)
  if (before.value === text) return before
  const isSingle = before.written?.startsWith("'") && /^[ -&(-~]*$/.test(text)
  if (isSingle) return { ...leaf(text), written: `'${text}'` }
  return before.written?.startsWith('"') ? { ...leaf(text), written: quoted(text) } : leaf(text)
}
