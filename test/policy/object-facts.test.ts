import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Facts, FactType } from '../../src/domain/facts.ts'
import { lookUp } from '../../src/policy/fact.ts'
import { flattened, objectFactDeclarations, objectFacts } from '../../src/policy/object-facts.ts'
import { run } from './support/rules.ts'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const pod = (spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', ...metadata },
  spec,
})
const withContainer = (container: unknown, spec: object = {}) =>
  pod({ ...spec, containers: [container] })
const rootsOf = (object: unknown): Facts => {
  const facts = objectFacts(object)
  return { object: facts.object, ...(facts.containers[0] && { container: facts.containers[0] }) }
}
const typeOf = (path: string): FactType => {
  const declared = objectFactDeclarations.find((one) => one.path === path)
  if (!declared) throw new Error(`${path} is not declared`)
  return declared.type
}
/** What a rule reads: the value, or `missing` or `wrong`. */
const read = (object: unknown, path: string): unknown => {
  const wanted = path.replace(/(labels|annotations)\..*/, '$1.*')
  const found = lookUp({ path, type: typeOf(wanted) }, rootsOf(object))
  return found.kind === 'value' ? found.value : found.kind
}

describe('an object', () => {
  test.each<{ path: string; given: object; want: unknown }>([
    { path: 'object.apiVersion', given: pod({}), want: 'v1' },
    { path: 'object.kind', given: pod({}), want: 'Pod' },
    { path: 'object.name', given: pod({}), want: 'web' },
    { path: 'object.namespace', given: pod({}), want: 'missing' },
    { path: 'object.namespace', given: pod({}, { namespace: '' }), want: 'missing' },
    { path: 'object.namespace', given: pod({}, { namespace: 'shop' }), want: 'shop' },
    { path: 'object.labels.team', given: pod({}, { labels: { team: 'a' } }), want: 'a' },
    { path: 'object.labels.team', given: pod({}, { labels: { team: 1 } }), want: 'wrong' },
    { path: 'object.labels.team', given: pod({}, { labels: null }), want: 'missing' },
    { path: 'object.annotations.note', given: pod({}, { annotations: { note: '' } }), want: '' },
  ])('has $path: $want', ({ path, given, want }) => {
    expect(read(given, path)).toBe(want)
  })

  const template = { spec: { containers: [{ name: 'a' }] } }
  test.each<{ kind: string; given: object; want: unknown }>([
    { kind: 'Pod', given: { spec: template.spec }, want: true },
    { kind: 'PodTemplate', given: { template }, want: true },
    { kind: 'CronJob', given: { spec: { jobTemplate: { spec: { template } } } }, want: true },
    { kind: 'Deployment', given: { spec: { template } }, want: true },
    { kind: 'StatefulSet', given: { spec: { template } }, want: true },
    { kind: 'DaemonSet', given: { spec: { template } }, want: true },
    { kind: 'ReplicaSet', given: { spec: { template } }, want: true },
    { kind: 'ReplicationController', given: { spec: { template } }, want: true },
    { kind: 'Job', given: { spec: { template } }, want: true },
    { kind: 'Rollout', given: { spec: { template } }, want: true },
  ])('of kind $kind is a pod', ({ kind, given, want }) => {
    const facts = objectFacts({ kind, ...given })
    expect(facts.object.isPod).toBe(want)
    expect(facts.containers.map(({ name, type }) => [name, type])).toEqual([['a', 'container']])
  })

  test.each<{ name: string; given: unknown; want: unknown }>([
    { name: 'a ConfigMap', given: { kind: 'ConfigMap' }, want: false },
    {
      name: 'a template of something else',
      given: { kind: 'Secret', spec: { template: 'x' } },
      want: false,
    },
    { name: 'a Deployment without a spec', given: { kind: 'Deployment' }, want: true },
    { name: 'without a kind', given: { spec: template.spec }, want: 'wrong' },
    { name: 'of two kinds', given: { kind: ['Pod'] }, want: 'wrong' },
    { name: 'a list that was not flattened', given: { kind: 'List', items: {} }, want: 'wrong' },
    { name: 'nothing', given: null, want: 'wrong' },
    { name: 'a text', given: 'kind: Pod', want: 'wrong' },
    {
      name: 'a Deployment whose template is a list',
      given: { kind: 'Deployment', spec: { template: [] } },
      want: true,
    },
  ])('that is $name is read as $want', ({ given, want }) => {
    expect(read(given, 'object.isPod')).toBe(want)
  })

  test('that is no pod has no facts of one', () => {
    expect(objectFacts({ kind: 'Service' })).toEqual({
      object: { kind: 'Service', labels: {}, annotations: {}, isPod: false },
      containers: [],
    })
  })
})

