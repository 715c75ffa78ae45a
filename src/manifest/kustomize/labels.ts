import { identityOf } from '../patch/find-object.ts'
import { textLike } from '../patch/same-tree.ts'
import { type Mapping, mapping, type Tree, withEntry } from '../patch/tree.ts'
import { type FieldPath, updateAt } from './field-path.ts'

export type Pairs = Readonly<Record<string, string>>

/** How far labels go: onto the objects, into what they make, or into what selects it as well. */
export type LabelReach = 'objects' | 'templates' | 'selectors'

const made = (path: string): FieldPath => ({ path, create: true })
const given = (path: string): FieldPath => ({ path, create: false })

const templateLabels: ReadonlyMap<string, readonly string[]> = new Map([
  ['Deployment', ['spec/template/metadata']],
  ['DaemonSet', ['spec/template/metadata']],
  ['ReplicaSet', ['spec/template/metadata']],
  ['ReplicationController', ['spec/template/metadata']],
  ['StatefulSet', ['spec/template/metadata']],
  ['Job', ['spec/template/metadata']],
  ['CronJob', ['spec/jobTemplate/metadata', 'spec/jobTemplate/spec/template/metadata']],
])
const claimTemplates = 'spec/volumeClaimTemplates[]/metadata'

const terms = ['podAffinity', 'podAntiAffinity'].flatMap((term) => [
  `affinity/${term}/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm`,
  `affinity/${term}/requiredDuringSchedulingIgnoredDuringExecution[]`,
])
const spreading = [...terms, 'topologySpreadConstraints[]'].map((term) =>
  given(`spec/template/spec/${term}/labelSelector/matchLabels`),
)
const selector = made('spec/selector/matchLabels')

const selectors: Readonly<Record<string, readonly FieldPath[]>> = {
  ' ReplicationController': [made('spec/selector')],
  ' Service': [made('spec/selector')],
  'apps DaemonSet': [selector],
  'apps Deployment': [selector, ...spreading],
  'apps ReplicaSet': [selector],
  'apps StatefulSet': [selector, ...spreading],
  'batch CronJob': [given('spec/jobTemplate/spec/selector/matchLabels')],
  'batch Job': [given('spec/selector/matchLabels')],
  'networking.k8s.io NetworkPolicy': [
    given('spec/podSelector/matchLabels'),
    given('spec/ingress[]/from[]/podSelector/matchLabels'),
    given('spec/egress[]/to[]/podSelector/matchLabels'),
  ],
  'policy PodDisruptionBudget': [given('spec/selector/matchLabels')],
}

/** An object with labels set as far as they reach. */
export function withLabels(root: Mapping, pairs: Pairs, reach: LabelReach): Mapping {
  const { group, kind } = identityOf(root)
  const templates = [
    ...(templateLabels.get(kind) ?? []),
    ...(kind === 'StatefulSet' ? [claimTemplates] : []),
  ]
  return withPairs(root, pairs, [
    made('metadata/labels'),
    ...(reach === 'objects' ? [] : templates.map((path) => made(`${path}/labels`))),
    ...(reach === 'selectors' ? (selectors[`${group} ${kind}`] ?? []) : []),
  ])
}

/** An object with annotations set, on itself and on the pods that it makes. */
export function withAnnotations(root: Mapping, pairs: Pairs): Mapping {
  const templates = templateLabels.get(identityOf(root).kind) ?? []
  return withPairs(root, pairs, [
    made('metadata/annotations'),
    ...templates.map((path) => made(`${path}/annotations`)),
  ])
}

const withPairs = (root: Mapping, pairs: Pairs, paths: readonly FieldPath[]): Mapping =>
  (Object.keys(pairs).length === 0 ? [] : paths).reduce(
    (object, path) => updateAt(object, path, (tree) => filled(tree, pairs)),
    root,
  )

function filled(tree: Tree | undefined, pairs: Pairs): Tree {
  const map = tree?.kind === 'mapping' ? tree : mapping()
  return Object.entries(pairs).reduce(
    (labels, [key, text]) => withEntry(labels, key, textLike(labels.entries.get(key), text)),
    map,
  )
}
