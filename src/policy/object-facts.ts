import type { FactDeclaration, Facts, FactType } from '../domain/facts.ts'
import { appArmorAnnotations, containerFacts, type Pod, profiles } from './container-facts.ts'
import {
  at,
  broken,
  entries,
  isMap,
  isNumber,
  type Leaf,
  leaf,
  present,
  unreadable,
} from './object-value.ts'

export type ObjectFacts = {
  /** What a rule reads as `object.…`. */
  readonly object: Facts
  /** What a rule reads as `container.…`, once a container. */
  readonly containers: readonly Facts[]
}

const declare =
  (type: FactType) =>
  (path: string, meaning: string): FactDeclaration => ({ path, type, meaning })
const [text, number] = [declare('string'), declare('number')]
const [flag, texts] = [declare('boolean'), declare('strings')]

/** Every fact that a policy about objects may name. */
export const objectFactDeclarations: readonly FactDeclaration[] = [
  text('object.apiVersion', 'the API version, such as apps/v1'),
  text('object.kind', 'the kind, such as Deployment'),
  text('object.name', 'its name'),
  text('object.namespace', 'its namespace; absent when the object names none'),
  text('object.labels.*', 'a label of the object; names with dots cannot be asked for'),
  text('object.annotations.*', 'an annotation; names with dots cannot be asked for'),
  flag('object.isPod', 'whether it is a pod or has a template of one'),
  flag('object.pod.hostNetwork', 'whether the pod is in the node’s network'),
  flag('object.pod.hostPID', 'whether the pod sees the node’s processes'),
  flag('object.pod.hostIPC', 'whether the pod shares memory with the node'),
  flag('object.pod.hostUsers', 'whether its users are the node’s users; true when not said'),
  flag('object.pod.hostProcess', 'whether the pod asks for Windows host processes'),
  number('object.pod.hostPorts', 'how many ports of the node its containers take'),
  texts('object.pod.volumeTypes', 'the types of its volumes, such as configMap'),
  texts('object.pod.sysctls', 'the names of the kernel settings that it changes'),
  text('object.pod.os', 'linux or windows; absent when not said'),
  flag('object.pod.runAsNonRoot', 'what the pod says for all containers; absent when not said'),
  number('object.pod.runAsUser', 'the user that the pod sets for all containers; may be absent'),
  text('object.pod.seccomp', 'the seccomp profile of the pod; absent when not said'),
  text('object.pod.appArmor', 'the AppArmor profile of the pod; absent when not said'),
  texts('object.pod.appArmorAnnotations', 'the AppArmor profiles that its annotations ask for'),
  text('object.pod.seLinuxType', 'the SELinux type of the pod; absent when not said'),
  text('object.pod.seLinuxUser', 'the SELinux user of the pod; absent when not said'),
  text('object.pod.seLinuxRole', 'the SELinux role of the pod; absent when not said'),
  text('container.name', 'the name of the container'),
  text('container.type', 'container, init or ephemeral'),
  text('container.image', 'the image as it is written'),
  text('container.registry', 'the registry of the image; docker.io when not said'),
  text('container.repository', 'the repository of the image, such as library/nginx'),
  text('container.tag', 'the tag of the image; absent when not said'),
  text('container.digest', 'the digest of the image; absent when not said'),
  flag('container.isLatest', 'whether the image has neither tag nor digest, or the tag latest'),
  flag('container.privileged', 'whether it may do what the node may; false when not said'),
  flag('container.allowPrivilegeEscalation', 'whether it may gain rights; true when not said'),
  flag('container.runAsNonRoot', 'whether root is refused; false when not said'),
  number('container.runAsUser', 'the user that it runs as; absent when not said'),
  flag('container.readOnlyRootFilesystem', 'whether its root is read only; false when not said'),
  texts('container.capabilitiesAdded', 'the capabilities that it adds'),
  texts('container.capabilitiesDropped', 'the capabilities that it drops'),
  number('container.hostPorts', 'how many ports of the node it takes'),
  number('container.probeHosts', 'how many of its probes and hooks name a host'),
  text('container.procMount', 'how /proc is mounted; Default when not said'),
  flag('container.hostProcess', 'whether it is a Windows host process; false when not said'),
  text('container.seccomp', 'its seccomp profile; absent when not said'),
  text('container.appArmor', 'its AppArmor profile; absent when not said'),
  text('container.seLinuxType', 'its SELinux type; absent when not said'),
  text('container.seLinuxUser', 'its SELinux user; absent when not said'),
  text('container.seLinuxRole', 'its SELinux role; absent when not said'),
  flag('container.limitsMemory', 'whether its memory has a limit'),
  flag('container.limitsCpu', 'whether its processor time has a limit'),
  flag('container.requestsMemory', 'whether it asks for memory; a limit asks for as much'),
  flag('container.requestsCpu', 'whether it asks for processor time; a limit asks for as much'),
]

/**
 * The facts of one parsed Kubernetes object, with Kubernetes' defaults said. Never throws: what has
 * the wrong type becomes a fact of the wrong type, so that every rule that reads it is an error.
 */