const security = { securityContext: {} }
describe('a pod', () => {
  test.each<{ path: string; given: object; want: unknown }>([
    { path: 'hostNetwork', given: {}, want: false },
    { path: 'hostNetwork', given: { hostNetwork: null }, want: false },
    { path: 'hostNetwork', given: { hostNetwork: true }, want: true },
    { path: 'hostPID', given: {}, want: false },
    { path: 'hostPID', given: { hostPID: true }, want: true },
    { path: 'hostIPC', given: {}, want: false },
    { path: 'hostIPC', given: { hostIPC: true }, want: true },
    { path: 'hostUsers', given: {}, want: true },
    { path: 'hostUsers', given: { hostUsers: false }, want: false },
    { path: 'hostProcess', given: security, want: false },
    {
      path: 'hostProcess',
      given: { securityContext: { windowsOptions: { hostProcess: true } } },
      want: true,
    },
    { path: 'hostPorts', given: {}, want: 0 },
    {
      path: 'hostPorts',
      given: {
        containers: [{ ports: [{ hostPort: 1 }] }],
        initContainers: [{ ports: [{ hostPort: 2 }] }],
      },
      want: 2,
    },
    { path: 'volumeTypes', given: {}, want: [] },
    {
      path: 'volumeTypes',
      given: { volumes: [{ name: 'a' }, { name: 'b', emptyDir: null }] },
      want: ['emptyDir'],
    },
    {
      path: 'volumeTypes',
      given: {
        volumes: [
          { name: 'a', secret: {} },
          { name: 'b', emptyDir: {}, hostPath: {} },
        ],
      },
      want: ['secret', 'emptyDir', 'hostPath'],
    },
    { path: 'sysctls', given: security, want: [] },
    {
      path: 'sysctls',
      given: { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      want: ['kernel.msgmax'],
    },
    { path: 'os', given: {}, want: 'missing' },
    { path: 'os', given: { os: { name: 'windows' } }, want: 'windows' },
    { path: 'runAsNonRoot', given: security, want: 'missing' },
    { path: 'runAsNonRoot', given: { securityContext: { runAsNonRoot: true } }, want: true },
    { path: 'runAsUser', given: security, want: 'missing' },
    { path: 'runAsUser', given: { securityContext: { runAsUser: 0 } }, want: 0 },
    { path: 'seccomp', given: security, want: 'missing' },
    {
      path: 'seccomp',
      given: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      want: 'Unconfined',
    },
    { path: 'appArmor', given: security, want: 'missing' },
    {
      path: 'appArmor',
      given: { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      want: 'Unconfined',
    },
    { path: 'appArmorAnnotations', given: {}, want: [] },
    {
      path: 'seLinuxType',
      given: { securityContext: { seLinuxOptions: { type: 'spc_t' } } },
      want: 'spc_t',
    },
    {
      path: 'seLinuxUser',
      given: { securityContext: { seLinuxOptions: { user: 'u' } } },
      want: 'u',
    },
    {
      path: 'seLinuxRole',
      given: { securityContext: { seLinuxOptions: { role: 'r' } } },
      want: 'r',
    },
    { path: 'seLinuxRole', given: security, want: 'missing' },
  ])('has $path $want, given $given', ({ path, given, want }) => {
    expect(read(pod(given), `object.pod.${path}`)).toEqual(want)
  })

  test('has the AppArmor profiles of its annotations, whatever container they name', () => {
    const prefix = 'container.apparmor.security.beta.kubernetes.io/'
    const profilesOf = (profiles: Record<string, unknown>) => {
      const names = Object.entries(profiles).map(([name, value]) => [`${prefix}${name}`, value])
      return read(
        pod({}, { annotations: { other: 'x', ...Object.fromEntries(names) } }),
        'object.pod.appArmorAnnotations',
      )
    }
    expect(profilesOf({ a: 'runtime/default', b: 'localhost/x', c: 'unconfined', d: '' })).toEqual([
      'RuntimeDefault',
      'Localhost',
      'Unconfined',
    ])
    expect(profilesOf({ a: 'RuntimeDefault' })).toBe('wrong')
    expect(profilesOf({ a: 1 })).toBe('wrong')
  })
})

describe('a container', () => {
  const own = (securityContext: object) => ({ securityContext })
  test.each<{ path: string; given: object; want: unknown }>([
    { path: 'name', given: { name: 'web' }, want: 'web' },
    { path: 'type', given: {}, want: 'container' },
    { path: 'privileged', given: {}, want: false },
    { path: 'privileged', given: own({ privileged: null }), want: false },
    { path: 'privileged', given: own({ privileged: true }), want: true },
    { path: 'allowPrivilegeEscalation', given: {}, want: true },
    {
      path: 'allowPrivilegeEscalation',
      given: own({ allowPrivilegeEscalation: false }),
      want: false,
    },
    { path: 'runAsNonRoot', given: {}, want: false },
    { path: 'runAsNonRoot', given: own({ runAsNonRoot: true }), want: true },
    { path: 'runAsUser', given: {}, want: 'missing' },
    { path: 'runAsUser', given: own({ runAsUser: 0 }), want: 0 },
    { path: 'readOnlyRootFilesystem', given: {}, want: false },
    { path: 'readOnlyRootFilesystem', given: own({ readOnlyRootFilesystem: true }), want: true },
    { path: 'capabilitiesAdded', given: {}, want: [] },
    { path: 'capabilitiesAdded', given: own({ capabilities: { add: ['KILL'] } }), want: ['KILL'] },
    { path: 'capabilitiesDropped', given: own({ capabilities: { drop: null } }), want: [] },
    { path: 'capabilitiesDropped', given: own({ capabilities: { drop: ['ALL'] } }), want: ['ALL'] },
    { path: 'hostPorts', given: { ports: [{ containerPort: 80 }, { hostPort: 0 }] }, want: 0 },
    { path: 'hostPorts', given: { ports: [{ hostPort: 80 }, { hostPort: 81 }] }, want: 2 },
    { path: 'probeHosts', given: { livenessProbe: { httpGet: { port: 80, host: '' } } }, want: 0 },
    {
      path: 'probeHosts',
      given: {
        startupProbe: { tcpSocket: { host: 'a' } },
        lifecycle: { preStop: { httpGet: { host: 'b' } } },
      },
      want: 2,
    },
    { path: 'procMount', given: {}, want: 'Default' },
    { path: 'procMount', given: own({ procMount: 'Unmasked' }), want: 'Unmasked' },
    { path: 'hostProcess', given: {}, want: false },
    { path: 'hostProcess', given: own({ windowsOptions: { hostProcess: true } }), want: true },
    { path: 'seccomp', given: {}, want: 'missing' },
    { path: 'seccomp', given: own({ seccompProfile: { type: 'Localhost' } }), want: 'Localhost' },
    { path: 'appArmor', given: {}, want: 'missing' },
    { path: 'appArmor', given: own({ appArmorProfile: { type: 'Localhost' } }), want: 'Localhost' },
    { path: 'seLinuxType', given: own({ seLinuxOptions: { type: 'spc_t' } }), want: 'spc_t' },
    { path: 'seLinuxUser', given: own({ seLinuxOptions: { user: 'u' } }), want: 'u' },
    { path: 'seLinuxRole', given: own({ seLinuxOptions: { role: 'r' } }), want: 'r' },
    { path: 'limitsMemory', given: { resources: { limits: { memory: '64Mi' } } }, want: true },
    { path: 'limitsMemory', given: { resources: { limits: { memory: '0' } } }, want: false },
    { path: 'limitsMemory', given: { resources: {} }, want: false },
    { path: 'limitsCpu', given: { resources: { limits: { cpu: 1 } } }, want: true },
    { path: 'limitsCpu', given: { resources: { limits: { cpu: 'lots' } } }, want: 'wrong' },
    { path: 'requestsMemory', given: { resources: { requests: { memory: '1e3' } } }, want: true },
    { path: 'requestsMemory', given: { resources: { limits: { memory: '1Gi' } } }, want: true },
    { path: 'requestsCpu', given: { resources: { requests: { cpu: '.5' } } }, want: true },
    { path: 'requestsCpu', given: {}, want: false },
  ])('has $path $want, given $given', ({ path, given, want }) => {
    expect(read(withContainer(given), `container.${path}`)).toEqual(want)
  })

  test.each<{ path: string; shared: object; own: object; want: unknown }>([
    { path: 'runAsNonRoot', shared: { runAsNonRoot: true }, own: {}, want: true },
    {
      path: 'runAsNonRoot',
      shared: { runAsNonRoot: true },
      own: { runAsNonRoot: false },
      want: false,
    },
    { path: 'runAsUser', shared: { runAsUser: 7 }, own: { runAsUser: null }, want: 7 },
    { path: 'runAsUser', shared: { runAsUser: 7 }, own: { runAsUser: 0 }, want: 0 },
    {
      path: 'seccomp',
      shared: { seccompProfile: { type: 'Unconfined' } },
      own: {},
      want: 'Unconfined',
    },
    {
      path: 'seLinuxUser',
      shared: { seLinuxOptions: { user: 'u' } },
      own: { seLinuxOptions: { type: 't' } },
      want: 'missing',
    },
    { path: 'hostProcess', shared: { windowsOptions: { hostProcess: true } }, own: {}, want: true },
    {
      path: 'appArmor',
      shared: { appArmorProfile: { type: 'Unconfined' } },
      own: {},
      want: 'Unconfined',
    },
    { path: 'privileged', shared: { privileged: true }, own: {}, want: false },
    {
      path: 'runAsNonRoot',
      shared: { runAsNonRoot: true },
      own: { runAsNonRoot: 'false' },
      want: 'wrong',
    },
  ])('has $path $want, of the pod $shared and its own $own', ({ path, shared, own, want }) => {
    const given = withContainer({ securityContext: own }, { securityContext: shared })
    expect(read(given, `container.${path}`)).toBe(want)
  })

  test('takes every port of the node when it is in its network', () => {
    const container = { ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }] }
    const given = withContainer(container, { hostNetwork: true })
    expect(read(given, 'container.hostPorts')).toBe(2)
  })

  test('has the AppArmor profile that an annotation asks for, before that of the pod', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/web': 'unconfined' }
    const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } }
    const given = pod({ securityContext, containers: [{ name: 'web' }] }, { annotations })
    expect(read(given, 'container.appArmor')).toBe('Unconfined')
  })

  test('may be of three types', () => {
    const given = pod({ containers: [{}], initContainers: [{}, {}], ephemeralContainers: [{}] })
    const types = objectFacts(given).containers.map(({ type }) => type)
    expect(types).toEqual(['container', 'init', 'init', 'ephemeral'])
  })
})

