import { identityOf } from '../patch/find-object.ts'
import { textLike } from '../patch/same-tree.ts'
import { type Mapping, type Tree, textAt } from '../patch/tree.ts'
import { updateAt } from './field-path.ts'

/** Kinds of Kubernetes that belong to no namespace. */
const clusterKinds = new Set([
  'APIService',
  'CSIDriver',
  'CSINode',
  'CertificateSigningRequest',
  'ClusterRole',
  'ClusterRoleBinding',
  'ComponentStatus',
  'CustomResourceDefinition',
  'DeviceClass',
  'FlowSchema',
  'IPAddress',
  'IngressClass',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'PriorityLevelConfiguration',
  'RuntimeClass',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'ServiceCIDR',
  'StorageClass',
  'StorageVersionMigration',
  'SubjectAccessReview',
  'TokenReview',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'VolumeAttachment',
  'VolumeAttributesClass',
])
const keptNames = new Set(['APIService', 'CustomResourceDefinition', 'Namespace'])

/** True for kinds that belong to no namespace. */
export const isClusterKind = (kind: string): boolean => clusterKinds.has(kind)

/** An object with what stands before and behind its name. */
export function withAffixes(root: Mapping, prefix: string, suffix: string): Mapping {
  const { kind, name } = identityOf(root)
  return keptNames.has(kind) ? root : withName(root, `${prefix}${name}${suffix}`)
}

/** An object under another name. */
export const withName = (root: Mapping, name: string): Mapping =>
  updateAt(root, { path: 'metadata/name', create: true }, (tree) => textLike(tree, name))

/** An object in another namespace, where its kind has one. */
export function withNamespace(root: Mapping, namespace: string): Mapping {
  const { kind } = identityOf(root)
  const set = (path: string, create: boolean) =>
    updateAt(root, { path, create }, (tree) => textLike(tree, namespace))
  if (kind === 'Namespace') return withName(root, namespace)
  if (kind === 'APIService') return set('spec/service/namespace', true)
  if (kind === 'CustomResourceDefinition')
    return set('spec/conversion/webhook/clientConfig/service/namespace', false)
  const moved = isClusterKind(kind) ? root : set('metadata/namespace', true)
  const isBinding = kind === 'RoleBinding' || kind === 'ClusterRoleBinding'
  return isBinding ? withDefaultAccount(moved, namespace) : moved
}

/** The account that every namespace has goes with the namespace; others are told by their names. */
function withDefaultAccount(root: Mapping, namespace: string): Mapping {
  return updateAt(root, { path: 'subjects[]', create: false }, (subject) => {
    const isDefault =
      subject?.kind === 'mapping' &&
      textAt(subject, 'kind') === 'ServiceAccount' &&
      textAt(subject, 'name') === 'default'
    return isDefault ? moveTo(subject, namespace) : subject
  })
}

const moveTo = (tree: Mapping, namespace: string): Tree =>
  updateAt(tree, { path: 'namespace', create: true }, (old) => textLike(old, namespace))
