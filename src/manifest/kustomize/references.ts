import { type Refusal, refuse } from '../../domain/fault.ts'
import { type Identity, identityOf, shown } from '../patch/find-object.ts'
import { textLike } from '../patch/same-tree.ts'
import { type Mapping, type Tree, textAt, withEntry } from '../patch/tree.ts'
import { updateAt } from './field-path.ts'
import { isClusterKind } from './names.ts'
import { type ReferenceRule, referencesOf } from './reference-table.ts'
import { type Resource, startedAs } from './resource.ts'

/** The resources with what they say of each other's names brought up to date. */
export function withReferences(resources: readonly Resource[]): readonly Resource[] | Refusal {
  const targets = resources.filter(({ earlier }) => earlier.length > 0)
  if (targets.length === 0) return resources
  const problems: Refusal[] = []
  const updated = resources.map((resource) => {
    const search = { from: resource, resources: targets, problems }
    const root = referencesOf(identityOf(resource.root).kind).reduce(
      (object, rule) => withReference(object, rule, search),
      resource.root,
    )
    return root === resource.root ? resource : { ...resource, root }
  })
  return problems[0] ?? updated
}

type Search = {
  readonly from: Resource
  readonly resources: readonly Resource[]
  readonly problems: Refusal[]
}

function withReference(root: Mapping, rule: ReferenceRule, search: Search): Mapping {
  const update = (tree: Tree | undefined) => nameAfter(tree, { kind: rule.target }, search) ?? tree
  if (!rule.isTyped) return updateAt(root, { path: rule.path, create: false }, update)
  const path = rule.path.slice(0, -'/name'.length)
  return updateAt(root, { path, create: false }, (tree) =>
    tree?.kind === 'mapping' ? typedAfter(tree, rule, search) : tree,
  )
}

/** A mapping of a name with a kind: the namespace in it goes along. */
function typedAfter(tree: Mapping, { target, isAcross }: ReferenceRule, search: Search): Mapping {
  const kind = target === '' ? (textAt(tree, 'kind') ?? '') : target
  const namespace = textAt(tree, 'namespace')
  const found = targetOf(textAt(tree, 'name'), { kind, namespace }, search)
  if (!found) return tree
  const name = textLike(tree.entries.get('name'), found.name)
  const named = withEntry(tree, 'name', name)
  if (!isAcross || found.namespace === null) return named
  return withEntry(named, 'namespace', textLike(tree.entries.get('namespace'), found.namespace))
}

type Wanted = { readonly kind: string; readonly namespace?: string | undefined }

function nameAfter(tree: Tree | undefined, wanted: Wanted, search: Search): Tree | undefined {
  if (tree?.kind !== 'leaf' || typeof tree.value !== 'string') return undefined
  const found = targetOf(tree.value, wanted, search)
  return found && textLike(tree, found.name)
}

/** Who is meant by a name: the one that had it when this kustomization began, or else before. */
function targetOf(
  name: string | undefined,
  { kind, namespace }: Wanted,
  { from, resources, problems }: Search,
): Identity | undefined {
  const isCluster = isClusterKind(kind)
  const isNamed = (identity: Identity) => identity.kind === kind && identity.name === name
  const isWithin = (identity: Identity, own: Identity) =>
    isCluster ||
    (namespace === undefined && isClusterKind(own.kind)) ||
    spaceOf(identity.namespace) === spaceOf(namespace ?? own.namespace)
  const candidates = resources.filter((one) => one.earlier.some(isNamed) || isNamed(startedAs(one)))
  const started = candidates.filter(
    (one) => isNamed(startedAs(one)) && isWithin(startedAs(one), startedAs(from)),
  )
  const former = candidates.filter((one) => isWithin(identityOf(one.root), identityOf(from.root)))
  const found = (started.length > 0 ? started : former).map(({ root }) => identityOf(root))
  if (found.length > 1)
    problems.push(
      refuse(
        'invalid',
        `${shown(identityOf(from.root))}: ${kind} ${name} could be ${found.map(shown).join(' or ')}; write the name that it has in the end`,
      ),
    )
  return found[0]
}

const spaceOf = (namespace: string | null): string => namespace ?? 'default'