describe('an image', () => {
  const facts = ['registry', 'repository', 'tag', 'digest', 'isLatest']
  const hub = 'docker.io'
  test.each<{ image: unknown; want: readonly unknown[] }>([
    { image: 'nginx', want: [hub, 'library/nginx', 'missing', 'missing', true] },
    { image: 'nginx:1', want: [hub, 'library/nginx', '1', 'missing', false] },
    { image: 'nginx:latest', want: [hub, 'library/nginx', 'latest', 'missing', true] },
    { image: 'index.docker.io/nginx:1', want: [hub, 'library/nginx', '1', 'missing', false] },
    { image: 'grafana/grafana:1', want: [hub, 'grafana/grafana', '1', 'missing', false] },
    { image: 'ghcr.io/a/b/c:v1', want: ['ghcr.io', 'a/b/c', 'v1', 'missing', false] },
    { image: 'host:5000/a', want: ['host:5000', 'a', 'missing', 'missing', true] },
    { image: 'localhost/a:1', want: ['localhost', 'a', '1', 'missing', false] },
    { image: '[::1]:5000/a:1', want: ['[::1]:5000', 'a', '1', 'missing', false] },
    { image: `a@${digest}`, want: [hub, 'library/a', 'missing', digest, false] },
    { image: `a:1@${digest}`, want: [hub, 'library/a', '1', digest, false] },
    { image: `a:latest@${digest}`, want: [hub, 'library/a', 'latest', digest, true] },
    { image: '', want: facts.map(() => 'wrong') },
    { image: null, want: facts.map(() => 'wrong') },
    { image: 1, want: facts.map(() => 'wrong') },
    { image: 'a b', want: facts.map(() => 'wrong') },
    { image: 'a:', want: facts.map(() => 'wrong') },
    { image: 'a@sha256:1', want: facts.map(() => 'wrong') },
    { image: `a@${digest}@${digest}`, want: facts.map(() => 'wrong') },
    { image: 'ghcr.io/', want: facts.map(() => 'wrong') },
    { image: 'a/'.repeat(100_000), want: facts.map(() => 'wrong') },
  ])('$image', ({ image, want }) => {
    const given = withContainer({ image })
    expect(facts.map((name) => read(given, `container.${name}`))).toEqual(want)
  })
})

