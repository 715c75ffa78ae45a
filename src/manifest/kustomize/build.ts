import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { identityOf } from '../patch/find-object.ts'
import { leaf, type Mapping } from '../patch/tree.ts'
import { updateAt } from './field-path.ts'
import { type ReadFile, readKustomization, resolvePath } from './files.ts'
import { withGenerated } from './generators.ts'
import { withImages } from './images.ts'
import { type Kustomization, parseKustomization } from './kustomization.ts'
import { withAnnotations, withLabels } from './labels.ts'
import { withAffixes, withNamespace } from './names.ts'
import { withPatches, withStrategicMerges } from './patches.ts'
import { withReferences } from './references.ts'
import { begun, changed, identitiesOf, type Resource, resourcesOf } from './resource.ts'

/** Limits of one build. Folders that name each other in layers would make far more of it than they hold. */
const depthMax = 20
const readsMax = 2000
const objectsMax = 500
/** 4 MiB, counted in UTF-16 characters. */
const charactersMax = 4_194_304

type Resources = readonly Resource[]

/** Where a build stands. */
type Work = {
  readonly read: ReadFile
  /** The folders that are being built, the outermost first. */
  readonly folders: readonly string[]
}

/** The objects of a kustomization and of all that it names, before names get their hashes. */
export function build(path: string, read: ReadFile): Resources | Refusal {
  const folder = resolvePath('', path)
  if (isRefusal(folder)) return folder
  return buildFolder(folder, { read: counted(read), folders: [] }, null)
}

/** The same files, up to a limit. */
function counted(read: ReadFile): ReadFile {
  let reads = 0
  let characters = 0
  return (path) => {
    if (++reads > readsMax) return refuse('invalid', `names more than ${readsMax} files`)
    const text = read(path)
    characters += typeof text === 'string' ? text.length : 0
    return characters > charactersMax
      ? refuse('invalid', `reads more than ${charactersMax} characters`)
      : text
  }
}

/** One kustomization; a component works on what is `given` to it. */
function buildFolder(folder: string, work: Work, given: Resources | null): Resources | Refusal {
  const problem = folderProblem(folder, work)
  if (problem) return problem
  const file = readKustomization(work.read, folder)
  if (isRefusal(file)) return file
  if (file === undefined)
    return refuse(
      'invalid',
      `${folder || '.'}: there is no such file, and no folder with a kustomization.yaml`,
    )
  const kustomization = parseKustomization(file.text)
  const inner = { read: work.read, folders: [...work.folders, folder] }
  const resources = isRefusal(kustomization)
    ? kustomization
    : (kindProblem(kustomization, given) ?? buildLayer(kustomization, inner, given ?? []))
  return isRefusal(resources)
    ? refuse(resources.code, `${file.path}: ${resources.message}`)
    : resources
}

function folderProblem(folder: string, { folders }: Work): Refusal | undefined {
  if (folders.includes(folder))
    return refuse('invalid', `${folder || '.'}: leads back to itself; take one of the two out`)
  return folders.length >= depthMax
    ? refuse('invalid', `${folder}: more than ${depthMax} kustomizations stand on each other`)
    : undefined
}

function kindProblem({ kind }: Kustomization, given: Resources | null): Refusal | undefined {
  if ((kind === 'Component') === (given !== null)) return undefined
  return kind === 'Component'
    ? refuse('invalid', 'is a Component; name it under "components"')
    : refuse('invalid', 'is no Component; name it under "resources"')
}

function buildLayer(
  kustomization: Kustomization,
  work: Work,
  given: Resources,
): Resources | Refusal {
  const gathered = gather([...kustomization.bases, ...kustomization.resources], work, given)
  if (isRefusal(gathered)) return gathered
  const composed = withComponents(kustomization.components, work, gathered)
  return isRefusal(composed) ? composed : transform(kustomization, work, begun(composed))
}

