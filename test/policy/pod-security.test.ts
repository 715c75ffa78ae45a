import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { flattened, objectFacts } from '../../src/policy/object-facts.ts'
import { digest, pod, withContainer } from './support/objects.ts'
import { run } from './support/rules.ts'

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
