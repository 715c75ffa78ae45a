import type { Artifact, Version } from '../domain/artifact.ts'
import type { Files, FolderChange, PlannedCommit } from '../domain/change.ts'
import type { Decision } from '../domain/decision.ts'
import type { TargetedEvent } from '../domain/event.ts'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import type { ChartRenderer } from '../manifest/chart/chart-renderer.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { rendered } from '../manifest/rendered.ts'
import { variablesOf } from '../manifest/variables.ts'
import { type Trailers, writeCommitMessage } from './commit-message.ts'
import { overwrittenText } from './drift.ts'
import { folderOf, releaseFile } from './layout.ts'

/** What is to stand in the folder: a rendered artifact, the folder of an older release, or nothing. */
export type Wanted =
  | { readonly kind: 'release'; readonly artifact: Artifact; readonly manifest: Manifest }
  | { readonly kind: 'rollback'; readonly to: Release }
  | { readonly kind: 'delete'; readonly current: Release }

/** The artifact id and version that a commit is about. */
export function subjectOf(wanted: Wanted): { artifactId: string; version: Version } {
  switch (wanted.kind) {
    case 'release':
      return { artifactId: wanted.artifact.id, version: wanted.artifact.version }
    case 'rollback':
      return { artifactId: wanted.to.artifactId, version: wanted.to.version }
    case 'delete':
      return { artifactId: wanted.current.artifactId, version: wanted.current.version }
  }
}

/** What is asked, and the files of people's making that it writes: none but for a release. */
export type Plan = {
  readonly event: TargetedEvent
  readonly wanted: Wanted
  readonly files: Files
  /** What whoever reads the decision should know of them. */
  readonly warnings: readonly string[]
}

/** Writes the files that carry an event out, or says why they cannot be written. */
export async function planFiles(
  { charts }: { readonly charts: ChartRenderer },
  event: TargetedEvent,
  wanted: Wanted,
): Promise<Plan | Refusal> {
  if (wanted.kind !== 'release') return { event, wanted, files: new Map(), warnings: [] }
  const { artifact, manifest } = wanted
  const variables = variablesOf(artifact, { ...manifest, actor: event.actor.login })
  const made = await rendered(manifest, variables, charts)
  return isRefusal(made) ? made : { event, wanted, ...made }
}

/** The commit that carries a plan out. */
export function planCommit(plan: Plan, decision: Decision): PlannedCommit {
  const { event, wanted } = plan
  const change = changeOf(plan, decision)
  const { artifactId, version } = subjectOf(wanted)
  const forced = decision.forced.length > 0 ? ` (forced past ${decision.forced.join(', ')})` : ''
  const { drift = [] } = decision
  const over = drift.length > 0 ? ` (overwrites ${overwrittenText(drift)})` : ''
  const subject = `[Gimlet] ${folderOf(event)} ${whatOf(wanted)}${forced}${over}`
  const trailers: Trailers = {
    releaseId: event.id,
    artifactId,
    triggeredBy: event.actor.login,
    decisionId: decision.id,
    policyVersion: decision.policyVersion,
    sourceCommit: version.sha,
  }
  return {
    change,
    message: writeCommitMessage(subject, event.reason, trailers),
    unix: Math.floor(event.createdMs / 1000),
  }
}

function changeOf({ event, wanted, files }: Plan, decision: Decision): FolderChange {
  const own = [releaseFile, releaseJson(event, wanted, decision)] as const
  const folder = folderOf(event)
  switch (wanted.kind) {
    case 'delete':
      return { kind: 'remove', folder }
    case 'rollback':
      return { kind: 'restore', folder, from: wanted.to.gitopsRef, files: new Map([own]) }
    case 'release':
      return { kind: 'replace', folder, files: new Map([...files, own]) }
  }
}

function whatOf(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'release':
      return `release ${wanted.artifact.id}`
    case 'rollback':
      return `rollback to ${short(wanted.to.gitopsRef)} (${wanted.to.artifactId})`
    case 'delete':
      return 'delete'
  }
}

const short = (ref: Sha): string => ref.slice(0, 8)

/** The file that the server alone writes: by it a release is found again in the repository. */
function releaseJson(event: TargetedEvent, wanted: Wanted, decision: Decision): string {
  const { artifactId, version } = subjectOf(wanted)
  const release = {
    app: event.app,
    env: event.env,
    id: event.id,
    artifactId,
    triggeredBy: event.actor.login,
    version,
    ...(wanted.kind === 'rollback' ? { rollbackTo: wanted.to.gitopsRef } : {}),
    decisionId: decision.id,
    policyVersion: decision.policyVersion,
    ...(decision.forced.length > 0 ? { forcedPast: decision.forced } : {}),
    created: Math.floor(event.createdMs / 1000),
  }
  return `${JSON.stringify(release, null, 2)}\n`
}
