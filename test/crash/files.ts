import { manifest } from '../support/builders.ts'

const trigger = {
  kind: 'trigger',
  on: 'artifact',
  env: 'staging',
  when: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
}
const gate = {
  kind: 'gate',
  app: 'careful',
  when: { '==': [{ var: 'artifact.version.branch' }, 'risky'] },
  otherwise: 'hold',
  expires: '24h',
  require: { approvedBy: { count: 1 } },
  message: 'It waits for an approval',
}

export const apps = ['web', 'api', 'shop', 'mail', 'cart', 'careful']

/** Policies and manifests of every flow. */
export function filesOf(names: readonly string[] = apps): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'policies/trigger.json': JSON.stringify(trigger),
    'policies/gate.json': JSON.stringify(gate),
  }
  for (const app of names)
    for (const env of ['staging', 'production'])
      files[`manifests/${app}-${env}.yaml`] = manifest({ app, env })
  return files
}

/** What CI posts; a branch other than main is not released by itself. */
export const artifactOf = (app: string, number: number, branch = 'main') => ({
  id: `${app}-${number}`,
  version: {
    repositoryName: `acme/${app}`,
    sha: number.toString(16).padStart(40, 'a'),
    branch,
    event: 'push',
  },
  items: [{ name: 'image', repository: `registry.example.com/acme/${app}`, tag: `v${number}` }],
})
