import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { type Identity, identityOf } from '../patch/find-object.ts'
import { type Mapping, treeAt } from '../patch/tree.ts'
import type { Selector } from './kustomization.ts'
import { identitiesOf, type Resource } from './resource.ts'

/** The resources that a patch's target selects. */
export function selected(
  resources: readonly Resource[],
  selector: Selector,
): ReadonlySet<Resource> | Refusal {
  const labels = requirementsOf(selector.labelSelector ?? '')
  const annotations = requirementsOf(selector.annotationSelector ?? '')
  if (isRefusal(labels)) return labels
  if (isRefusal(annotations)) return annotations
  const found = resources.filter(
    (resource) =>
      isKind(identityOf(resource.root), selector) &&
      identitiesOf(resource).some((identity) => isNamed(identity, selector)) &&
      labels.every((one) => isMet(resource.root, 'labels', one)) &&
      annotations.every((one) => isMet(resource.root, 'annotations', one)),
  )
  return new Set(found)
}

const isKind = (identity: Identity, { group, version, kind }: Selector): boolean =>
  matches(group, identity.group) &&
  matches(version, identity.version) &&
  matches(kind, identity.kind)

const isNamed = (identity: Identity, { name, namespace }: Selector): boolean =>
  matches(name, identity.name) && matches(namespace, identity.namespace ?? 'default')

const matches = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || pattern === '' || new RegExp(`^(?:${pattern})$`).test(text)

/** `app=web`, `app!=web`, `app` or `!app`. */
type Requirement = {
  readonly key: string
  readonly is: 'equal' | 'unequal' | 'present' | 'absent'
  readonly value: string
}

function requirementsOf(text: string): readonly Requirement[] | Refusal {
  const requirements: Requirement[] = []
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const match = /^(!?)([\w./-]+)(?:\s*(!=|==?)\s*([\w.-]*))?$/.exec(part)
    const [, not, key = '', sign, value = ''] = match ?? []
    if (!match || (not && sign))
      return refuse(
        'invalid',
        `the selector "${part}" is not supported; write key=value, key!=value, key or !key`,
      )
    const is = sign ? (sign === '!=' ? 'unequal' : 'equal') : not ? 'absent' : 'present'
    requirements.push({ key, is, value })
  }
  return requirements
}

function isMet(root: Mapping, field: string, { key, is, value }: Requirement): boolean {
  const tree = treeAt(root, 'metadata', field, key)
  const text = tree?.kind === 'leaf' ? String(tree.value) : undefined
  if (is === 'present' || is === 'absent') return (text !== undefined) === (is === 'present')
  return (text === value) === (is === 'equal')
}
