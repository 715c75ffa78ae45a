import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import { identityOf, shown } from '../patch/find-object.ts'
import { writeObjects } from '../patch/open-object.ts'
import { build } from './build.ts'
import type { ReadFile } from './files.ts'
import { type ImageChange, imageName, imagesOf, withImages } from './images.ts'
import { nameHash } from './name-hash.ts'
import { withName } from './names.ts'
import { withReferences } from './references.ts'
import { begun, changed, type Resource } from './resource.ts'

/** What is built, and out of which tree of files. */
export type KustomizeSource = {
  /** The folder of the kustomization, from the root of the tree. */
  readonly path: string
  /** The text of a file of the tree, with its variables filled in. */
  readonly read: ReadFile
  /** Images that are replaced in what comes out. */
  readonly images?: readonly ImageChange[]
}

/**
 * Builds a kustomization as `kubectl kustomize` does, without a program, a network or a file system.
 * What it leaves alone keeps its comments, order and writing; a field that it does not know is refused.
 */
export function kustomize(source: KustomizeSource): readonly ObjectText[] | Refusal {
  const objects = objectsOf(source)
  return isRefusal(objects)
    ? refuse(objects.code, `kustomize ${source.path}: ${objects.message}`)
    : objects
}

function objectsOf({ path, read, images = [] }: KustomizeSource): readonly ObjectText[] | Refusal {
  const built = build(path, read)
  if (isRefusal(built)) return built
  const hashed = withHashes(built)
  if (isRefusal(hashed)) return hashed
  const problem = twiceProblem(hashed) ?? imageProblem(hashed, images)
  if (problem) return problem
  return writeObjects(hashed.map((one) => ({ ...one, root: withImages(one.root, images) })))
}

/** An image that nothing runs is a slip in the manifest: nothing would change, without a word. */
function imageProblem(
  resources: readonly Resource[],
  images: readonly ImageChange[],
): Refusal | undefined {
  const names = new Set(resources.flatMap(({ root }) => imagesOf(root)).map(imageName))
  const unused = images.find(({ name }) => !names.has(name))
  if (!unused) return undefined
  const known = [...names].slice(0, namesMax).join(', ')
  return refuse('invalid', `images: no container runs ${unused.name}; there is ${known || 'none'}`)
}

const namesMax = 5

function twiceProblem(resources: readonly Resource[]): Refusal | undefined {
  const seen = new Set<string>()
  for (const { root } of resources) {
    const name = shown({ ...identityOf(root), version: '' })
    if (seen.size === seen.add(name).size)
      return refuse('invalid', `${name} comes out twice; take one away, or give it a prefix`)
  }
  return undefined
}

/** Generated objects get the hash of their content into their names, and into what names them. */
function withHashes(resources: readonly Resource[]): readonly Resource[] | Refusal {
  const hashed = begun(resources).map((resource) => {
    if (!resource.isHashed) return resource
    const { name } = identityOf(resource.root)
    return changed(resource, withName(resource.root, `${name}-${nameHash(resource.root)}`))
  })
  return withReferences(hashed)
}