const everything = pod(
  {
    hostNetwork: true,
    os: { name: 'linux' },
    volumes: [{ name: 'a' }],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1,
      sysctls: [{ name: 'a' }],
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'RuntimeDefault' },
      seLinuxOptions: { type: 't', user: 'u', role: 'r' },
    },
    containers: [{ name: 'a', image: `a:1@${digest}`, ports: [{ hostPort: 1 }] }],
  },
  { namespace: 'shop', labels: { team: 'a' }, annotations: { note: 'b' } },
)

describe('the declarations', () => {
  const paths = objectFactDeclarations.map(({ path }) => path)
  const leaves = (facts: Facts, prefix: string): string[] =>
    Object.entries(facts).flatMap(([name, value]) =>
      typeof value === 'object' && !Array.isArray(value)
        ? leaves(value as Facts, `${prefix}${name}.`)
        : [`${prefix}${name}`],
    )

  test('name every fact, and no other', () => {
    const found = leaves(rootsOf(everything), '').map((path) =>
      path.replace(/(labels|annotations)\..*/, '$1.*'),
    )
    expect(found.sort()).toEqual([...paths].sort())
  })

  test.each(objectFactDeclarations)('$path has the type that it is declared with', ({ path }) => {
    const asked = path
      .replace('labels.*', 'labels.team')
      .replace('annotations.*', 'annotations.note')
    expect(['missing', 'wrong']).not.toContain(read(everything, asked))
  })

  test('are facts of their own', () => {
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.filter((path) => !/^(object|container)\./.test(path))).toEqual([])
  })
})