export function objectFacts(object: unknown): ObjectFacts {
  const template = templateOf(object)
  const isPod = template !== undefined
  const pod: Pod = { spec: at(template, 'spec'), metadata: at(template, 'metadata') }
  const containers = isPod ? containersOf(pod) : []
  const facts = present({
    apiVersion: leaf('string', at(object, 'apiVersion')),
    kind: leaf('string', at(object, 'kind')),
    name: leaf('string', at(object, 'metadata', 'name')),
    namespace: leaf('string', at(object, 'metadata', 'namespace') || undefined),
    labels: named(at(object, 'metadata', 'labels')),
    annotations: named(at(object, 'metadata', 'annotations')),
    isPod: leaf('boolean', template === broken ? broken : isPod),
    pod: isPod ? podFacts(pod, containers) : undefined,
  })
  return { object: facts, containers }
}

/** The objects themselves: a list is replaced by its items, and an empty document by nothing. */
export function flattened(object: unknown): unknown[] {
  const queue = [object]
  const flat: unknown[] = []
  for (const one of queue) {
    const items = at(one, 'items')
    // kubectl takes whatever has items for a list: a Pod in the items of a ConfigMap is a Pod.
    if (Array.isArray(items)) for (const item of items) queue.push(typed(item, one))
    const isEmpty = one === undefined || one === null
    if (!isEmpty && !(Array.isArray(items) && listed(one) !== undefined)) flat.push(one)
  }
  return flat
}

/** The kind of what a list is a list of: `Pod` for a PodList. */
function listed(object: unknown): string | undefined {
  const kind = at(object, 'kind')
  return typeof kind === 'string' && kind.endsWith('List')
    ? kind.slice(0, -'List'.length)
    : undefined
}

/** An item of a PodList may leave out that it is a Pod. */
function typed(item: unknown, list: unknown): unknown {
  const kind = listed(list)
  if (!isMap(item) || at(item, 'kind') || kind === undefined) return item
  return { apiVersion: at(list, 'apiVersion'), ...item, kind }
}

function named(map: unknown): Leaf {
  if (map === undefined || map === null) return {}
  if (!isMap(map)) return unreadable
  const texts = Object.keys(map).map((name) => [name, leaf('string', map[name] ?? '')] as const)
  return present(Object.fromEntries(texts))
}

const inSpec = ['spec', 'template']
const templatePaths: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['PodTemplate', ['template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ['Deployment', inSpec],
  ['StatefulSet', inSpec],
  ['DaemonSet', inSpec],
  ['ReplicaSet', inSpec],
  ['ReplicationController', inSpec],
  ['Job', inSpec],
])
/** Of no object that a cluster takes: `flattened` leaves alone the List without items to read. */
const kindsRefused = ['', 'List']

/** The metadata and spec of the pods that an object makes, or nothing when it makes none. */
function templateOf(object: unknown): unknown {
  const kind = at(object, 'kind')
  if (typeof kind !== 'string' || kindsRefused.includes(kind)) return broken
  const path = templatePaths.get(kind)
  if (path) return at(object, ...path) ?? {}
  const template = at(object, ...inSpec)
  const containers = at(template, 'spec', 'containers') ?? broken
  return containers === broken ? undefined : template
}

const containerLists = [
  { list: 'containers', type: 'container' },
  { list: 'initContainers', type: 'init' },
  { list: 'ephemeralContainers', type: 'ephemeral' },
] as const

const containersOf = (pod: Pod): Facts[] =>
  containerLists.flatMap(({ list, type }) =>
    entries(at(pod.spec, list)).map((container) => ({ ...containerFacts(container, pod), type })),
  )

function podFacts({ spec, metadata }: Pod, containers: readonly Facts[]): Facts {
  const shared = at(spec, 'securityContext')
  const volumes = entries(at(spec, 'volumes')).flatMap(volumeTypes)
  const sysctls = entries(at(shared, 'sysctls')).map((sysctl) => at(sysctl, 'name'))
  return present({
    hostNetwork: leaf('boolean', at(spec, 'hostNetwork') ?? false),
    hostPID: leaf('boolean', at(spec, 'hostPID') ?? false),
    hostIPC: leaf('boolean', at(spec, 'hostIPC') ?? false),
    hostUsers: leaf('boolean', at(spec, 'hostUsers') ?? true),
    hostProcess: leaf('boolean', at(shared, 'windowsOptions', 'hostProcess') ?? false),
    hostPorts: sum(containers.map((container) => container.hostPorts)),
    volumeTypes: leaf('strings', [...new Set(volumes)]),
    sysctls: leaf('strings', sysctls),
    os: leaf('string', at(spec, 'os', 'name')),
    runAsNonRoot: leaf('boolean', at(shared, 'runAsNonRoot')),
    runAsUser: leaf('number', at(shared, 'runAsUser')),
    appArmorAnnotations: leaf('strings', appArmorAnnotations(at(metadata, 'annotations'))),
    ...profiles((name) => at(shared, name)),
  })
}

function sum(counts: readonly (Leaf | undefined)[]): Leaf {
  return counts.every(isNumber) ? counts.reduce((total, count) => total + count, 0) : unreadable
}

/** A volume without a type is an emptyDir. */
function volumeTypes(volume: unknown): readonly unknown[] {
  if (!isMap(volume)) return [broken]
  const types = Object.keys(volume).filter(
    (key) => key !== 'name' && (volume[key] ?? null) !== null,
  )
  return types.length === 0 ? ['emptyDir'] : types
}
