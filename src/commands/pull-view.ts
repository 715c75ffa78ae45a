import type { RequestCard } from '../domain/card.ts'
import { locksOn } from '../domain/control.ts'
import type { Subject } from '../domain/message.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { addressOfRelease } from '../release/address.ts'
import { cardOf } from './card.ts'
import type { CommandPorts } from './ports.ts'
import { placesOf, placesWith, previewPlaces } from './repository-places.ts'
import { sourceOf } from './shipment.ts'

type Head = {
  readonly repository: string
  readonly headSha: Sha
  readonly headBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
}

/** How things stand for a pull request: what runs where its repository's apps go, and what waits. */
export async function pullView(ports: CommandPorts, head: Head) {
  const { repository, headSha, headBranch: branch, isFork, isOpen } = head
  const artifact = await ports.artifacts.ofCommit({ repository, sha: headSha })
  const set = await ports.sources.manifests(await ports.gitops.lastTip())
  const running = await ports.releases.running({})
  const previews =
    isFork || !isOpen ? [] : previewPlaces(set, { repository, branch, artifact }, running)
  const targets = [...placesWith(set, { repository, artifact }), ...previews]
  const nowUnix = Math.floor(ports.clock.nowMs() / 1000)
  const locks = (await ports.controls.locks(nowUnix)).filter(({ kind }) => kind === 'freeze')
  return {
    ...{ headSha, isOpen, artifactId: artifact?.id ?? null },
    places: await Promise.all(targets.map((target) => placeOf(ports, target, running))),
    waiting: isOpen ? await waitingFor(ports, { repository, headSha }) : [],
    locks: locks.filter((lock) =>
      targets.some(({ env, app }) => locksOn([lock], { env, app, nowUnix }).length > 0),
    ),
  }
}

async function placeOf(
  ports: CommandPorts,
  { env, app }: { env: string; app: string },
  all: readonly Release[],
) {
  const running = all.find((one) => one.env === env && one.app === app) ?? null
  return { env, app, running, address: running && (await addressOfRelease(ports, running)) }
}

/** The requests for a commit that wait, oldest first. */
async function waitingFor(
  ports: CommandPorts,
  { repository, headSha }: Pick<Head, 'repository' | 'headSha'>,
): Promise<RequestCard[]> {
  const cards: RequestCard[] = []
  for (const event of await ports.events.held()) {
    const source = await sourceOf(ports, event)
    const isMeant = source?.sha === headSha && source.repository === repository
    const card = isMeant ? await cardOf(ports, event.id) : undefined
    if (card) cards.push(card)
  }
  return cards
}

type TouchPorts = CommandPorts & {
  readonly lockOf: (
    id: string,
  ) => Promise<{ readonly env: string; readonly app: string | null } | undefined>
}

/** The repositories whose pull requests are about what changed. */
export async function touchedBy(
  ports: TouchPorts,
  subjects: readonly Subject[],
  repositories: readonly string[],
): Promise<string[]> {
  const names = new Set<string>()
  const places: { readonly env: string; readonly app: string | null }[] = []
  for (const { kind, id } of subjects) {
    const lock = kind === 'lock' ? await ports.lockOf(id) : undefined
    if (lock) places.push(lock)
    const event = kind === 'request' ? await ports.events.find(id) : undefined
    const source = event && (await sourceOf(ports, event))
    if (source) names.add(source.repository)
    if (event?.env && event.app) places.push({ env: event.env, app: event.app })
  }
  const { manifests, previews } = await ports.sources.manifests(await ports.gitops.lastTip())
  const isTouched = (name: string) =>
    placesOf(manifests, name).some((own) =>
      places.some(({ env, app }) => env === own.env && (app === null || app === own.app)),
    ) ||
    placesOf(previews, name).some((own) =>
      places.some(({ env, app }) => env === own.env && (app ?? '').startsWith(`${own.app}-`)),
    )
  return repositories.filter((name) => names.has(name) || isTouched(name))
}
