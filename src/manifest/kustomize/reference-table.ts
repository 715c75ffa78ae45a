import { podSpecPaths } from './field-path.ts'

/** Where objects of some kinds name an object of another. */
export type ReferenceRule = {
  /** The kind that is named. */
  readonly target: string
  /** From the object that names it to the name. */
  readonly path: string
  /** The name stands in a mapping that also says which `kind` it is of. */
  readonly isTyped?: true
  /** And which `namespace`. */
  readonly isAcross?: true
}

const inPods: readonly (readonly [target: string, path: string])[] = [
  ...['containers[]', 'initContainers[]', 'ephemeralContainers[]'].flatMap((list) => [
    ['ConfigMap', `${list}/env[]/valueFrom/configMapKeyRef/name`] as const,
    ['ConfigMap', `${list}/envFrom[]/configMapRef/name`] as const,
    ['Secret', `${list}/env[]/valueFrom/secretKeyRef/name`] as const,
    ['Secret', `${list}/envFrom[]/secretRef/name`] as const,
  ]),
  ['ConfigMap', 'volumes[]/configMap/name'],
  ['ConfigMap', 'volumes[]/projected/sources[]/configMap/name'],
  ['PersistentVolumeClaim', 'volumes[]/persistentVolumeClaim/claimName'],
  ['PriorityClass', 'priorityClassName'],
  ['RuntimeClass', 'runtimeClassName'],
  ['Secret', 'imagePullSecrets[]/name'],
  ['Secret', 'volumes[]/secret/secretName'],
  ['Secret', 'volumes[]/projected/sources[]/secret/name'],
  ['ServiceAccount', 'serviceAccountName'],
]

const rule = (target: string, path: string): ReferenceRule => ({ target, path })
const typed = (path: string): ReferenceRule => ({ target: '', path, isTyped: true })
const service = (path: string): ReferenceRule => ({
  target: 'Service',
  path,
  isTyped: true,
  isAcross: true,
})

const scaling = [typed('spec/scaleTargetRef/name')]
const webhooks = [service('webhooks[]/clientConfig/service/name')]
const binding = [typed('roleRef/name'), { ...typed('subjects[]/name'), isAcross: true as const }]
const roles = ['ConfigMap', 'Secret'].map((target) => rule(target, 'rules[]/resourceNames[]'))
const ingressAnnotations = ['ingress.kubernetes.io', 'nginx.ingress.kubernetes.io'].flatMap(
  (host) => [
    rule('Secret', `metadata/annotations/${host}~1auth-secret`),
    rule('Secret', `metadata/annotations/${host}~1auth-tls-secret`),
  ],
)

const byKind: Readonly<Record<string, readonly ReferenceRule[]>> = {
  APIService: [service('spec/service/name')],
  ClusterRole: roles,
  ClusterRoleBinding: binding,
  CustomResourceDefinition: [service('spec/conversion/webhook/clientConfig/service/name')],
  HorizontalPodAutoscaler: scaling,
  Ingress: [
    rule('IngressClass', 'spec/ingressClassName'),
    rule('Secret', 'spec/tls[]/secretName'),
    ...['spec/backend', 'spec/defaultBackend', 'spec/rules[]/http/paths[]/backend'].flatMap(
      (path) => [rule('Service', `${path}/serviceName`), rule('Service', `${path}/service/name`)],
    ),
    ...ingressAnnotations,
  ],
  MutatingWebhookConfiguration: webhooks,
  PersistentVolume: [rule('StorageClass', 'spec/storageClassName')],
  PersistentVolumeClaim: [
    rule('PersistentVolume', 'spec/volumeName'),
    rule('StorageClass', 'spec/storageClassName'),
  ],
  Role: roles,
  RoleBinding: binding,
  ServiceAccount: [rule('Secret', 'imagePullSecrets[]/name'), rule('Secret', 'secrets[]/name')],
  StatefulSet: [
    rule('Service', 'spec/serviceName'),
    rule('StorageClass', 'spec/volumeClaimTemplates[]/spec/storageClassName'),
  ],
  ValidatingAdmissionPolicyBinding: [rule('ValidatingAdmissionPolicy', 'spec/policyName')],
  ValidatingWebhookConfiguration: webhooks,
}

/** Where an object of this kind names others. */
export function referencesOf(kind: string): readonly ReferenceRule[] {
  const pods = podSpecPaths.get(kind)
  const own = Object.hasOwn(byKind, kind) ? (byKind[kind] ?? []) : []
  return [
    ...own,
    ...(pods === undefined ? [] : inPods.map(([target, path]) => rule(target, `${pods}/${path}`))),
  ]
}
