import { type Actor, policyActor } from '../domain/actor.ts'
import { type HealthCommand, limitMax, type SaidOfCommit } from '../domain/command.ts'
import type { NewEvent } from '../domain/event.ts'
import { refuse } from '../domain/fault.ts'
import { type HealthNews, type HealthReport, newsOf } from '../domain/health.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

const clocksDifferBySeconds = 300
/** How often it is looked again when another report was kept in between. */
const attemptsMax = 100

/** Keeps what a cluster says of a commit, for every release that it is about. */
export async function reportHealth(
  ports: CommandPorts,
  { login: by }: Actor,
  command: HealthCommand,
): Promise<Outcome> {
  const { env, app, said } = command
  const answer = { kind: 'health-reported', env } as const
  if ('ignored' in said) return { ...answer, apps: [], ignored: said.ignored }
  const held: Held = new Map()
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { releases, running } = await releasesOf(ports, { env, app })
    const found = await commitOf(ports, { env, said, releases, held })
    if (found === undefined)
      return { ...answer, apps: [], ignored: 'it is about no commit of the GitOps branch' }
    const { commits: _, unix, ...words } = said
    const report = { ...words, env, app, commit: found.commit, at: timeOf(ports, unix) }
    const news = newsOf(report, { releases, held: found.held })
    const apps = await keep(ports, { news, running, by })
    if (apps !== null) return { ...answer, apps }
  }
  return refuse('overloaded', 'Many reports came at once; send it again in a moment')
}

/** What the environment has seen last, and all that runs there, newest first. */
async function releasesOf(
  { releases }: CommandPorts,
  { env, app }: { env: string; app: string | undefined },
): Promise<{ releases: readonly Release[]; running: ReadonlySet<string> }> {
  const where = { env, ...(app === undefined ? {} : { app }) }
  const recent = await releases.history({ ...where, limit: limitMax })
  const known = new Set(recent.map(({ id }) => id))
  const running = await releases.running(where)
  return {
    releases: [...recent, ...running.filter(({ id }) => !known.has(id))],
    running: new Set(running.map(({ id }) => id)),
  }
}

/** Of each commit, which others it holds and which it does not: that never changes. */
type Held = Map<Sha, Map<Sha, boolean>>

type Asked = {
  readonly env: string
  readonly said: SaidOfCommit
  readonly releases: readonly Release[]
  readonly held: Held
}

/** The first of the commits that is on the branch, with all that it holds of what is asked for. */
async function commitOf(
  { gitops }: CommandPorts,
  { env, said, releases, held }: Asked,
): Promise<{ commit: Sha; held: ReadonlySet<Sha> } | undefined> {
  const refs = releases.flatMap(({ gitopsRef, health }) => [
    gitopsRef,
    ...(health ? [health.commit] : []),
  ])
  for (const commit of said.commits) {
    const known = held.get(commit) ?? new Map<Sha, boolean>()
    const open = [...new Set([commit, ...refs])].filter((ref) => !known.has(ref))
    const found = open.length === 0 ? new Set() : await gitops.within(env, commit, open)
    for (const ref of open) known.set(ref, found.has(ref))
    held.set(commit, known)
    if (known.get(commit))
      return { commit, held: new Set([...known.keys()].filter((ref) => known.get(ref))) }
  }
  return undefined
}

/** A clock that is ahead must not make every later report an older one. */
function timeOf(ports: CommandPorts, unix: number | undefined): HealthReport['at'] {
  const now = nowUnix(ports)
  return Math.min(unix ?? now, now + clocksDifferBySeconds)
}

/** Answers the apps whose state is another one now, or `null` when the releases have changed meanwhile. */
async function keep(
  ports: CommandPorts,
  { news, running, by }: { news: readonly HealthNews[]; running: ReadonlySet<string>; by: string },
): Promise<string[] | null> {
  const changed = news.filter(({ release, health }) => release.health?.state !== health.state)
  // What is only concluded is no reason to act: the trigger would roll back what is not to blame.
  const certain = changed.filter(
    ({ release, health }) => health.basis === 'own' && running.has(release.id),
  )
  const changes = news.map(({ release, health }) => ({
    id: release.id,
    known: release.health,
    health,
  }))
  const events = certain.map(({ release }) => eventOf(ports, release))
  if (news.length > 0 && !(await ports.releases.reportHealth(changes, events, by))) return null
  if (changed.length > 0) ports.wake()
  return [...new Set(changed.map(({ release }) => release.app))].sort()
}

/** Asks the triggers about a release whose health has changed. */
const eventOf = (ports: CommandPorts, { env, app, artifactId }: Release): NewEvent => ({
  id: ports.ids.next('event'),
  parentId: null,
  kind: 'health',
  artifactId,
  env: null,
  app,
  toRef: null,
  reason: '',
  actor: policyActor('health'),
  source: 'policy',
  createdMs: ports.clock.nowMs(),
  about: { on: 'health', env, app },
})
