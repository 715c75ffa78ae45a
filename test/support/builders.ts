import type { Actor } from '../../src/domain/actor.ts'
import { type NewArtifact, parseArtifact } from '../../src/domain/artifact.ts'
import type { NewEvent } from '../../src/domain/event.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import type { Health } from '../../src/domain/release.ts'

export const sha = '017d995e32e3d1998395d971b969bcf682d20851'
export const alice: Actor = {
  login: 'alice',
  kind: 'token',
  roles: ['releaser'],
  teams: [],
  repositories: [],
}

/** What CI posts, with the least that a version needs. */
export const posted = (given: Record<string, unknown> = {}): Record<string, unknown> => {
  const { version, ...rest } = given
  return {
    id: 'web-1',
    items: [{ name: 'image', repository: 'quay.io/owner/web', tag: 'v1' }],
    ...rest,
    version: { repositoryName: 'owner/web', sha, branch: 'main', ...(version as object) },
  }
}

/** The same, read; a refusal fails the test. */
export function artifact(given: Record<string, unknown> = {}): NewArtifact {
  const parsed = parseArtifact(posted(given))
  if (isRefusal(parsed)) throw new Error(parsed.message)
  return parsed
}

/** A release of web-1 to production that Alice asks for. */
export const event = (given: Partial<NewEvent> = {}): NewEvent => ({
  id: 'r-1',
  parentId: null,
  kind: 'release',
  artifactId: 'web-1',
  env: 'production',
  app: 'web',
  toRef: null,
  reason: '',
  actor: alice,
  source: 'api',
  createdMs: 0,
  ...given,
})

/** A manifest of one ConfigMap that shows the image's tag. */
export const manifest = (given: { app?: string; env?: string; extra?: string } = {}): string => {
  const { app = 'web', env = 'production', extra = '' } = given
  return `app: ${app}
env: ${env}
${extra}manifests: |
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: ${app}
  data:
    tag: "{{ .image.tag }}"
`
}

/** A gate that nothing passes, unless told otherwise. */
export const gate = (given: Record<string, unknown> = {}): string =>
  JSON.stringify({
    kind: 'gate',
    require: { '==': [{ var: 'app' }, 'nothing'] },
    message: 'Not now',
    ...given,
  })

/** A trigger that sends every artifact to staging, unless told otherwise. */
export const trigger = (given: Record<string, unknown> = {}): string =>
  JSON.stringify({ kind: 'trigger', on: 'artifact', env: 'staging', ...given })

/** What the cluster says of a release, unless told otherwise: that it is healthy. */
export const healthOf = (given: Partial<Health> = {}): Health => ({
  state: 'healthy',
  since: 0,
  reported: 0,
  message: '',
  commit: 'b'.repeat(40),
  basis: 'own',
  reason: '',
  ...given,
})
