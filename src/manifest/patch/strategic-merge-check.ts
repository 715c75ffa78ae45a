import { type Refusal, refuse } from '../../domain/fault.ts'
import type { MergeRule, MergeRules } from './merge-keys.ts'
import { isNull, type Mapping, type Sequence, type Tree, textAt } from './tree.ts'

const prefixes = ['$setElementOrder/', '$deleteFromPrimitiveList/'] as const

/** What is wrong with the directives of a patch; what this lets through merges without doubt. */
export function patchProblem(patch: Mapping, rules: MergeRules | null): Refusal | undefined {
  return mappingProblem({ tree: patch, rules, path: '' })
}

type Place<T> = { readonly tree: T; readonly rules: MergeRules | null; readonly path: string }

function mappingProblem({ tree, rules, path }: Place<Mapping>): Refusal | undefined {
  for (const [key, entry] of tree.entries) {
    const place = `${path}/${key}`
    const problem = key.startsWith('$')
      ? directiveProblem(key, { tree: entry, rules, path: place })
      : fieldProblem(entry, { rule: rules?.[key], isKnown: rules !== null, path: place })
    if (problem) return problem
  }
  return undefined
}

type Field = {
  readonly rule: MergeRule | undefined
  readonly isKnown: boolean
  readonly path: string
}

function fieldProblem(tree: Tree, { rule, isKnown, path }: Field): Refusal | undefined {
  const rules = isKnown ? (rule?.fields ?? {}) : null
  if (tree.kind === 'mapping') return mappingProblem({ tree, rules, path })
  if (tree.kind === 'sequence') return listProblem(tree, { rule, isKnown, path })
  return undefined
}

function listProblem({ items }: Sequence, { rule, isKnown, path }: Field): Refusal | undefined {
  const rules = isKnown ? (rule?.fields ?? {}) : null
  for (const [index, item] of items.entries()) {
    const place = `${path}/${index}`
    if (rule?.key && !isListEntry(item, rule.key))
      return refuse(
        'invalid',
        `${place}: needs "${rule.key}", by which Kubernetes merges this list`,
      )
    if (item.kind !== 'mapping') continue
    if (rule?.key === undefined && item.entries.has('$patch'))
      return refuse('invalid', `${place}/$patch: this list is replaced as a whole; leave it out`)
    const problem = mappingProblem({ tree: item, rules, path: place })
    if (problem) return problem
  }
  return undefined
}

/** An entry with its merge key, or the one that says to replace the whole list. */
const isListEntry = (item: Tree, key: string): boolean =>
  item.kind === 'mapping' && (item.entries.has(key) || textAt(item, '$patch') === 'replace')

function directiveProblem(key: string, { tree, rules, path }: Place<Tree>): Refusal | undefined {
  if (key === '$patch')
    return ['merge', 'replace', 'delete'].includes(String(tree.kind === 'leaf' && tree.value))
      ? undefined
      : refuse('invalid', `${path}: must be merge, replace or delete`)
  if (tree.kind !== 'sequence') return refuse('invalid', `${path}: must be a list`)
  if (key === '$retainKeys')
    return tree.items.every((item) => item.kind === 'leaf' && !isNull(item))
      ? undefined
      : refuse('invalid', `${path}: must be a list of field names`)
  const prefix = prefixes.find((one) => key.startsWith(one))
  if (!prefix) return refuse('invalid', `${path}: is no directive of a strategic-merge patch`)
  const rule = rules?.[key.slice(prefix.length)]
  if (rule?.key === undefined || (prefix === '$deleteFromPrimitiveList/' && rule.key !== null))
    return refuse('invalid', `${path}: this list is replaced as a whole; leave the directive out`)
  return listProblem(tree, { rule, isKnown: rules !== null, path })
}