describe('a value of the wrong type is never read as a safe one', () => {
  const texts = [true, 1, [], {}]
  const flags = ['true', 'false', 0, 1, [], {}, [false]]
  const numbers = ['1', true, [], {}, Number.NaN, Number.POSITIVE_INFINITY]
  const lists = ['ALL', 1, {}, [1], [null], [['ALL']]]
  const maps = ['a', 1, true, [], [{}]]
  type Row = { readonly at: string; readonly values: readonly unknown[]; readonly facts: string }
  const rows: readonly Row[] = [
    { at: 'hostNetwork', values: flags, facts: 'object.pod.hostNetwork' },
    { at: 'hostPID', values: flags, facts: 'object.pod.hostPID' },
    { at: 'hostIPC', values: flags, facts: 'object.pod.hostIPC' },
    { at: 'hostUsers', values: flags, facts: 'object.pod.hostUsers' },
    { at: 'os', values: maps, facts: 'object.pod.os' },
    { at: 'volumes', values: ['a', 1, {}, ['a'], [null], [[]]], facts: 'object.pod.volumeTypes' },
    {
      at: 'containers',
      values: ['a', 1, {}, ['a'], [null]],
      facts: 'container.privileged object.pod.hostPorts',
    },
    {
      at: 'securityContext',
      values: maps,
      facts:
        'object.pod.runAsNonRoot object.pod.runAsUser object.pod.seccomp object.pod.appArmor object.pod.seLinuxType object.pod.sysctls object.pod.hostProcess container.runAsNonRoot container.runAsUser container.seccomp container.hostProcess',
    },
    { at: 'securityContext.sysctls', values: lists, facts: 'object.pod.sysctls' },
    {
      at: 'securityContext.seccompProfile',
      values: maps,
      facts: 'object.pod.seccomp container.seccomp',
    },
    {
      at: 'securityContext.windowsOptions',
      values: maps,
      facts: 'object.pod.hostProcess container.hostProcess',
    },
    { at: 'containers.0.name', values: texts, facts: 'container.name' },
    {
      at: 'containers.0.image',
      values: texts,
      facts: 'container.image container.isLatest container.digest',
    },
    {
      at: 'containers.0.ports',
      values: ['a', 1, {}, [null], ['a'], [{ hostPort: '80' }], [{ hostPort: true }]],
      facts: 'container.hostPorts object.pod.hostPorts',
    },
    { at: 'containers.0.livenessProbe', values: maps, facts: 'container.probeHosts' },
    { at: 'containers.0.livenessProbe.httpGet.host', values: texts, facts: 'container.probeHosts' },
    { at: 'containers.0.lifecycle', values: maps, facts: 'container.probeHosts' },
    {
      at: 'containers.0.resources',
      values: maps,
      facts:
        'container.limitsMemory container.limitsCpu container.requestsMemory container.requestsCpu',
    },
    {
      at: 'containers.0.resources.limits.memory',
      values: [true, [], {}, '', '-1', '1x', -1, '9'.repeat(1_000)],
      facts: 'container.limitsMemory container.requestsMemory',
    },
    {
      at: 'containers.0.securityContext',
      values: maps,
      facts:
        'container.privileged container.allowPrivilegeEscalation container.runAsNonRoot container.runAsUser container.readOnlyRootFilesystem container.capabilitiesAdded container.capabilitiesDropped container.procMount container.hostProcess container.seccomp container.appArmor container.seLinuxType container.seLinuxUser container.seLinuxRole',
    },
    { at: 'containers.0.securityContext.privileged', values: flags, facts: 'container.privileged' },
    {
      at: 'containers.0.securityContext.allowPrivilegeEscalation',
      values: flags,
      facts: 'container.allowPrivilegeEscalation',
    },
    {
      at: 'containers.0.securityContext.runAsNonRoot',
      values: flags,
      facts: 'container.runAsNonRoot',
    },
    { at: 'containers.0.securityContext.runAsUser', values: numbers, facts: 'container.runAsUser' },
    {
      at: 'containers.0.securityContext.readOnlyRootFilesystem',
      values: flags,
      facts: 'container.readOnlyRootFilesystem',
    },
    {
      at: 'containers.0.securityContext.capabilities',
      values: maps,
      facts: 'container.capabilitiesAdded container.capabilitiesDropped',
    },
    {
      at: 'containers.0.securityContext.capabilities.add',
      values: lists,
      facts: 'container.capabilitiesAdded',
    },
    {
      at: 'containers.0.securityContext.capabilities.drop',
      values: lists,
      facts: 'container.capabilitiesDropped',
    },
    { at: 'containers.0.securityContext.procMount', values: texts, facts: 'container.procMount' },
    { at: 'containers.0.securityContext.seccompProfile', values: maps, facts: 'container.seccomp' },
    {
      at: 'containers.0.securityContext.seccompProfile.type',
      values: texts,
      facts: 'container.seccomp',
    },
    {
      at: 'containers.0.securityContext.appArmorProfile',
      values: ['', 'a', 0, 1, false, true, []],
      facts: 'container.appArmor',
    },
    {
      at: 'containers.0.securityContext.seLinuxOptions',
      values: maps,
      facts: 'container.seLinuxType container.seLinuxUser container.seLinuxRole',
    },
    {
      at: 'containers.0.securityContext.windowsOptions.hostProcess',
      values: flags,
      facts: 'container.hostProcess',
    },
  ]
  const cases = rows.flatMap(({ at, values, facts }) =>
    values.flatMap((value) => facts.split(' ').map((fact) => ({ at, value, fact }))),
  )

  test.each(cases)('$fact, when $at is $value', ({ at, value, fact }) => {
    const spec: Record<string, unknown> = { containers: [{}] }
    const names = at.split('.')
    const last = names.pop() ?? ''
    const parent = names.reduce<Record<string, unknown>>((tree, name) => {
      tree[name] ??= {}
      return tree[name] as Record<string, unknown>
    }, spec)
    parent[last] = value
    expect(read(pod(spec), fact)).toBe('wrong')
  })

  test('when a template is no map, for every fact of its pod', () => {
    const { object } = objectFacts({ kind: 'Deployment', spec: { template: 'x' } })
    expect(Object.values(object.pod as Facts)).toEqual(
      Object.keys(object.pod as Facts).map(() => ({})),
    )
  })

  test('when it could be merged from elsewhere', () => {
    const container = parse('{ securityContext: { <<: { privileged: true } } }')
    expect(read(withContainer(container), 'container.privileged')).toBe('wrong')
  })

  test('when it is inherited', () => {
    const securityContext = Object.create({ runAsNonRoot: true, privileged: false })
    expect(read(withContainer({ securityContext }), 'container.runAsNonRoot')).toBe('wrong')
    const named = JSON.parse('{ "__proto__": { "runAsNonRoot": true }, "constructor": 1 }')
    expect(read(withContainer({ securityContext: named }), 'container.runAsNonRoot')).toBe(false)
  })
})

