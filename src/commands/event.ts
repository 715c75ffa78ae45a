import type { DecisionQuery } from '../domain/command.ts'
import type { EventStatus, ReleaseEvent } from '../domain/event.ts'
import { refuse } from '../domain/fault.ts'
import { gitopsHash } from '../domain/health.ts'
import type { EventView, Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import type { CommandPorts } from './ports.ts'

/** What became of a request; of an artifact's id: of its arrival. */
export async function event(ports: CommandPorts, id: string): Promise<Outcome> {
  const found = (await ports.events.find(id)) ?? (await ports.events.ofArtifact(id))
  if (!found) return refuse('not_found', `There is no request and no artifact ${id}`)
  const children = await ports.events.children(found.id)
  const releases = await ports.releases.ofEvents([found, ...children].map((one) => one.id))
  const views = await Promise.all(children.map((child) => viewOf(ports, child, releases)))
  const own = await viewOf(ports, found, releases)
  return {
    kind: 'event',
    event: {
      ...own,
      status: together(own.status, views),
      gitopsHashes: [own, ...views].flatMap((view) => view.gitopsHashes),
      releases,
      events: views,
    },
  }
}

/** A decision with its facts and its trace. */
export async function decision(ports: CommandPorts, id: string): Promise<Outcome> {
  const found = await ports.events.decision(id)
  return found
    ? { kind: 'decision', decision: found }
    : refuse('not_found', `There is no decision ${id}`)
}

/** What was decided about apps in environments, for those who want to decide it again. */
export async function decisions(ports: CommandPorts, filter: DecisionQuery): Promise<Outcome> {
  return { kind: 'decisions', decisions: await ports.events.decisions(filter) }
}

/** The most telling status first: a request is not over while a part of it is not. */
const telling: readonly EventStatus[] = [
  'new',
  'held',
  'error',
  'denied',
  'processed',
  'superseded',
]

/** What is asked for by an event counts as a part of it, so its status is that of its parts. */
function together(own: EventStatus, parts: readonly EventView[]): EventStatus {
  if (own !== 'processed' || parts.length === 0) return own
  return telling.find((status) => parts.some((part) => part.status === status)) ?? own
}

async function viewOf(
  ports: CommandPorts,
  found: ReleaseEvent,
  releases: readonly Release[],
): Promise<EventView> {
  const { id, kind, status, statusDesc, env, app, artifactId, reason, decisionId, forced } = found
  const commits = await ports.events.commits(id)
  const own = releases.filter((one) => one.id === id)
  const approvals = await ports.controls.approvals(id)
  return {
    ...{ id, type: kind, status, statusDesc, env, app, artifactId, reason, decisionId, forced },
    approvals: approvals.map(({ login }) => login),
    triggeredBy: found.actor.login,
    created: Math.floor(found.createdMs / 1000),
    expires: found.expiresMs === null ? null : Math.floor(found.expiresMs / 1000),
    gitopsHashes: commits
      .filter(({ state }) => state === 'landed')
      .map(({ ref }) => gitopsHash(ref, own.find(({ gitopsRef }) => gitopsRef === ref)?.health)),
    releases: own,
    events: [],
  }
}
