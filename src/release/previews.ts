import { policyActor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import { previewDays } from '../domain/preview.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import type { ProposalPorts } from './ports.ts'
import { type PreviewChange, type PreviewPull, previewChanges } from './preview-changes.ts'
import { type PreviewAsk, placeKey } from './preview-place.ts'
import { previewsOf } from './targets.ts'

const daySeconds = 24 * 60 * 60
/** Between two looks, in milliseconds: after something happened, and when nothing did. */
const pauses = { news: 1_000, quiet: 15_000 } as const

type PreviewHead = Omit<PreviewPull, 'manifests'>

export type PreviewPorts = Pick<ProposalPorts, 'clock' | 'ids' | 'artifacts' | 'releases'> & {
  readonly sources: Pick<ProposalPorts['sources'], 'manifests'>
  readonly gitops: { lastTip(): Promise<Sha> }
  readonly previews: {
    /** Open pull requests, none of them of a fork; those of artifacts only when these are newer. */
    pulls(sinceUnix: number): Promise<readonly PreviewHead[]>
    /** What was asked last of each preview. */
    asked(): Promise<readonly PreviewAsk[]>
    /** Ends a request that waits, because what it is for is over. */
    withdraw(eventId: string, statusDesc: string): Promise<void>
  }
  readonly events: { add(event: NewEvent): Promise<void> }
}

/**
 * Keeps the previews of pull requests as they should be: looks again and again at what there should be
 * and what there is, so that nothing hangs on a webhook that came, or came in time.
 */
export class Previews {
  readonly #ports: PreviewPorts
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Those of open pull requests; an artifact never changes. */
  #artifacts = new Map<string, Artifact>()

  constructor(ports: PreviewPorts) {
    this.#ports = ports
  }

  /** Looks if it is time to; answers whether it did. Something may have happened since it was called last. */
  async look(isNews: boolean): Promise<boolean> {
    const nowMs = this.#ports.clock.nowMs()
    if (nowMs < this.#lookedMs + (isNews ? pauses.news : pauses.quiet)) return false
    this.#lookedMs = nowMs
    await this.compare()
    return true
  }

  /** Asks for what is missing, and for the end of what is too many. */
  async compare(): Promise<void> {
    const { clock, previews, releases, sources, gitops } = this.#ports
    const set = await sources.manifests(await gitops.lastTip())
    const days = Math.max(previewDays, ...set.previews.map(({ preview }) => preview.days))
    const sinceUnix = Math.floor(clock.nowMs() / 1000) - days * daySeconds
    const [heads, asked] = [await previews.pulls(sinceUnix), await previews.asked()]
    if (heads.length === 0 && asked.length === 0) return
    const pulls = await this.#withManifests(heads, set)
    const envs = new Set(
      [...pulls.flatMap(({ manifests }) => manifests), ...asked].map(({ env }) => env),
    )
    const running = await Promise.all([...envs].map((env) => releases.running({ env })))
    const changes = previewChanges({
      ...{ nowMs: clock.nowMs(), set, pulls },
      ownApps: new Set(set.manifests.map(({ app }) => app)),
      bindings: await releases.bindings(),
      running: byPlace(running.flat()),
      asked: byPlace(asked),
    })
    for (const change of changes) await this.#make(change)
  }

  /** The pull requests with what their artifacts' previews are made of. */
  async #withManifests(heads: readonly PreviewHead[], set: ManifestSet): Promise<PreviewPull[]> {
    const ids = heads.flatMap(({ artifact }) => artifact?.id ?? [])
    const added = await this.#ports.artifacts.findAll(ids.filter((id) => !this.#artifacts.has(id)))
    const known = new Map([...this.#artifacts, ...added.map((one) => [one.id, one] as const)])
    this.#artifacts = new Map([...known].filter(([id]) => ids.includes(id)))
    return heads.map((head) => {
      const artifact = this.#artifacts.get(head.artifact?.id ?? '')
      return { ...head, manifests: artifact ? previewsOf(artifact, set) : [] }
    })
  }

  async #make(change: PreviewChange): Promise<void> {
    const { previews, events, ids, clock } = this.#ports
    if (change.kind === 'withdraw') return previews.withdraw(change.id, change.why)
    const { kind, why: reason, env, app, repository, branch } = change
    await events.add({
      ...{ id: ids.next('event'), parentId: null, kind, env, app, toRef: null, reason },
      artifactId: change.kind === 'release' ? change.artifactId : null,
      ...{ actor: previewActor, source: 'policy', createdMs: clock.nowMs() },
      about: { on: 'preview', repository, branch },
    })
  }
}

/** A preview is asked for by its manifest; no policy may have a dot in its name. */
const previewActor = policyActor('manifest.preview')

const byPlace = <Of extends { env: string; app: string }>(all: readonly Of[]) =>
  new Map(all.map((one) => [placeKey(one), one]))