test('facts are read from whatever JSON says, without a throw', () => {
  const keys = ['kind', 'metadata', 'labels', 'spec', 'template', 'containers', 'securityContext']
  const more = [
    'items',
    'annotations',
    'capabilities',
    'add',
    'ports',
    'volumes',
    '__proto__',
    'image',
  ]
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(null, true, 0, '', 'Pod', 'List', 'Deployment'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc
        .array(fc.tuple(fc.constantFrom(...keys, ...more), tie('value')), { maxLength: 6 })
        .map((pairs) => Object.fromEntries(pairs)),
    ),
  }))
  fc.assert(
    fc.property(value, fc.constantFrom('Pod', 'Deployment', 'CronJob', 'Any'), (given, kind) => {
      for (const object of [
        ...flattened(given),
        { kind, spec: given },
        { kind, metadata: given },
      ]) {
        const { object: facts, containers } = objectFacts(object)
        for (const container of [undefined, ...containers])
          for (const { path, type } of objectFactDeclarations)
            lookUp({ path, type }, { object: facts, ...(container && { container }) })
      }
    }),
    { numRuns: 500 },
  )
})

describe('a list', () => {
  const web = pod({})
  test.each<{ name: string; given: unknown; want: readonly unknown[] }>([
    { name: 'is its items', given: { kind: 'List', items: [web, web] }, want: [web, web] },
    {
      name: 'may hold lists',
      given: { kind: 'List', items: [{ kind: 'List', items: [web] }] },
      want: [web],
    },
    { name: 'may be empty', given: { kind: 'List', items: [] }, want: [] },
    {
      name: 'says what its items are',
      given: { apiVersion: 'v1', kind: 'PodList', items: [{ spec: {} }] },
      want: [{ apiVersion: 'v1', kind: 'Pod', spec: {} }],
    },
    {
      name: 'of another name hides no items',
      given: { kind: 'ConfigMap', items: [web] },
      want: [{ kind: 'ConfigMap', items: [web] }, web],
    },
    {
      name: 'whose items are no list stays',
      given: { kind: 'List', items: web },
      want: [{ kind: 'List', items: web }],
    },
    { name: 'is not what an object is', given: web, want: [web] },
    { name: 'is not what an empty document is', given: null, want: [] },
    { name: 'is not what a text is', given: 'a', want: ['a'] },
  ])('$name', ({ given, want }) => {
    expect(flattened(given)).toEqual(want)
  })

  test('may be long and deep', () => {
    const long = { kind: 'List', items: Array.from({ length: 200_000 }, () => web) }
    expect(flattened(long)).toHaveLength(200_000)
    let deep: unknown = web
    for (let depth = 0; depth < 20_000; depth++) deep = { kind: 'List', items: [deep] }
    expect(flattened(deep)).toEqual([web])
  })
})

