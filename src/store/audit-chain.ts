import { createHash } from 'node:crypto'
import type { AuditRecord } from '../domain/audit.ts'

/** Several records under one hash, which also holds the hash of the seal before. */
export type Seal = {
  readonly number: number
  /** The numbers of the first and the last record. */
  readonly first: number
  readonly last: number
  readonly atMs: number
  readonly previous: string
  /** One after the other, each as long as `digestChars`. */
  readonly digests: string
  readonly hash: string
}

/** A SHA-256 in base64url. */
export const digestChars = 43
/** What the first seal follows from. */
export const beginning = '0'.repeat(64)

/** The digest of one record. Every field counts, its number as well. */
export const digestOf = (record: AuditRecord): string =>
  createHash('sha256').update(canonical(record)).digest('base64url')

/** A record as it is digested: the same text on every server. */
const canonical = ({ seq, atMs, actor, action, env, app, subject, detail }: AuditRecord): string =>
  JSON.stringify([seq, atMs, actor, action, env, app, subject, detail])

/** The hash of a seal, of all that stands in it. */
export const hashOf = ({ number, first, last, atMs, previous, digests }: Omit<Seal, 'hash'>) =>
  createHash('sha256')
    .update(['gimlet audit 1', number, first, last, atMs, previous, digests].join('\n'))
    .digest('hex')

/** The seal of records that follow those of another one; there must be some. */
export function sealOf(
  before: Pick<Seal, 'number' | 'last' | 'hash'> | undefined,
  records: readonly AuditRecord[],
  atMs: number,
): Seal {
  const first = (before?.last ?? 0) + 1
  const body = {
    number: (before?.number ?? 0) + 1,
    first,
    last: records.at(-1)?.seq ?? first,
    atMs,
    previous: before?.hash ?? beginning,
    digests: records.map(digestOf).join(''),
  }
  return { ...body, hash: hashOf(body) }
}
