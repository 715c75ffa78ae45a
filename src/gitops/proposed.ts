import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'

/** A folder as a pull request would have it: as it is, other than it is, or more than is read. */
export type Proposed =
  | { readonly kind: 'same' | 'too-much' }
  /** The head is another one by now. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'changed'; readonly sources: Sources }

export type PullHead = { readonly number: number; readonly headSha: Sha }

/** What someone proposes is read up to here: it may be anything. */
const filesMax = 500
const bytesMax = 512 * 1024

/** True for files of these sizes that are more than is read of a proposal. */
export const isTooMuch = (sizes: readonly number[]): boolean =>
  sizes.length > filesMax || sizes.reduce((sum, size) => sum + size, 0) > bytesMax
