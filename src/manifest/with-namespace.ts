import { isRefusal, type Refusal } from '../domain/fault.ts'
import { isNamespaced } from './kubernetes-schema.ts'
import type { ObjectText } from './object-text.ts'
import { openObjects, writeObjects } from './patch/open-object.ts'
import { leaf, type Mapping, mapping, textAt, treeAt, withEntry } from './patch/tree.ts'

/**
 * Gives objects that need a namespace and name none this one, as `helm install` does: what applies them
 * would put them into another. Of kinds that are not Kubernetes' own nobody knows whether they need one.
 */
export function withNamespace(
  objects: readonly ObjectText[],
  namespace: string,
): readonly ObjectText[] | Refusal {
  const open = openObjects(objects)
  if (isRefusal(open)) return open
  return writeObjects(open.map((one) => ({ ...one, root: placed(one.root, namespace) })))
}

function placed(root: Mapping, namespace: string): Mapping {
  const [apiVersion = '', kind = ''] = [textAt(root, 'apiVersion'), textAt(root, 'kind')]
  const metadata = treeAt(root, 'metadata')
  const isWithout = treeAt(metadata, 'namespace') === undefined
  if (!isWithout || isNamespaced(apiVersion, kind) !== true) return root
  const known = metadata?.kind === 'mapping' ? metadata : mapping()
  return withEntry(root, 'metadata', withEntry(known, 'namespace', leaf(namespace)))
}
