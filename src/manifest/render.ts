import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { releaseName } from './chart/chart.ts'
import { objectProblem } from './check-object.ts'
import { filledDocuments, filledText, outputCharactersMax, tooLong } from './fill-documents.ts'
import { filledTexts } from './filled-value.ts'
import { kustomize } from './kustomize/kustomize.ts'
import type { Manifest } from './manifest.ts'
import type { ObjectText } from './object-text.ts'
import { filesOf, type NamedObject, namedObject } from './objects.ts'
import { type Json6902Patch, patchedObjects } from './patch/json6902.ts'
import { changedObjects } from './patch/open-object.ts'
import { mergedObjects } from './patch/strategic-merge.ts'
import { hasTemplate } from './template.ts'
import type { Variables } from './variables.ts'

/** Of one app in one environment. */
const objectsMax = 500

/**
 * Writes a manifest's objects: text by file name, one object each, sorted. `chart` are those of its
 * chart, which `chartObjects` renders. The same manifest, chart and values make the same bytes.
 */
export function render(
  manifest: Manifest,
  variables: Variables,
  chart: readonly ObjectText[] = [],
): ReadonlyMap<string, string> | Refusal {
  const files = filesFrom(manifest, variables, chart)
  return isRefusal(files) ? refuse(files.code, `${manifest.file}: ${files.message}`) : files
}

function filesFrom(
  manifest: Manifest,
  variables: Variables,
  chart: readonly ObjectText[],
): ReadonlyMap<string, string> | Refusal {
  const raw = rawObjects(manifest, variables)
  if (isRefusal(raw)) return raw
  const built = builtObjects(manifest, variables)
  if (isRefusal(built)) return built
  const shared = manifest.preview && sharedProblem([...built, ...chart], manifest)
  if (shared) return shared
  const objects = patched([...raw, ...built, ...chart], manifest, variables)
  return isRefusal(objects) ? objects : written(manifest, objects)
}

function rawObjects({ manifests: source }: Manifest, variables: Variables) {
  if (source === '') return []
  const objects = filledDocuments({ what: 'manifests', source, variables })
  return !isRefusal(objects) && objects.length === 0
    ? refuse('invalid', 'manifests: hold no Kubernetes object')
    : objects
}

function builtObjects(
  { kustomize: overlay, files }: Manifest,
  variables: Variables,
): readonly ObjectText[] | Refusal {
  if (overlay === null) return []
  const { path, images } = overlay
  if (files === null)
    return refuse(
      'invalid',
      `kustomize: ${path} is a folder, and an artifact brings none; put the manifest below MANIFESTS`,
    )
  const filled = filledTexts(images, { what: 'kustomize.images', variables })
  if (isRefusal(filled)) return filled
  const read = (file: string): string | Refusal | undefined => {
    const source = files.get(file)
    const isYaml = /(?:\.ya?ml|\/Kustomization)$/.test(file)
    return source !== undefined && isYaml && hasTemplate(source)
      ? filledText({ what: file, source, variables })
      : source
  }
  return kustomize({ path, read, images: filled })
}

/** Previews that have the same object take it from one another; those under `manifests` were looked at. */
function sharedProblem(objects: readonly ObjectText[], { app, namespace }: Manifest) {
  for (const object of objects) {
    const one = namedObject(object, namespace)
    if (isRefusal(one)) return one
    const { kind, name, namespace: where } = one.name
    const isOwn = [name, where].some((text) =>
      [app, releaseName(app)].some((own) => text.includes(own)),
    )
    if (!isOwn)
      return refuse(
        'invalid',
        `${one.place}: every preview would have the same ${kind} ${name}; give it a name with the app's, such as namePrefix: "{{ .APP }}-"`,
      )
  }
  return null
}

function patched(
  objects: readonly ObjectText[],
  { strategicMergePatches: source, json6902Patches }: Manifest,
  variables: Variables,
): readonly ObjectText[] | Refusal {
  const merges =
    source === '' ? [] : filledDocuments({ what: 'strategicMergePatches', source, variables })
  if (isRefusal(merges)) return merges
  const patches = filledPatches(json6902Patches, variables)
  if (isRefusal(patches)) return patches
  if (merges.length + patches.length === 0) return objects
  return changedObjects(objects, (open) => {
    const merged = mergedObjects(open, merges)
    return isRefusal(merged) ? merged : patchedObjects(merged, patches)
  })
}

function filledPatches(
  patches: readonly Json6902Patch[],
  variables: Variables,
): readonly Json6902Patch[] | Refusal {
  const filled: Json6902Patch[] = []
  for (const [at, { patch: source, target }] of patches.entries()) {
    const what = `json6902Patches[${at}]`
    const patch = filledText({ what, source, variables })
    if (isRefusal(patch)) return patch
    const targets = filledTexts([target], { what: `${what}.target`, variables })
    if (isRefusal(targets)) return targets
    filled.push(...targets.map((of) => ({ patch, target: of })))
  }
  return filled
}

/** The files of objects, each of which is looked at. */
function written(
  manifest: Manifest,
  objects: readonly ObjectText[],
): ReadonlyMap<string, string> | Refusal {
  if (objects.length === 0) return refuse('invalid', 'makes no Kubernetes object')
  if (objects.length > objectsMax) return refuse('invalid', `makes more than ${objectsMax} objects`)
  const named: NamedObject[] = []
  let characters = 0
  for (const object of objects) {
    characters += object.text.length
    if (characters > outputCharactersMax) return refuse('invalid', `its objects ${tooLong}`)
    const one = namedObject(object, manifest.namespace)
    const problem = isRefusal(one) ? one : objectProblem(one, manifest)
    if (problem) return problem
    named.push(one as NamedObject)
  }
  return filesOf(named)
}
