import { policyActor } from '../domain/actor.ts'
import type { HealthCommand } from '../domain/command.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Health, Release } from '../domain/release.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

const clocksDifferBySeconds = 300

/**
 * Keeps what a cluster says of a commit: it is true of every release up to it, since a cluster skips
 * commits. A report that is older than what is known says nothing.
 */
export async function reportHealth(ports: CommandPorts, report: HealthCommand): Promise<Outcome> {
  const { env, commit } = report
  const running = await ports.releases.running({ env })
  const applied = await ports.gitops.within(
    env,
    commit,
    running.map(({ gitopsRef }) => gitopsRef),
  )
  const now = nowUnix(ports)
  // A clock that is ahead must not make every later report an older one.
  const at = Math.min(report.unix ?? now, now + clocksDifferBySeconds)
  const news = running
    .filter(({ gitopsRef }) => applied.has(gitopsRef))
    .filter(({ created, health }) => at >= (health?.reported ?? created))
  const reports = news.map((release) => ({ id: release.id, health: healthOf(release, report, at) }))
  const changed = news.filter(({ health }) => health?.state !== report.state)
  if (reports.length > 0)
    await ports.releases.reportHealth(
      reports,
      changed.map((release) => eventOf(ports, release)),
    )
  if (changed.length > 0) ports.wake()
  return { kind: 'health-reported', env, apps: changed.map(({ app }) => app) }
}

function healthOf({ health }: Release, { state, message }: HealthCommand, at: number): Health {
  const since = health?.state === state ? health.since : at
  return { state, since, reported: at, message }
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
