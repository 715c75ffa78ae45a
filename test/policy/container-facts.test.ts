import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { objectFactDeclarations, objectFacts } from '../../src/policy/object-facts.ts'
import { digest, pod, read, rootsOf, withContainer } from './support/objects.ts'

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
