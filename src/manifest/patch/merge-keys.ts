/** How Kubernetes merges what stands in a mapping: by the patch tags of its API types. */
export type MergeRules = { readonly [field: string]: MergeRule }

export type MergeRule = {
  /** Of a list that is merged: the field that tells its mappings apart, or `null` of plain values. */
  readonly key?: string | null
  /** The rules of the mapping, or of the list's mappings. */
  readonly fields?: MergeRules
  /** The patch's mapping takes the place of the old one. */
  readonly replace?: true
}

const list = (key: string, fields: MergeRules = {}): MergeRule => ({ key, fields })
const fields = (rules: MergeRules): MergeRule => ({ fields: rules })

const metadata = fields({ finalizers: { key: null }, ownerReferences: list('uid') })
const status = fields({ conditions: list('type') })

const container = {
  env: list('name'),
  ports: list('containerPort'),
  volumeDevices: list('devicePath'),
  volumeMounts: list('mountPath'),
}
const podSpec = fields({
  containers: list('name', container),
  ephemeralContainers: list('name', container),
  hostAliases: list('ip'),
  imagePullSecrets: list('name'),
  initContainers: list('name', container),
  resourceClaims: list('name'),
  schedulingGates: list('name'),
  topologySpreadConstraints: list('topologyKey'),
  volumes: list('name'),
})
const pod = fields({ metadata, spec: podSpec })
const workload = { spec: fields({ template: pod }), status }
const webhooks = { webhooks: list('name', { matchConditions: list('name') }) }
const admissionPolicy = {
  spec: fields({ matchConditions: list('name'), variables: list('name') }),
  status,
}

const byKind: Readonly<Record<string, MergeRules>> = {
  ' Namespace': { status },
  ' Node': {
    spec: fields({ podCIDRs: { key: null } }),
    status: fields({ addresses: list('type'), conditions: list('type') }),
  },
  ' PersistentVolumeClaim': { status },
  ' Pod': {
    spec: podSpec,
    status: fields({ conditions: list('type'), hostIPs: list('ip'), podIPs: list('ip') }),
  },
  ' PodTemplate': { template: pod },
  ' ReplicationController': workload,
  ' Service': { spec: fields({ ports: list('port') }), status },
  ' ServiceAccount': { secrets: list('name') },
  'admissionregistration.k8s.io MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io ValidatingAdmissionPolicy': admissionPolicy,
  'admissionregistration.k8s.io ValidatingWebhookConfiguration': webhooks,
  'apps DaemonSet': workload,
  'apps Deployment': workload,
  'apps ReplicaSet': workload,
  'apps StatefulSet': workload,
  'autoscaling HorizontalPodAutoscaler': { status },
  'batch CronJob': {
    spec: fields({ jobTemplate: fields({ metadata, spec: fields({ template: pod }) }) }),
  },
  'batch Job': workload,
  'policy PodDisruptionBudget': { spec: fields({ selector: { replace: true } }), status },
}

/** Groups whose kinds Kubernetes brings itself. */
const ownGroups = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
])

/** The rules of one of Kubernetes' own kinds, or `null` of one that it does not bring. */
export function mergeRulesOf(group: string, kind: string): MergeRules | null {
  const rules = byKind[`${group} ${kind}`]
  if (rules) return { metadata, ...rules }
  return ownGroups.has(group) ? { metadata } : null
}
