import { isTargeted, type ReleaseEvent, type TargetedEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import { addressOfRelease } from '../release/address.ts'
import { cardOf } from './card.ts'
import type { CommandPorts } from './ports.ts'
import { placesOf } from './repository-places.ts'

/** How far back it is looked for releases of the same commit. */
const historyMax = 50

/** What a request brings somewhere: a commit of a repository. */
type Source = {
  readonly repository: string
  readonly sha: Sha
  readonly artifactId: string | null
}

/** A release or a rollback of one app with the commit that it brings there; nothing for all else. */
export async function shipmentOf(ports: CommandPorts, id: string) {
  const event = await ports.events.find(id)
  const isShipped = event?.kind === 'release' || event?.kind === 'rollback'
  const source = event && isShipped && isTargeted(event) ? await sourceOf(ports, event) : undefined
  const card = source && (await cardOf(ports, id))
  if (!event || !isTargeted(event) || !source || !card) return undefined
  const { manifests, previews } = await ports.sources.manifests(await ports.gitops.lastTip())
  const apps = new Set(placesOf(manifests, source.repository).map(({ app }) => app))
  const { app, env } = event
  const isPreview =
    !apps.has(app) &&
    placesOf(previews, source.repository).some(
      (of) => of.env === env && app.startsWith(`${of.app}-`),
    )
  return {
    ...{ card, ...source, app, env },
    isOneOfMany: isPreview || apps.add(app).size > 1,
    isPreview,
    isOvertaken: await isOvertaken(ports, event, source.sha),
    address: card.release && (await addressOfRelease(ports, card.release)),
  }
}

/** The commit that a request is about, with the artifact that was or will be made of it. */
export async function sourceOf(
  { artifacts, releases }: CommandPorts,
  event: ReleaseEvent,
): Promise<Source | undefined> {
  const { about, artifactId, toRef, env, app } = event
  if (toRef !== null && env !== null && app !== null) {
    const [to] = await releases.withRef({ env, app, ref: toRef })
    return to && { ...commitOf(to.version), artifactId: to.artifactId }
  }
  if (artifactId === null)
    return about?.on === 'commit'
      ? { repository: about.repository, sha: about.sha, artifactId }
      : undefined
  const artifact = await artifacts.find(artifactId)
  return artifact && { ...commitOf(artifact.version), artifactId }
}

const commitOf = ({ repositoryName, sha }: { repositoryName: string; sha: Sha }) => ({
  repository: repositoryName,
  sha,
})

/** Whether what happens to a request says nothing of its commit there, because a newer one does. */
async function isOvertaken(ports: CommandPorts, event: TargetedEvent, sha: Sha): Promise<boolean> {
  const { id, env, app, seq, createdMs } = event
  const history = await ports.releases.history({ env, app, limit: historyMax })
  const at = history.findIndex((one) => one.id === id)
  const later =
    at >= 0
      ? history.slice(0, at)
      : history.filter(({ created }) => created * 1000 > createdMs + 1000)
  if (later.some(({ version }) => version.sha === sha)) return true
  const held = await ports.events.held()
  const newer = held.filter((one) => one.seq > seq && one.env === env && one.app === app)
  const sources = await Promise.all(newer.map((one) => sourceOf(ports, one)))
  return sources.some((source) => source?.sha === sha)
}
