import type { Actor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { EventSource, ReleaseEvent } from '../domain/event.ts'
import type { Facts } from '../domain/facts.ts'
import type { Release } from '../domain/release.ts'

/** What the facts of a decision are made of. */
export type Circumstances = {
  readonly artifact: Artifact | undefined
  readonly app: string
  readonly env: string
  readonly actor: Actor
  readonly request: {
    readonly kind: Exclude<ReleaseEvent['kind'], 'artifact'>
    readonly source: EventSource
    readonly reason: string
  }
  /** What runs of this app, in every environment. */
  readonly running: readonly Release[]
  readonly nowMs: number
}

/** The facts that the policies see. What is not known is left out: a missing fact is never a yes. */
export function factsOf(given: Circumstances): Facts {
  const { artifact, app, env, actor, request, running, nowMs } = given
  const places = running.map((release) => [release.env, runningFacts(release, nowMs)] as const)
  const current = places.find(([place]) => place === env)?.[1]
  return {
    ...(artifact ? { artifact: artifactFacts(artifact) } : {}),
    app,
    env,
    actor: { login: actor.login, kind: actor.kind, roles: [...actor.roles] },
    request,
    ...(current ? { current } : {}),
    envs: Object.fromEntries(places),
  }
}

function artifactFacts({ id, version, context }: Artifact): Facts {
  const { repositoryName, sha, branch, event, sourceBranch, targetBranch, tag, ...rest } = version
  const { authorName, authorEmail, committerName, committerEmail, message, url, created } = rest
  const people = { authorName, authorEmail, committerName, committerEmail }
  const names = { repositoryName, sha, branch, event, sourceBranch, targetBranch, tag }
  return { id, version: { ...names, ...people, message, url, created }, context }
}

const runningFacts = ({ artifactId, version, created }: Release, nowMs: number): Facts => ({
  artifactId,
  sha: version.sha,
  branch: version.branch,
  releasedAt: created,
  minutes: Math.max(0, Math.floor((nowMs / 1000 - created) / 60)),
})