type ObjectPolicy = {
  readonly name: string
  readonly each: string
  readonly when: unknown
  readonly require: unknown
}
const policyFolder = join(import.meta.dirname, '../../policies/examples/pod-security')
const policies: readonly ObjectPolicy[] = readdirSync(policyFolder)
  .sort()
  .map((file) => {
    const {
      each = 'object',
      when = true,
      require,
    } = JSON.parse(readFileSync(join(policyFolder, file), 'utf8'))
    return { name: basename(file, '.json'), each, when, require }
  })

/** The names of the policies that any of these objects violates. */
function violations(objects: readonly unknown[]): string[] {
  const seen = objects.flatMap(flattened).map(objectFacts)
  return policies
    .filter((policy) => seen.some((facts) => violates(policy, facts)))
    .map(({ name }) => name)
}

function violates(policy: ObjectPolicy, { object, containers }: ReturnType<typeof objectFacts>) {
  const all =
    policy.each === 'container'
      ? containers.map((container) => ({ object, container }))
      : [{ object }]
  return all.some((facts) => {
    const applies = run(policy.when, facts).result
    return applies === 'error' || (applies && run(policy.require, facts).result !== true)
  })
}

describe('the shipped policies', () => {
  const chartFolder = join(import.meta.dirname, '../fixtures/charts')
  const chart = (name: string): unknown[] =>
    parseAllDocuments(readFileSync(join(chartFolder, `${name}.yaml`), 'utf8')).map((document) =>
      document.toJS(),
    )
  const restrictedAll = [
    'restricted-capabilities',
    'restricted-privilege-escalation',
    'restricted-run-as-non-root',
    'restricted-seccomp',
  ]
  const loose = ['images-by-digest', 'resource-limits']

  test.each<{ name: string; want: readonly string[] }>([
    { name: 'ingress-nginx', want: ['resource-limits'] },
    { name: 'cert-manager', want: loose },
    {
      name: 'prometheus-node-exporter',
      want: [
        'baseline-host-namespaces',
        'baseline-host-path',
        'baseline-host-ports',
        ...loose,
        'restricted-capabilities',
        'restricted-privilege-escalation',
        'restricted-seccomp',
        'restricted-volumes',
      ],
    },
    { name: 'grafana', want: [...loose, ...restrictedAll, 'restricted-run-as-user'] },
    {
      name: 'redis',
      want: [
        'baseline-host-path',
        'baseline-privileged',
        'images-no-latest',
        ...loose,
        ...restrictedAll,
        'restricted-run-as-user',
        'restricted-volumes',
      ],
    },
    { name: 'postgresql', want: ['images-by-digest', 'images-no-latest'] },
    { name: 'argo-cd', want: loose },
    { name: 'external-dns', want: loose },
    {
      name: 'fluent-bit',
      want: ['baseline-host-path', ...loose, ...restrictedAll, 'restricted-volumes'],
    },
    { name: 'metrics-server', want: loose },
    {
      name: 'cilium',
      want: [
        'baseline-app-armor',
        'baseline-capabilities',
        'baseline-host-namespaces',
        'baseline-host-path',
        'baseline-host-probes',
        'baseline-privileged',
        'baseline-seccomp',
        'baseline-selinux',
        ...loose,
        ...restrictedAll,
        'restricted-volumes',
      ],
    },
  ])('find in the chart $name what it violates', ({ name, want }) => {
    expect(violations(chart(name))).toEqual([...want].sort())
  })

  const good = {
    name: 'web',
    image: `web@${digest}`,
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    resources: { limits: { memory: '64Mi' }, requests: { cpu: '10m' } },
  }
  const goodWith = (more: object) => ({
    ...good,
    securityContext: { ...good.securityContext, ...more },
  })
  const annotated = (profile: string) => ({
    annotations: { 'container.apparmor.security.beta.kubernetes.io/web': profile },
  })

  test.each<{ name: string; given: object; want: readonly string[] }>([
    { name: 'nothing in a good pod', given: withContainer(good), want: [] },
    {
      name: 'nothing in a good pod that says what is allowed',
      given: pod(
        {
          securityContext: {
            seLinuxOptions: { type: 'container_t', user: '', level: 's0' },
            appArmorProfile: { type: 'Localhost', localhostProfile: 'a' },
            sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }],
          },
          containers: [goodWith({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } })],
          volumes: ['configMap', 'csi', 'projected'].map((type) => ({ name: type, [type]: {} })),
        },
        annotated('runtime/default'),
      ),
      want: [],
    },
    { name: 'nothing in a Service', given: { kind: 'Service' }, want: [] },
    {
      name: 'no control of Linux in a pod for Windows',
      given: withContainer(
        { ...good, securityContext: { runAsNonRoot: true } },
        { os: { name: 'windows' } },
      ),
      want: [],
    },
    {
      name: 'host processes of the pod',
      given: withContainer(good, { securityContext: { windowsOptions: { hostProcess: true } } }),
      want: ['baseline-host-process'],
    },
    {
      name: 'a port of the node',
      given: withContainer({ ...good, ports: [{ hostPort: 80 }] }),
      want: ['baseline-host-ports'],
    },
    {
      name: 'an unmasked /proc',
      given: withContainer(goodWith({ procMount: 'Unmasked' })),
      want: ['baseline-proc-mount'],
    },
    {
      name: 'an unsafe kernel setting',
      given: withContainer(good, { securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }),
      want: ['baseline-sysctls'],
    },
    {
      name: 'an AppArmor annotation',
      given: pod({ containers: [good] }, annotated('unconfined')),
      want: ['baseline-app-armor'],
    },
    {
      name: 'an SELinux user',
      given: withContainer(goodWith({ seLinuxOptions: { user: 'u' } })),
      want: ['baseline-selinux'],
    },
    {
      name: 'root of the pod that no container wants',
      given: withContainer(goodWith({ runAsUser: 1 }), {
        securityContext: { runAsUser: 0, runAsNonRoot: false },
      }),
      want: ['restricted-run-as-non-root', 'restricted-run-as-user'],
    },
    {
      name: 'seccomp of the pod turned off that no container wants off',
      given: withContainer(good, { securityContext: { seccompProfile: { type: 'Unconfined' } } }),
      want: ['baseline-seccomp'],
    },
    {
      name: 'a text in place of false',
      given: withContainer(goodWith({ privileged: 'false' })),
      want: ['baseline-privileged'],
    },
    {
      name: 'a volume in a list of its own',
      given: withContainer(good, { volumes: {} }),
      want: ['baseline-host-path', 'restricted-volumes'],
    },
    {
      name: 'a bad debug container beside a good one',
      given: pod({
        containers: [good],
        ephemeralContainers: [{ ...goodWith({ privileged: true }), resources: {} }],
      }),
      want: ['baseline-privileged'],
    },
  ])('find $name', ({ given, want }) => {
    expect(violations([given])).toEqual(want)
  })

  test('find everything wrong with what cannot be read', () => {
    const all = policies.map(({ name }) => name)
    expect(violations([{ kind: 'Deployment', spec: { template: [] } }])).toEqual(all)
    expect(violations(['kind: Pod'])).toEqual(all)
  })
})
