import { type Actor, rolesAt } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { Lock } from '../domain/control.ts'
import type { About, EventSource, RequestKind } from '../domain/event.ts'
import type { Facts } from '../domain/facts.ts'
import type { Release } from '../domain/release.ts'
import { imageFacts } from '../policy/image-facts.ts'
import { itemFacts } from './item-facts.ts'

/** What the facts of a decision are made of. */
export type Circumstances = {
  readonly artifact: Artifact | undefined
  readonly app: string
  readonly env: string
  readonly actor: Actor
  readonly request: {
    readonly kind: RequestKind
    readonly source: EventSource
    readonly reason: string
  }
  /** What runs of this app, in every environment. */
  readonly running: readonly Release[]
  readonly nowMs: number
  /** The locks that cover the app in the environment. */
  readonly locks?: readonly Lock[]
  /** Those who approved, as they are now. */
  readonly approvers?: readonly Actor[]
  /** Of triggers: what happened. */
  readonly about?: About | null
}

/** The facts that the policies see. What is not known is left out: a missing fact is never a yes. */
export function factsOf(given: Circumstances): Facts {
  const { artifact, app, env, actor, request, running, nowMs } = given
  const { locks = [], approvers = [], about = null } = given
  const places = running.map((release) => [release.env, runningFacts(release, nowMs)] as const)
  const current = places.find(([place]) => place === env)?.[1]
  return {
    ...(artifact ? { artifact: artifactFacts(artifact) } : {}),
    app,
    env,
    actor: {
      login: actor.login,
      kind: actor.kind,
      roles: rolesAt(actor.roles, { env, app }),
      teams: [...actor.teams],
    },
    request,
    approvals: approvalFacts(approvers, given),
    locks: { by: locks.map(({ by }) => by), reasons: locks.map(({ reason }) => reason) },
    ...happeningFacts(about),
    ...(current ? { current } : {}),
    envs: Object.fromEntries(places),
  }
}

function happeningFacts(about: About | null): Facts {
  if (about?.on === 'released')
    return { released: { env: about.env, by: about.by, kind: about.kind } }
  return about?.on === 'branchDeleted'
    ? { deleted: { repository: about.repository, branch: about.branch } }
    : {}
}

/** Who asked never counts, and nobody twice, whatever names the approvals came under. */
function approvalFacts(approvers: readonly Actor[], { actor, env, app }: Circumstances): Facts {
  const people = new Map(approvers.map((approver) => [approver.login, approver]))
  const others = [...people.values()].filter(({ login }) => login !== actor.login)
  const grouped = (namesOf: (approver: Actor) => readonly string[]) => {
    const groups: Record<string, string[]> = Object.create(null)
    for (const one of others)
      for (const name of namesOf(one)) groups[name] = [...(groups[name] ?? []), one.login]
    return groups
  }
  return {
    by: others.map(({ login }) => login),
    roles: grouped(({ roles }) => rolesAt(roles, { env, app })),
    teams: grouped(({ teams }) => teams),
  }
}

function artifactFacts({ id, version, context, items }: Artifact): Facts {
  const { repositoryName, sha, branch, event, sourceBranch, targetBranch, tag, ...rest } = version
  const { authorName, authorEmail, committerName, committerEmail, message, url, created } = rest
  const people = { authorName, authorEmail, committerName, committerEmail }
  const names = { repositoryName, sha, branch, event, sourceBranch, targetBranch, tag }
  return {
    id,
    version: { ...names, ...people, message, url, created },
    context,
    images: imagesIn(items),
    ...itemFacts(items),
  }
}

/** The images among an artifact's items, by the item's name. */
function imagesIn(items: Artifact['items']): Facts {
  const images: Record<string, Facts> = Object.create(null)
  for (const { name, repository, tag, digest } of items) {
    if (typeof name !== 'string' || typeof repository !== 'string') continue
    const tagged = typeof tag === 'string' && tag !== '' ? `${repository}:${tag}` : repository
    const whole = typeof digest === 'string' && digest !== '' ? `${tagged}@${digest}` : tagged
    const { image: _, isLatest: __, ...parts } = imageFacts(whole)
    const known = Object.entries(parts).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    )
    images[name] = Object.fromEntries(known) as Facts
  }
  return images
}

const runningFacts = ({ artifactId, version, created, health }: Release, nowMs: number): Facts => ({
  artifactId,
  sha: version.sha,
  branch: version.branch,
  created: version.created,
  releasedAt: created,
  minutes: Math.max(0, Math.floor((nowMs / 1000 - created) / 60)),
  ...(health && { health: health.state }),
  ...(health?.state === 'healthy' && { healthySince: health.since }),
})
