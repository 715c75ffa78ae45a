import type { AuditRecord } from '../domain/audit.ts'
import { packedRecord, unpack } from './audit.ts'
import type { Seal } from './audit-chain.ts'
import type { Database } from './client.ts'

/**
 * Reads the record as it lies there, damaged or not: bytes that are no text end the process in the
 * driver, so everything comes as hexadecimal.
 */
type Reader = Pick<Database, 'read'>

/** A record, or the bytes that are none any more. */
export type Read =
  | { readonly record: AuditRecord }
  | { readonly record: undefined; readonly hex: string }

/** The records from one number to another that are there, by their number. */
export async function readRecords(
  database: Reader,
  { first, last }: Pick<Seal, 'first' | 'last'>,
): Promise<ReadonlyMap<number, Read>> {
  const [row] = await database.read(
    `select json_group_array(json_array(seq, hex(${packedRecord}))) as packed
     from (select * from audit where seq between ? and ? order by seq)`,
    [first, last],
  )
  const rows = JSON.parse(String(row?.packed)) as [number, string][]
  return new Map(rows.map(([seq, hex]) => [seq, readOf(hex)]))
}

/** The next seals behind one, at most so many. */
export async function readSeals(
  database: Reader,
  { after, limit }: { after: number | undefined; limit: number },
): Promise<Seal[]> {
  const rows = await database.read(
    `select ${asTexts}, hex(previous) as previous, hex(digests) as digests,
       hex(hash) as hash
     from audit_seals where ${after === undefined ? '?1 = 0' : 'audit_seals.number > ?1'}
     order by audit_seals.number limit ?2`,
    [after ?? 0, limit],
  )
  // A seal is of plain letters: what is none of them shows.
  const text = (value: unknown) => Buffer.from(String(value), 'hex').toString('latin1')
  return rows.map((row) => ({
    ...{ number: Number(row.number), first: Number(row.first), last: Number(row.last) },
    ...{ atMs: Number(row.at_ms), previous: text(row.previous) },
    ...{ digests: text(row.digests), hash: text(row.hash) },
  }))
}

/** A damaged number may be larger than the driver takes. */
const asTexts = ['number', 'first', 'last', 'at_ms']
  .map((name) => `cast(${name} as text) as ${name}`)
  .join(', ')

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readOf(hex: string): Read {
  try {
    const [record] = unpack(`[${strict.decode(Buffer.from(hex, 'hex'))}]`)
    return record ? { record } : { record: undefined, hex }
  } catch {
    return { record: undefined, hex }
  }
}
