import { identityOf } from '../patch/find-object.ts'
import { textLike } from '../patch/same-tree.ts'
import { type Mapping, type Tree, textAt, withEntry } from '../patch/tree.ts'

/** What an image is replaced with: kustomize's entry of `images`. */
export type ImageChange = {
  readonly name: string
  readonly newName?: string | undefined
  readonly newTag?: string | undefined
  readonly digest?: string | undefined
}

const lists = new Set(['containers', 'initContainers'])

/** An object whose containers run other images. */
export function withImages(root: Mapping, changes: readonly ImageChange[]): Mapping {
  if (identityOf(root).kind === 'CustomResourceDefinition') return root
  return withContainers(root, (image) =>
    changes.reduce((text, change) => imageAfter(text, change), image),
  ) as Mapping
}

/** The images of an object's containers. */
export function imagesOf(root: Mapping): readonly string[] {
  const images: string[] = []
  withContainers(root, (image) => {
    images.push(image)
    return image
  })
  return images
}

/** The name of an image, without tag and digest. */
export const imageName = (image: string): string => splitImage(image).name

function withContainers(tree: Tree, update: (image: string) => string): Tree {
  if (tree.kind === 'leaf') return tree
  if (tree.kind === 'sequence') {
    const items = tree.items.map((item) => withContainers(item, update))
    return items.every((item, at) => item === tree.items[at]) ? tree : { ...tree, items }
  }
  let map = tree
  for (const [key, entry] of tree.entries) {
    const isList = lists.has(key) && entry.kind === 'sequence'
    const items = isList ? entry.items.map((item) => withImage(item, update)) : []
    const isSame = !isList || items.every((item, at) => item === entry.items[at])
    const images = isSame ? entry : { ...entry, items }
    map = withEntry(map, key, withContainers(images as Tree, update))
  }
  return map
}

function withImage(container: Tree, update: (image: string) => string): Tree {
  const image = textAt(container, 'image')
  if (container.kind !== 'mapping' || image === undefined) return container
  return withEntry(container, 'image', textLike(container.entries.get('image'), update(image)))
}

function imageAfter(image: string, { name, newName, newTag, digest }: ImageChange): string {
  const old = splitImage(image)
  if (old.name !== name) return image
  const isNew = newTag !== undefined || digest !== undefined
  const tag = isNew ? (newTag ?? '') : old.tag
  const hash = isNew ? (digest ?? '') : old.digest
  return `${newName ?? name}${tag && `:${tag}`}${hash && `@${hash}`}`
}

/** `registry:5000/name:tag@digest`, taken apart. */
function splitImage(image: string): { name: string; tag: string; digest: string } {
  const at = image.indexOf('@')
  const digest = at < 0 ? '' : image.slice(at + 1)
  const tagged = at < 0 ? image : image.slice(0, at)
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1)
  return colon < 0
    ? { name: tagged, tag: '', digest }
    : { name: tagged.slice(0, colon), tag: tagged.slice(colon + 1), digest }
}
