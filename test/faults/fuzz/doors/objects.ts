import { decide } from '../../../../src/policy/decide.ts'
import { loadPolicies } from '../../../../src/policy/policy.ts'
import { shippedFiles } from '../../../policy/support/policies.ts'
import { broken, type Door } from '../fuzz.ts'

const policies = loadPolicies({
  version: 'v1',
  files: new Map(
    [...shippedFiles()]
      .filter(([path]) => path.startsWith('examples/pod-security/'))
      .map(([path, text]) => [path.split('/').at(-1) ?? '', text]),
  ),
})
/** What policies cost grows with the containers, of which a megabyte holds twenty thousand. */
const charsMax = 100_000
const request = { app: 'web', env: 'production', facts: {}, nowMs: 0 }

/** Objects of Kubernetes as they would be written, which policies look into. */
export const objectsDoor: Door = {
  name: 'kubernetes-objects',
  about: 'A20, F26, I7: objects of Kubernetes that policies look into',
  form: 'json',
  share: 0.2,
  words: [
    'containers',
    'initContainers',
    'securityContext',
    'privileged',
    'runAsNonRoot',
    'hostNetwork',
    'capabilities',
    'drop',
    'ALL',
    'seccompProfile',
    'RuntimeDefault',
    'List',
    'items',
    'Deployment',
    'CronJob',
  ],
  take(object) {
    if (JSON.stringify(object).length > charsMax) return 'too long to be tried often'
    const { verdict, trace } = decide(policies, { ...request, objects: [object] })
    if (verdict === 'allow' && podsOf(object).some(isPrivileged))
      broken('a container with all rights is allowed')
    return `${verdict} ${trace.filter(({ outcome }) => outcome !== 'holds').length}`
  },
}

const at = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined,
    value,
  )

/** Where a Pod may stand in an object, whatever the object says that it is. */
const podsOf = (object: unknown): unknown[] =>
  at(object, 'kind') === 'Pod'
    ? [at(object, 'spec')]
    : at(object, 'kind') === 'Deployment'
      ? [at(object, 'spec', 'template', 'spec')]
      : []

function isPrivileged(spec: unknown): boolean {
  const lists = ['containers', 'initContainers'].map((name) => at(spec, name))
  return lists
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .some((one) => at(one, 'securityContext', 'privileged') === true)
}
