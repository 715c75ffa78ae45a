import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Facts } from '../../src/domain/facts.ts'
import { objectFacts } from '../../src/policy/object-facts.ts'
import { pod, read, withContainer } from './support/objects.ts'

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
