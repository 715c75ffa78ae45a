import type { TargetedEvent } from '../domain/event.ts'
import { type Carried, landingOf } from './landing.ts'
import type { RunPorts } from './ports.ts'

/**
 * Which of these events were pushed after all? After a crash, or when a push that was thought dead won
 * the race, only the index is behind: it is brought up to date.
 */
export async function settlePushed(
  ports: RunPorts,
  events: readonly TargetedEvent[],
): Promise<readonly TargetedEvent[]> {
  const commits = await ports.events.commitsOf(events.map(({ id }) => id))
  if (commits.length === 0) return []
  const holds = await ports.gitops.landed(commits.map(({ ref }) => ref))
  const pushed = commits.filter(({ ref }) => holds.has(ref))
  const landings = []
  for (const { eventId, ref, decisionId } of pushed) {
    const event = events.find(({ id }) => id === eventId)
    const decision = await ports.events.decision(decisionId)
    if (!event || !decision) throw new Error(`what ${eventId} pushed was not decided`)
    // Which triggers there were is not known any more: they are asked, and may say no.
    const landed = { ...(await carriedBy(ports, event)), decision, ref, isFollowed: true }
    landings.push(landingOf(ports, event, landed))
  }
  if (landings.length > 0) await ports.landings.land(landings)
  return events.filter(({ id }) => pushed.some(({ eventId }) => eventId === id))
}

async function carriedBy(ports: RunPorts, event: TargetedEvent): Promise<Carried> {
  const carried = await indexedBy(ports, event)
  if (!carried) throw new Error(`what ${event.id} pushed is not in the index`)
  return carried
}

async function indexedBy(ports: RunPorts, event: TargetedEvent): Promise<Carried | undefined> {
  switch (event.kind) {
    case 'rollback': {
      const [to] = await ports.releases.withRef({ ...event, ref: event.toRef ?? '' })
      return to && { artifactId: to.artifactId, version: to.version, rollbackTo: to.gitopsRef }
    }
    case 'delete': {
      // It may run no more by the index: what people did to the folder since can have been seen first.
      const [last] = await ports.releases.history({ env: event.env, app: event.app, limit: 1 })
      return last && { artifactId: last.artifactId, version: last.version }
    }
    case 'artifact':
    case 'released':
    case 'branchDeleted':
    case 'health':
    case 'schedule':
    case 'release': {
      const { artifactId } = (await ports.events.find(event.id)) ?? event
      const artifact = await ports.artifacts.find(artifactId ?? '')
      return artifact && { artifactId: artifact.id, version: artifact.version }
    }
  }
}
