import type { Sha } from '../../domain/names.ts'

/** A longer message says nothing more to a person. */
export const messageCharsMax = 2_000
/** So much of a message is searched for names of objects. */
const searchedCharsMax = 20_000

/** `main@sha1:<commit>`, `sha1:<commit>`, `main/<commit>` of older versions, or the commit alone. */
const revision = /(?:^|[:/])([0-9a-f]{40}|[0-9a-f]{64})$/

/** The commit of a revision; a branch may hold `/`, and a commit is never abbreviated. */
export const commitOf = (text: string): Sha | undefined => revision.exec(text)?.[1]

/** `Deployment/production/web`, `deployment/web` */
const object = /\b[A-Za-z]+\/(?:[a-z0-9][a-z0-9.-]*\/)?([a-z0-9][a-z0-9-]*)(?![\w./-])/g

/** The names of the objects that a message is about. */
export const objectsIn = (message: string): string[] => [
  ...new Set(
    [...message.slice(0, searchedCharsMax).matchAll(object)].flatMap(([, name]) => name ?? []),
  ),
]

/** RFC 3339 as Unix seconds; nothing when it is none. */
export function unixOf(time: string | null | undefined): number | undefined {
  const ms = Date.parse(time ?? '')
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}
