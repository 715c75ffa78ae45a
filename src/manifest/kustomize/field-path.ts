import { type Mapping, mapping, type Tree, withEntry } from '../patch/tree.ts'

/** `spec/template/metadata/labels`; `containers[]` means every entry of a list. */
export type FieldPath = {
  readonly path: string
  /** Mappings that are missing on the way are made. */
  readonly create: boolean
}

type Update = (tree: Tree | undefined) => Tree | undefined

/** An object with what stands at a path replaced, wherever the path leads. */
export function updateAt(root: Mapping, { path, create }: FieldPath, update: Update): Mapping {
  const keys = path.split('/').map((key) => key.replaceAll('~1', '/'))
  const updated = updateKeys(root, keys, { create, update })
  return updated?.kind === 'mapping' ? updated : root
}

type Step = { readonly create: boolean; readonly update: Update }

function updateKeys(tree: Tree | undefined, keys: readonly string[], step: Step): Tree | undefined {
  const [first, ...rest] = keys
  if (first === undefined) return tree || step.create ? step.update(tree) : tree
  if (tree?.kind !== 'mapping') {
    const isMissing = tree === undefined || (tree.kind === 'leaf' && tree.value === null)
    return step.create && isMissing ? updateKeys(mapping(), keys, step) : tree
  }
  const isEach = first.endsWith('[]')
  const key = isEach ? first.slice(0, -2) : first
  const child = tree.entries.get(key)
  if (!isEach) return withEntry(tree, key, updateKeys(child, rest, step))
  if (child?.kind !== 'sequence') return tree
  const items = child.items.map((item) => updateKeys(item, rest, step) ?? item)
  const isSame = items.every((item, at) => item === child.items[at])
  return isSame ? tree : withEntry(tree, key, { ...child, items })
}

/** The kinds whose pods' `spec` stands below the object, and where. */
export const podSpecPaths: ReadonlyMap<string, string> = new Map([
  ['Pod', 'spec'],
  ['Deployment', 'spec/template/spec'],
  ['DaemonSet', 'spec/template/spec'],
  ['ReplicaSet', 'spec/template/spec'],
  ['ReplicationController', 'spec/template/spec'],
  ['StatefulSet', 'spec/template/spec'],
  ['Job', 'spec/template/spec'],
  ['CronJob', 'spec/jobTemplate/spec/template/spec'],
])
