import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { objectProblem } from './check-object.ts'
import { filledDocuments, outputCharactersMax, tooLong } from './fill-documents.ts'
import type { Manifest } from './manifest.ts'
import type { ObjectText } from './object-text.ts'
import { filesOf, type NamedObject, namedObject } from './objects.ts'
import type { Variables } from './variables.ts'

/** Of one app in one environment. */
const objectsMax = 500

/**
 * Writes a manifest's objects: text by file name, one object each, sorted. The same manifest and values
 * make the same bytes.
 */
export function render(
  manifest: Manifest,
  variables: Variables,
): ReadonlyMap<string, string> | Refusal {
  const { file, manifests: source } = manifest
  const objects = filledDocuments({ what: 'manifests', source, variables })
  const files = isRefusal(objects) ? objects : written(manifest, objects)
  return isRefusal(files) ? refuse(files.code, `${file}: ${files.message}`) : files
}

/** The files of objects, each of which is looked at. */
function written(
  manifest: Manifest,
  objects: readonly ObjectText[],
): ReadonlyMap<string, string> | Refusal {
  if (objects.length === 0) return refuse('invalid', 'manifests: hold no Kubernetes object')
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
