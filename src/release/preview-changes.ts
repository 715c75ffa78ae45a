import { type PreviewRule, previewDays, previewNames } from '../domain/preview.ts'
import type { PreviewManifest } from '../manifest/manifest.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import {
  freeName,
  type NameHolders,
  type PreviewAsk,
  type PreviewPlace,
  placeKey,
  previewIn,
} from './preview-place.ts'
import { isOf } from './targets.ts'

/** An open pull request whose branch is in its own repository. */
export type PreviewPull = {
  readonly repository: string
  /** `null` when only an artifact of its event is known. */
  readonly number: number | null
  readonly branch: string
  readonly labels: readonly string[]
  /** Of its head commit, the newest; `null` while CI has not posted one. */
  readonly artifact: { readonly id: string; readonly createdUnix: number } | null
  /** What its artifact's previews are made of. */
  readonly manifests: readonly PreviewManifest[]
}

export type PreviewState = NameHolders & {
  readonly nowMs: number
  readonly set: Pick<ManifestSet, 'previews'>
  readonly pulls: readonly PreviewPull[]
}

/** What has to be asked for, so that the previews become what they should be. */
export type PreviewChange =
  | (PreviewPlace & { readonly kind: 'release'; readonly artifactId: string; readonly why: string })
  | (PreviewPlace & { readonly kind: 'delete'; readonly why: string })
  | { readonly kind: 'withdraw'; readonly id: string; readonly why: string }

/** Something that broke by itself is asked for again after this. */
const againMs = 10 * 60_000
const dayMs = 24 * 60 * 60_000

/** Compares the previews that there should be with those that there are. Asks for nothing twice. */
export function previewChanges(state: PreviewState): PreviewChange[] {
  const wanted = wantedIn(state)
  return [
    ...[...wanted.values()].flatMap((one) => missing(state, one)),
    ...existing(state)
      .filter((one) => !wanted.has(placeKey(one)))
      .flatMap((one) => superfluous(state, one)),
  ]
}

type Wanted = PreviewPlace & { readonly artifactId: string; readonly number: number | null }

function wantedIn(state: PreviewState): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const { repository, number, branch, labels, artifact, manifests } of state.pulls) {
    if (artifact === null) continue
    // One with a rule of its own comes by that, whatever pull requests there are.
    for (const { app, env, preview } of manifests.filter(({ deploy }) => deploy.length === 0)) {
      if (!isLabelled(preview, labels) || isOld(state, preview, artifact.createdUnix)) continue
      const name = freeName({ ...state, wanted }, { app, env, repository, branch })
      const place = { env, app: name ?? '', repository, branch }
      if (name !== null && !wanted.has(placeKey(place)))
        wanted.set(placeKey(place), { ...place, artifactId: artifact.id, number })
    }
  }
  return wanted
}

const isLabelled = ({ label }: PreviewRule, labels: readonly string[]): boolean =>
  label === null || labels.includes(label)

const isOld = ({ nowMs }: PreviewState, { days }: PreviewRule, createdUnix: number): boolean =>
  nowMs - createdUnix * 1000 > days * dayMs

/**
 * Someone may have released another version there, or taken it away: that is theirs to say. What
 * runs and was never asked for, after a loss of the database, is asked for once more.
 */
function missing(state: PreviewState, { number, artifactId, ...place }: Wanted): PreviewChange[] {
  const last = state.asked.get(placeKey(place))
  const isAsked =
    last?.kind === 'release' && last.artifactId === artifactId && !isBroken(state, last)
  const isGoing = last?.kind === 'delete' && isOpen(last)
  const isThere =
    last !== undefined && !isGoing && state.running.get(placeKey(place))?.artifactId === artifactId
  if (isAsked || isThere) return []
  const why = `preview of ${number === null ? place.branch : `pull request ${number}`}`
  return [{ ...place, kind: 'release', artifactId, why }]
}

const isOpen = ({ status }: PreviewAsk): boolean => status === 'new' || status === 'held'

const isBroken = ({ nowMs }: PreviewState, { status, createdMs }: PreviewAsk): boolean =>
  status === 'error' && nowMs - createdMs > againMs

/** What was made as a preview, and runs or is about to. Never an app that has a manifest of its own. */
const existing = (state: PreviewState): PreviewAsk[] =>
  [...state.asked.values()].filter(
    (last) =>
      !state.ownApps.has(last.app) &&
      (isRunning(state, last) || (last.kind === 'release' && isOpen(last))),
  )

function isRunning({ running }: PreviewState, { repository, branch, ...at }: PreviewAsk): boolean {
  const release = running.get(placeKey(at))
  const its = release && previewIn(release)
  return its?.repository === repository && its.branch === branch
}

function superfluous(state: PreviewState, last: PreviewAsk): PreviewChange[] {
  const why = whyOver(state, last)
  if (why === null || (last.kind === 'delete' && !isBroken(state, last))) return []
  const { id, kind, status, env, app, repository, branch } = last
  const isThere = isRunning(state, last) || (kind === 'release' && status === 'new')
  return [
    ...(kind === 'release' && status === 'held' ? [{ kind: 'withdraw', id, why } as const] : []),
    ...(isThere ? [{ kind: 'delete', env, app, repository, branch, why } as const] : []),
  ]
}

/** Why a preview is not wanted any more, or nothing when it stays as it is. */
function whyOver(state: PreviewState, last: PreviewAsk): string | null {
  const { repository, branch, days, createdMs } = last
  if (days !== null)
    return state.nowMs - createdMs > days * dayMs ? `its artifact is older than ${days} days` : null
  const rule = ruleOf(state, last)
  const old = `its artifact is older than ${rule.days} days`
  const pulls = state.pulls.filter((one) => one.repository === repository && one.branch === branch)
  if (pulls.length === 0) return `no pull request of ${branch} is open`
  const labelled = pulls.filter(({ labels }) => isLabelled(rule, labels))
  if (labelled.length === 0) return `its pull request has no label ${rule.label}`
  // Of a head that CI builds yet, or when its manifest is gone or broken, what runs stays.
  const isAllOld = labelled.every(
    ({ artifact }) => artifact && isOld(state, rule, artifact.createdUnix),
  )
  return isAllOld ? old : null
}

const anyPull: PreviewRule = { label: null, days: previewDays }

/** What the manifest says by which a preview is made; of one that is gone, what most say. */
const ruleOf = ({ set }: PreviewState, { env, app: name, repository, branch }: PreviewPlace) =>
  set.previews.find(
    (one) =>
      one.env === env &&
      isOf(repository, one) &&
      previewNames({ app: one.app, branch }).includes(name),
  )?.preview ?? anyPull
