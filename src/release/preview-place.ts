import { builtBranch } from '../domain/artifact.ts'
import type { EventStatus } from '../domain/event.ts'
import { previewNames } from '../domain/preview.ts'
import type { Release } from '../domain/release.ts'

/** A preview, under its own name as the app. */
export type PreviewPlace = {
  readonly env: string
  readonly app: string
  readonly repository: string
  readonly branch: string
}

/** What was asked last of a preview. */
export type PreviewAsk = PreviewPlace & {
  readonly id: string
  /** A release that was withdrawn counts as `delete`: it asks for nothing any more. */
  readonly kind: 'release' | 'delete'
  readonly status: EventStatus
  readonly artifactId: string | null
  readonly createdMs: number
  /** Of one that its manifest's own rule asked for: it ends after so many days, not with a pull request. */
  readonly days: number | null
}

/** Who has which name already. */
export type NameHolders = {
  /** The names of apps that have a manifest of their own. */
  readonly ownApps: ReadonlySet<string>
  /** The repository that an app is bound to. */
  readonly bindings: ReadonlyMap<string, string>
  /** By `placeKey`. */
  readonly running: ReadonlyMap<string, Release>
  readonly asked: ReadonlyMap<string, PreviewAsk>
}

export const placeKey = ({ env, app }: { readonly env: string; readonly app: string }): string =>
  `${env}/${app}`

/** What runs, as the preview that it may be. */
export const previewIn = ({ env, app, version }: Release): PreviewPlace => ({
  ...{ env, app },
  repository: version.repositoryName,
  branch: builtBranch(version),
})

type Holders = NameHolders & {
  /** What is about to be asked for. */
  readonly wanted: ReadonlyMap<string, PreviewPlace>
}

/**
 * The name for the preview of an app's branch: the one that it has, or else the first that nobody
 * has. `null` when all are taken.
 */
export function freeName(holders: Holders, { app, ...of }: PreviewPlace): string | null {
  const names = previewNames({ app, branch: of.branch }).filter(
    (name) => !holders.ownApps.has(name) && isBoundTo(holders, name, of.repository),
  )
  const held = names.map((name) => ({ name, holder: holderOf(holders, { ...of, app: name }) }))
  const isOwn = (holder: PreviewPlace | undefined) =>
    holder?.repository === of.repository && holder.branch === of.branch
  const found = held.find(({ holder }) => isOwn(holder)) ?? held.find(({ holder }) => !holder)
  return found?.name ?? null
}

const isBoundTo = ({ bindings }: NameHolders, app: string, repository: string): boolean =>
  (bindings.get(app) ?? repository) === repository

function holderOf({ wanted, running, asked }: Holders, place: PreviewPlace) {
  const key = placeKey(place)
  const release = running.get(key)
  const last = asked.get(key)
  const isWaiting = last?.kind === 'release' && (last.status === 'new' || last.status === 'held')
  return wanted.get(key) ?? (release ? previewIn(release) : isWaiting ? last : undefined)
}
