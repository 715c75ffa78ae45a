import type { Facts } from '../domain/facts.ts'
import { imageFacts } from './image-facts.ts'
import {
  at,
  broken,
  entries,
  isMap,
  isNumber,
  isText,
  type Leaf,
  leaf,
  present,
  unreadable,
} from './object-value.ts'

/** The template of a pod, of which nothing is known yet. */
export type Pod = { readonly spec: unknown; readonly metadata: unknown }

/** The facts of one container. What it does not say for itself, its pod says. */
export function containerFacts(container: unknown, pod: Pod): Facts {
  const own = at(container, 'securityContext')
  const shared = at(pod.spec, 'securityContext')
  const effective = (...names: string[]) => at(own, ...names) ?? at(shared, ...names)
  const appArmor = at(own, 'appArmorProfile') ?? annotatedProfile(container, pod)
  return present({
    name: leaf('string', at(container, 'name')),
    ...imageFacts(at(container, 'image')),
    privileged: leaf('boolean', at(own, 'privileged') ?? false),
    allowPrivilegeEscalation: leaf('boolean', at(own, 'allowPrivilegeEscalation') ?? true),
    runAsNonRoot: leaf('boolean', effective('runAsNonRoot') ?? false),
    runAsUser: leaf('number', effective('runAsUser')),
    readOnlyRootFilesystem: leaf('boolean', at(own, 'readOnlyRootFilesystem') ?? false),
    capabilitiesAdded: leaf('strings', at(own, 'capabilities', 'add') ?? []),
    capabilitiesDropped: leaf('strings', at(own, 'capabilities', 'drop') ?? []),
    hostPorts: hostPorts(container, at(pod.spec, 'hostNetwork') === true),
    probeHosts: probeHosts(container),
    procMount: leaf('string', at(own, 'procMount') ?? 'Default'),
    hostProcess: leaf('boolean', effective('windowsOptions', 'hostProcess') ?? false),
    ...profiles((name) => (name === 'appArmorProfile' && appArmor) || effective(name)),
    ...resourceFacts(at(container, 'resources')),
  })
}

/** The facts about profiles, from what a security context holds by name. */
export function profiles(read: (name: string) => unknown): Record<string, Leaf | undefined> {
  const seLinux = read('seLinuxOptions')
  return {
    seccomp: leaf('string', at(read('seccompProfile'), 'type')),
    appArmor: leaf('string', at(read('appArmorProfile'), 'type')),
    seLinuxType: leaf('string', at(seLinux, 'type')),
    seLinuxUser: leaf('string', at(seLinux, 'user')),
    seLinuxRole: leaf('string', at(seLinux, 'role')),
  }
}

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

/** The types of the AppArmor profiles that the annotations of a pod ask for. */
export function appArmorAnnotations(annotations: unknown): unknown {
  if (annotations === undefined || annotations === null) return []
  if (!isMap(annotations)) return broken
  return Object.keys(annotations)
    .filter((name) => name.startsWith(appArmorPrefix))
    .map((name) => profileType(annotations[name]))
    .filter((type) => type !== undefined)
}

/** An annotation's profile as the field writes it; nothing when the annotation is empty. */
function profileType(annotation: unknown): unknown {
  if (annotation === undefined || annotation === null || annotation === '') return undefined
  if (annotation === 'runtime/default') return 'RuntimeDefault'
  if (annotation === 'unconfined') return 'Unconfined'
  return isText(annotation) && annotation.startsWith('localhost/') ? 'Localhost' : broken
}

function annotatedProfile(container: unknown, { metadata }: Pod): unknown {
  const name = at(container, 'name')
  const type = isText(name)
    ? profileType(at(metadata, 'annotations', `${appArmorPrefix}${name}`))
    : undefined
  return type === undefined ? undefined : { type }
}

/** In the network of the node, every port of a container is one of the node's. */
function hostPorts(container: unknown, isOnHost: boolean): Leaf {
  const taken = entries(at(container, 'ports')).map((port) => {
    const asked = at(port, 'hostPort') ?? 0
    return asked === 0 && isOnHost ? (at(port, 'containerPort') ?? 0) : asked
  })
  return taken.every(isNumber) ? taken.filter((port) => port !== 0).length : unreadable
}

const handlerPaths = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
] as const

function probeHosts(container: unknown): Leaf {
  const hosts = handlerPaths.flatMap((path) =>
    ['httpGet', 'tcpSocket'].map((action) => at(container, ...path, action, 'host') ?? ''),
  )
  return hosts.every(isText) ? hosts.filter((host) => host !== '').length : unreadable
}

function resourceFacts(resources: unknown): Record<string, Leaf> {
  const limit = (name: string) => at(resources, 'limits', name)
  // What is limited and not asked for is asked for as much as it is limited to.
  const request = (name: string) => at(resources, 'requests', name) ?? limit(name)
  return {
    limitsMemory: isSome(limit('memory')),
    limitsCpu: isSome(limit('cpu')),
    requestsMemory: isSome(request('memory')),
    requestsCpu: isSome(request('cpu')),
  }
}

const quantityCharsMax = 64
const quantityPattern = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/

/** Whether a quantity is there and not zero: a limit of zero is none. */
function isSome(quantity: unknown): Leaf {
  if (quantity === undefined || quantity === null) return false
  if (isNumber(quantity)) return quantity < 0 ? unreadable : quantity > 0
  if (!isText(quantity) || quantity.length > quantityCharsMax) return unreadable
  const amount = quantityPattern.exec(quantity)?.[1]
  return amount === undefined ? unreadable : /[1-9]/.test(amount)
}
