import type { EventStatus, RequestKind } from './event.ts'
import { isSha, type Sha } from './names.ts'

/** A request that was not over when the backup was made. */
export type OpenRequest = {
  readonly id: string
  readonly kind: string
  readonly env: string | null
  readonly app: string | null
  readonly artifactId: string | null
  readonly login: string
  readonly status: EventStatus
}

/** What the GitOps branch says of a request: the commit by which it was carried out. */
export type CarriedOut = { readonly ref: Sha; readonly artifactId: string | null }

/** How a request ends that was open in a backup. */
export type RestoredEnd = OpenRequest & {
  readonly end: 'processed' | 'superseded'
  readonly why: string
}

const unknownEnd =
  'it was open in the backup that was restored, and what became of it since is not known; ask again if it is still wanted'

/**
 * How a request ends that was open in a backup: as carried out, where the branch says so, and else
 * without anything being done. To decide anew what may have been refused or overtaken since would be a
 * guess, and a person can ask again.
 */
export function endOf(request: OpenRequest, carriedOut: CarriedOut | undefined): RestoredEnd {
  if (!carriedOut) return { ...request, end: 'superseded', why: unknownEnd }
  const { ref, artifactId } = carriedOut
  const at = isSha(ref) ? ` by ${ref.slice(0, 8)}` : ''
  const why = `${done(request, artifactId)}${at}, as the GitOps branch says after a restore`
  return { ...request, end: 'processed', why }
}

function done({ kind, env, app }: OpenRequest, artifactId: string | null): string {
  switch (kind as RequestKind) {
    case 'rollback':
      return `rolled ${app} in ${env} back to ${artifactId}`
    case 'delete':
      return `deleted ${app} from ${env}`
    case 'release':
      return `released ${artifactId} to ${env}`
  }
}
