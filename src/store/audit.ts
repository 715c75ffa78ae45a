import type { AuditHead, AuditNote, AuditQuery, AuditRecord } from '../domain/audit.ts'
import { type Seal, sealOf } from './audit-chain.ts'
import type { Database, InStatement, Value, WriteResult } from './client.ts'

/** So many records are under one seal at most: to digest them takes some 5 ms. */
const recordsOfSealMax = 1_000

/**
 * The record of every change of state. Triggers write it with the change; here it is read, and sealed
 * into a chain.
 */
export class AuditStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Records what no row of the database is. */
  async note({ actor, action, subject, detail }: AuditNote): Promise<void> {
    await this.#database.write([
      {
        sql: `insert into audit (at_ms, actor, action, subject, detail)
              values (cast(unixepoch('subsec') * 1000 as integer), ?, ?, ?, ?)`,
        args: [actor, action, subject, detail],
      },
    ])
  }

  /** Newest first. */
  async list(query: AuditQuery): Promise<AuditRecord[]> {
    const { where, args } = conditions(query)
    const [row] = await this.#database.read(
      `select json_group_array(${packedRecord}) as packed from (
         select * from audit ${where} order by seq desc limit ? offset ?)`,
      [...args, query.limit, query.offset],
    )
    return unpack(row?.packed)
  }

  /**
   * Seals everything that was recorded before, and answers where the chain stands; nothing when there is
   * no record. Only the server that leads seals, but more than one would make one chain as well.
   */
  async seal(): Promise<AuditHead | null> {
    let { upto, before, records } = await this.#unsealed()
    for (const end = upto; (before?.last ?? 0) < end && records.length > 0; ) {
      before = await this.#keep(sealOf(before, records, Date.now()))
      if ((before?.last ?? 0) < end) ({ upto, before, records } = await this.#unsealed())
    }
    return before ? { seq: before.last, hash: before.hash } : null
  }

  /** The last record, the newest seal, and the records that come next. */
  async #unsealed() {
    const [row] = await this.#database.read(
      `select (select coalesce(max(seq), 0) from audit) as upto, (${newestSeal}) as before,
         (select json_group_array(${packedRecord}) from (
           select * from audit where seq > coalesce(
             (select last from audit_seals order by number desc limit 1), 0)
           order by seq limit ${recordsOfSealMax})) as packed`,
    )
    const before = sealIn(row?.before)
    return { upto: Number(row?.upto), before, records: unpack(row?.packed) }
  }

  /** Answers the newest seal: another server may have sealed meanwhile, then this one comes to nothing. */
  async #keep(seal: Seal): Promise<Sealed | undefined> {
    const { number, first, last, atMs, previous, digests, hash } = seal
    const [, newest] = await this.#database.write(
      [
        {
          sql: `insert into audit_seals (number, first, last, at_ms, previous, digests, hash)
                select ?1, ?2, ?3, ?4, ?5, ?6, ?7
                where ?1 = (select coalesce(max(number), 0) + 1 from audit_seals)`,
          args: [number, first, last, atMs, previous, digests, hash],
        },
        `select (${newestSeal}) as newest`,
      ],
      { isRepeatable: true },
    )
    return sealIn(newest?.rows[0]?.newest)
  }
}

/** What the next seal needs of the one before. */
type Sealed = Pick<Seal, 'number' | 'last' | 'hash'>

const newestSeal =
  'select json_array(number, last, hash) from audit_seals order by number desc limit 1'

function sealIn(packed: unknown): Sealed | undefined {
  if (typeof packed !== 'string') return undefined
  const [number, last, hash] = JSON.parse(packed) as [number, number, string]
  return { number, last, hash }
}

/** A record as JSON: the driver spends far more on a row than on what stands in it. */
export const packedRecord = 'json_array(seq, at_ms, actor, action, env, app, subject, detail)'

type Packed = [
  ...[number, number, string, string],
  ...[string | null, string | null, string, string],
]

/** The records of a text that `packedRecord` made. */
export const unpack = (packed: unknown): AuditRecord[] =>
  (JSON.parse(String(packed ?? '[]')) as Packed[]).map(
    ([seq, atMs, actor, action, env, app, subject, detail]) => ({
      ...{ seq, atMs, actor, action, env, app, subject, detail },
    }),
  )

function conditions({ sinceUnix, untilUnix, actor, app }: AuditQuery) {
  const parts: string[] = []
  const args: Value[] = []
  const add = (sql: string, value: Value | undefined) => {
    if (value === undefined) return
    parts.push(sql)
    args.push(value)
  }
  add('actor = ?', actor)
  add('app = ?', app)
  add('at_ms >= ?', sinceUnix === undefined ? undefined : sinceUnix * 1000)
  add('at_ms < ?', untilUnix === undefined ? undefined : untilUnix * 1000 + 1000)
  return { where: parts.length > 0 ? `where ${parts.join(' and ')}` : '', args }
}

/** The same database, whose writes are someone's: what the triggers record of them names that one. */
export const actingAs = (database: Database, login: string): Database => ({
  read: (sql, args) => database.read(sql, args),
  async write(statements, how) {
    const [named, done] = [{ sql: 'insert into audit_actor values (?)', args: [login] }, forget]
    return (await database.write([named, ...statements, done], how)).slice(1, -1)
  },
  close: () => database.close(),
})

const forget = 'delete from audit_actor'

/** Writes as someone. Without a login it is the server that changes something of itself. */
export const writeAs = (
  database: Database,
  login: string | undefined,
  statements: readonly InStatement[],
): Promise<readonly WriteResult[]> =>
  (login === undefined ? database : actingAs(database, login)).write(statements)
