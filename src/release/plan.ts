import type { Artifact, Version } from '../domain/artifact.ts'
import type { FolderChange, PlannedCommit } from '../domain/change.ts'
import type { Decision } from '../domain/decision.ts'
import type { TargetedEvent } from '../domain/event.ts'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { render } from '../manifest/render.ts'
import { variablesOf } from '../manifest/variables.ts'
import { type Trailers, writeCommitMessage } from './commit-message.ts'
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

/** The commit that carries an event out, or why its files cannot be written. */
export function planCommit(
  event: TargetedEvent,
  wanted: Wanted,
  decision: Decision,
): PlannedCommit | Refusal {
  const change = changeOf(event, wanted, decision)
  if (isRefusal(change)) return change
  const { artifactId, version } = subjectOf(wanted)
  const subject = `[Gimlet] ${folderOf(event)} ${whatOf(wanted)}`
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

function changeOf(
  event: TargetedEvent,
  wanted: Wanted,
  decision: Decision,
): FolderChange | Refusal {
  const folder = folderOf(event)
  switch (wanted.kind) {
    case 'delete':
      return { kind: 'remove', folder }
    case 'rollback': {
      const files = new Map([[releaseFile, releaseJson(event, wanted, decision)]])
      return { kind: 'restore', folder, from: wanted.to.gitopsRef, files }
    }
    case 'release': {
      const { artifact, manifest } = wanted
      const variables = variablesOf(artifact, { ...manifest, actor: event.actor.login })
      const rendered = render(manifest, variables)
      if (isRefusal(rendered)) return rendered
      const files = new Map([...rendered, [releaseFile, releaseJson(event, wanted, decision)]])
      return { kind: 'replace', folder, files }
    }
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
    created: Math.floor(event.createdMs / 1000),
  }
  return `${JSON.stringify(release, null, 2)}\n`
}