/** What the resources of a kustomization bring, behind what is there already. */
function gather(paths: readonly string[], work: Work, given: Resources): Resources | Refusal {
  const resources = [...given]
  for (const path of paths) {
    const resolved = resolvePath(folderOf(work), path)
    if (isRefusal(resolved)) return resolved
    const text = work.read(resolved)
    if (isRefusal(text)) return text
    const found =
      text === undefined ? buildFolder(resolved, work, null) : resourcesOf(text, resolved)
    if (isRefusal(found)) return found
    resources.push(...found)
    if (resources.length > objectsMax)
      return refuse('invalid', `brings more than ${objectsMax} objects`)
  }
  return resources
}

function withComponents(
  paths: readonly string[],
  work: Work,
  given: Resources,
): Resources | Refusal {
  let resources = given
  for (const path of paths) {
    const folder = resolvePath(folderOf(work), path)
    const next = isRefusal(folder) ? folder : buildFolder(folder, work, resources)
    if (isRefusal(next)) return next
    resources = next
  }
  return resources
}

const folderOf = ({ folders }: Work): string => folders.at(-1) ?? ''

type Step = (resources: Resources) => Resources | Refusal

/** Everything that a kustomization does to its resources, in kustomize's order. */
function transform(
  kustomization: Kustomization,
  work: Work,
  resources: Resources,
): Resources | Refusal {
  const { patches, patchesStrategicMerge, patchesJson6902, replicas } = kustomization
  const source = { read: work.read, folder: folderOf(work) }
  const steps: readonly Step[] = [
    (all) => withGenerated(all, kustomization, source),
    (all) => withStrategicMerges(all, patchesStrategicMerge, source),
    (all) => withPatches(all, patches, { ...source, field: 'patches' }),
    (all) => all.map((one) => changed(one, renamed(one.root, kustomization))),
    (all) => all.map((one) => changed(one, labelled(one.root, kustomization))),
    (all) => withPatches(all, patchesJson6902, { ...source, field: 'patchesJson6902' }),
    (all) => withReplicas(all, replicas),
    (all) => all.map((one) => changed(one, withImages(one.root, kustomization.images))),
    withReferences,
  ]
  return steps.reduce<Resources | Refusal>(
    (all, step) => (isRefusal(all) ? all : step(all)),
    resources,
  )
}

function renamed(root: Mapping, { namespace, namePrefix, nameSuffix }: Kustomization): Mapping {
  const moved = namespace === undefined ? root : withNamespace(root, namespace)
  return withAffixes(moved, namePrefix, nameSuffix)
}

function labelled(root: Mapping, { labels, commonLabels, commonAnnotations }: Kustomization) {
  const all = labels.map(({ pairs, includeSelectors, includeTemplates }) => {
    const reach = includeTemplates ? ('templates' as const) : ('objects' as const)
    return { pairs, reach: includeSelectors ? ('selectors' as const) : reach }
  })
  const common = { pairs: commonLabels, reach: 'selectors' as const }
  const set = [common, ...all].reduce(
    (object, { pairs, reach }) => withLabels(object, pairs, reach),
    root,
  )
  return withAnnotations(set, commonAnnotations)
}

const scaledKinds = new Set(['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'])

function withReplicas(
  resources: Resources,
  replicas: Kustomization['replicas'],
): Resources | Refusal {
  let result = resources
  for (const { name, count } of replicas) {
    const isScaled = (resource: Resource) =>
      scaledKinds.has(identityOf(resource.root).kind) &&
      identitiesOf(resource).some((identity) => identity.name === name)
    if (!result.some(isScaled))
      return refuse('invalid', `replicas: there is no ${[...scaledKinds].join(', ')} ${name}`)
    const scale = (root: Mapping) =>
      updateAt(root, { path: 'spec/replicas', create: true }, () => leaf(count))
    result = result.map((one) => (isScaled(one) ? changed(one, scale(one.root)) : one))
  }
  return result
}
