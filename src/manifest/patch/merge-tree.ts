import type { MergeRule, MergeRules } from './merge-keys.ts'
import { type ListOrder, mergeLists, ordered } from './merge-lists.ts'
import { cleaned, sameLeaf, settled } from './same-tree.ts'
import { isNull, type Mapping, type Tree, textAt } from './tree.ts'

/** What a merge goes by; `rules` are `null` for kinds that Kubernetes does not bring: RFC 7396. */
export type Merge = { readonly rules: MergeRules | null; readonly order: ListOrder }

/** Merges a checked patch into a mapping. */
export function mergeMapping(original: Mapping, patch: Mapping, merge: Merge): Mapping {
  const directive = textAt(patch, '$patch')
  if (directive === 'delete') return { ...original, entries: new Map() }
  if (directive === 'replace') return replaced(original, patch, merge)
  const entries = new Map(original.entries)
  for (const key of droppedKeys(original, patch)) entries.delete(key)
  for (const [key, entry] of patch.entries) {
    if (key.startsWith('$')) continue
    const value = mergedValue(entries.get(key), entry, { ...merge, rule: merge.rules?.[key] })
    if (value === null) entries.delete(key)
    else entries.set(key, value)
  }
  for (const [key, entry] of patch.entries) {
    const [directive, field = ''] = key.split('/', 2)
    const list = entries.get(field)
    if (list?.kind !== 'sequence' || entry.kind !== 'sequence') continue
    const isOwn = (item: Tree) => entry.items.some((one) => sameLeaf(one, item))
    if (directive === '$deleteFromPrimitiveList')
      entries.set(field, { ...list, items: list.items.filter((item) => !isOwn(item)) })
    if (directive !== '$setElementOrder') continue
    const before = original.entries.get(field)
    const server = before?.kind === 'sequence' ? before.items : []
    const by = merge.rules?.[field]?.key ?? null
    const items = ordered(list.items, { patch: entry.items, server, key: by, order: 'kubernetes' })
    entries.set(field, { ...list, items })
  }
  return settled(original, { ...original, entries })
}

const replaced = (original: Mapping, patch: Mapping, { rules }: Merge): Mapping =>
  settled(original, { ...original, entries: cleaned(patch, rules !== null).entries })

function droppedKeys(original: Mapping, patch: Mapping): readonly string[] {
  const retained = patch.entries.get('$retainKeys')
  if (retained?.kind !== 'sequence') return []
  const names = new Set(retained.items.map((item) => item.kind === 'leaf' && item.value))
  return [...original.entries.keys()].filter((key) => !names.has(key))
}

type Field = Merge & { readonly rule: MergeRule | undefined }

/** The value of a field after the patch, or `null` where the field goes. */
function mergedValue(
  before: Tree | undefined,
  patch: Tree,
  { rules, rule, order }: Field,
): Tree | null {
  if (isNull(patch)) return null
  const inner = { rules: rules === null ? null : (rule?.fields ?? {}), order }
  if (patch.kind === 'mapping' && before?.kind === 'mapping')
    return rule?.replace ? replaced(before, patch, inner) : mergeMapping(before, patch, inner)
  if (patch.kind === 'sequence' && before?.kind === 'sequence' && rule?.key !== undefined) {
    const merge = (one: Mapping, other: Mapping) => mergeMapping(one, other, inner)
    return settled(before, mergeLists(before, patch, { key: rule.key, order, merge }))
  }
  return settled(before, cleaned(patch, rules !== null))
}
