import { isRefusal, type Refusal } from '../../domain/fault.ts'
import { type Identity, identityOf } from '../patch/find-object.ts'
import { type Open, openObjects } from '../patch/open-object.ts'
import { splitObjects } from '../patch/split-objects.ts'
import type { Mapping } from '../patch/tree.ts'

/** An object on its way through the kustomizations. */
export type Resource = Open & {
  /** Who it was before, the first one first: patches and references may call it so. */
  readonly earlier: readonly Identity[]
  /** How many of `earlier` come from the kustomizations before the one that is at work. */
  readonly since: number
  /** Made by a generator: its name gets the hash of its content in the end. */
  readonly isHashed: boolean
}

/** The objects of a file. */
export function resourcesOf(text: string, place: string): readonly Resource[] | Refusal {
  const objects = splitObjects(text, place)
  const open = isRefusal(objects) ? objects : openObjects(objects)
  return isRefusal(open)
    ? open
    : open.map((one) => ({ ...one, earlier: [], since: 0, isHashed: false }))
}

/** The resource with its content changed, which remembers who it was. */
export function changed(resource: Resource, root: Mapping): Resource {
  if (root === resource.root) return resource
  const [before, after] = [identityOf(resource.root), identityOf(root)]
  const isRenamed = before.name !== after.name || before.namespace !== after.namespace
  return {
    ...resource,
    root,
    earlier: isRenamed ? [...resource.earlier, before] : resource.earlier,
  }
}

/** Everyone that a resource is and was. */
export const identitiesOf = ({ root, earlier }: Resource): readonly Identity[] => [
  ...earlier,
  identityOf(root),
]

/** Who a resource was when the kustomization that is at work began. */
export const startedAs = ({ root, earlier, since }: Resource): Identity =>
  earlier[since] ?? identityOf(root)

/** The resources as the next kustomization finds them. */
export const begun = (resources: readonly Resource[]): readonly Resource[] =>
  resources.map((resource) => ({ ...resource, since: resource.earlier.length }))
