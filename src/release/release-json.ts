import type { Version } from '../domain/artifact.ts'
import type { Beginning, Place } from '../domain/history.ts'
import { isSha, type Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'

/** What a `release.json` says, ours or one of GimletD's before us, which has no id. */
export type Marker = {
  readonly id: string | null
  readonly artifactId: string
  readonly triggeredBy: string
  readonly version: Version
  /** Unix seconds; `null` when it does not say. */
  readonly created: number | null
  readonly rollbackTo: Sha | null
  readonly decisionId: string
  readonly policyVersion: string
}

/** A line of a file that anybody may have written is read up to here, in characters. */
const textMax = 4_000
const idShape = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/

/** Reads those of these texts that are a `release.json`, by the ids of their files. */
export const markersIn = (texts: ReadonlyMap<Sha, string>): ReadonlyMap<Sha, Marker & Place> =>
  new Map(
    [...texts].flatMap(([file, text]) => {
      const marker = readReleaseJson(text)
      return marker ? [[file, marker]] : []
    }),
  )

/** Reads a `release.json`. Nothing is answered when it is none. */
export function readReleaseJson(text: string): (Marker & Place) | undefined {
  const file = objectOf(parsed(text))
  const { app, env } = { app: textOf(file.app), env: textOf(file.env) }
  if (app === '' || env === '') return undefined
  const id = file.id === undefined ? null : textOf(file.id)
  if (id !== null && !idShape.test(id)) return undefined
  const artifactId = textOf(file.artifactId)
  if (id === null && artifactId === '') return undefined
  const rollbackTo = textOf(file.rollbackTo)
  return {
    ...{ app, env, id, artifactId },
    triggeredBy: textOf(file.triggeredBy),
    version: versionOf(objectOf(file.version)),
    created: unixOf(file.created) || null,
    rollbackTo: isSha(rollbackTo) ? rollbackTo : null,
    decisionId: textOf(file.decisionId),
    policyVersion: textOf(file.policyVersion),
  }
}

/** The release that a file tells of, as it went out with a commit. */
export function releaseOf(
  marker: Marker & Place & { readonly id: string },
  { commit, repository }: { readonly commit: Beginning; readonly repository: string },
): Release {
  const { id, env, app, artifactId, triggeredBy, version, rollbackTo } = marker
  const { decisionId, policyVersion } = marker
  // The file of a release that was gone back to tells when that was made.
  const isOld = rollbackTo !== null && decisionId === ''
  return {
    ...{ id, env, app, artifactId, triggeredBy, version, decisionId, policyVersion },
    ...{ gitopsRef: commit.ref, gitopsRepo: repository },
    created: isOld ? commit.unix : (marker.created ?? commit.unix),
    status: 'pushed',
    rolledBack: false,
    ...(rollbackTo === null ? {} : { rollbackTo }),
  }
}

/** The id of a release that names none: of its commit, and its place among those of that commit. */
export const unnamedId = (ref: Sha, at: number): string =>
  `g-${ref.slice(0, 16)}${at === 0 ? '' : `-${at}`}`

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function versionOf(version: Readonly<Record<string, unknown>>): Version {
  const text = (name: string) => textOf(version[name])
  return {
    ...version,
    repositoryName: text('repositoryName'),
    sha: text('sha'),
    created: unixOf(version.created),
    branch: text('branch'),
    event: version.event === 'tag' || version.event === 'pr' ? version.event : 'push',
    sourceBranch: text('sourceBranch'),
    targetBranch: text('targetBranch'),
    tag: text('tag'),
    authorName: text('authorName'),
    authorEmail: text('authorEmail'),
    committerName: text('committerName'),
    committerEmail: text('committerEmail'),
    message: typeof version.message === 'string' ? version.message : '',
    url: text('url'),
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

/** One line of text: what is here ends up in commands, tables and chats. */
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value.slice(0, textMax).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    : ''

const unixOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
