import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { parseYaml } from '../parse-yaml.ts'
import { findObject, identityOf, isTarget, shown } from '../patch/find-object.ts'
import { operated, parseOperations } from '../patch/json6902.ts'
import { mergeObject, targetOf } from '../patch/strategic-merge.ts'
import { type Mapping, readMany, type Tree } from '../patch/tree.ts'
import { type ReadFile, readFile } from './files.ts'
import type { Patch, Selector } from './kustomization.ts'
import { changed, identitiesOf, type Resource } from './resource.ts'
import { selected } from './selector.ts'

type Source = { readonly read: ReadFile; readonly folder: string }
type Resources = readonly Resource[]

/** The resources after `patches` or `patchesJson6902`, whose place is named in messages. */
export function withPatches(
  resources: Resources,
  patches: readonly Patch[],
  source: Source & { readonly field: string },
): Resources | Refusal {
  return oneByOne(
    resources,
    { patches, field: source.field },
    (before, { path, patch = '', target }, place) => {
      const text = path === undefined ? patch : readFile(source.read, source.folder, path)
      if (isRefusal(text)) return text
      const documents = parseYaml(text)
      if (isRefusal(documents)) return documents
      if (!Array.isArray(documents[0]?.value)) return withMerges(before, text, target)
      return target
        ? withOperations(before, text, { target, place })
        : refuse('invalid', 'a list of operations needs "target"')
    },
  )
}

/** The resources after `patchesStrategicMerge`: files, or the patches themselves. */
export function withStrategicMerges(
  resources: Resources,
  patches: readonly string[],
  { read, folder }: Source,
): Resources | Refusal {
  const field = 'patchesStrategicMerge'
  return oneByOne(resources, { patches, field }, (before, patch) => {
    const text = patch.includes('\n') ? patch : readFile(read, folder, patch)
    return isRefusal(text) ? text : withMerges(before, text, undefined)
  })
}

type Step<T> = (before: Resources, patch: T, place: string) => Resources | Refusal

function oneByOne<T>(
  resources: Resources,
  { patches, field }: { readonly patches: readonly T[]; readonly field: string },
  step: Step<T>,
): Resources | Refusal {
  let result = resources
  for (const [index, patch] of patches.entries()) {
    const place = `${field}[${index}]`
    const next = step(result, patch, place)
    if (isRefusal(next))
      return next.message.startsWith(place) ? next : refuse(next.code, `${place}: ${next.message}`)
    result = next
  }
  return result
}

function withMerges(
  resources: Resources,
  text: string,
  target: Selector | undefined,
): Resources | Refusal {
  const patches = readMany(text)
  if (isRefusal(patches)) return patches
  let result = resources
  for (const { root } of patches) {
    const targets = target ? chosen(result, target) : namedBy(result, root)
    if (isRefusal(targets)) return targets
    const next = result.map((one) => (targets.has(one) ? merged(one, root) : one))
    const problem = next.find(isRefusal)
    if (problem) return problem
    result = next.filter((one): one is Resource => one !== null && !isRefusal(one))
  }
  return result
}

function merged(resource: Resource, patch: Mapping): Resource | null | Refusal {
  const root = mergeObject(resource.root, patch, 'kustomize')
  if (isRefusal(root))
    return refuse(root.code, `${root.message} (of ${shown(identityOf(resource.root))})`)
  return root && changed(resource, root)
}

function chosen(resources: Resources, target: Selector): ReadonlySet<Resource> | Refusal {
  const found = selected(resources, target)
  return isRefusal(found) || found.size > 0
    ? found
    : refuse('invalid', `no object is selected by the target ${JSON.stringify(target)}`)
}

/** The one that a patch names, as it is called now or was before. */
function namedBy(resources: Resources, patch: Tree): ReadonlySet<Resource> | Refusal {
  const target = targetOf(patch)
  if (isRefusal(target)) return target
  const known = resources.map(
    (one) => identitiesOf(one).find((was) => isTarget(was, target)) ?? identityOf(one.root),
  )
  const at = findObject(known, target)
  if (isRefusal(at)) return at
  return new Set(resources.slice(at, at + 1))
}

function withOperations(
  resources: Resources,
  text: string,
  { target, place }: { readonly target: Selector; readonly place: string },
): Resources | Refusal {
  const operations = parseOperations(text)
  const targets = chosen(resources, target)
  if (isRefusal(operations)) return operations
  if (isRefusal(targets)) return targets
  const next: Resource[] = []
  for (const resource of resources) {
    const root = targets.has(resource) ? operated(resource.root, operations, place) : resource.root
    if (isRefusal(root)) return root
    next.push(changed(resource, root))
  }
  return next
}
