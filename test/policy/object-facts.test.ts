import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lookUp } from '../../src/policy/fact.ts'
import { flattened, objectFactDeclarations, objectFacts } from '../../src/policy/object-facts.ts'
import { pod, read } from './support/objects.ts'

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
