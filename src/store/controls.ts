import { type Approval, type Block, type Controls, type Lock, locksOn } from '../domain/control.ts'
import { writeAs } from './audit.ts'
import type { Database, InStatement, ResultSet } from './client.ts'

/** Says that something changed that requests were decided on, and lets those look again that wait. */
export const controlsChanged: readonly InStatement[] = [
  { sql: 'update control_version set version = version + 1', args: [] },
  // Twice, so that the index of what is open serves: it knows its own words only.
  {
    sql: `update events set due_ms = 0 where status in ('new', 'held') and status = 'held'`,
    args: [],
  },
]

/** The statement that keeps a lock, unless one of its kind stands on the place already. */
export const insertLock = (lock: Lock): InStatement => ({
  sql: `insert into locks (id, kind, env, app, reason, locked_by, created, until)
        select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
        where not exists (select 1 from locks where ended is null and (until is null or until > ?7)
          and kind = ?2 and env = ?3 and app is ?4)`,
  args: [
    ...[lock.id, lock.kind, lock.env, lock.app, lock.reason, lock.by],
    ...[lock.createdUnix, lock.untilUnix],
  ],
})

type Place = { readonly env: string; readonly app: string }
type Subject = Place & { readonly artifactId: string | null; readonly eventId: string }

/** Locks, blocks and approvals. */
export class ControlStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Lets everything look again that waits. */
  async lookAgain(): Promise<void> {
    await this.#database.write(controlsChanged)
  }

  /** Grows with every change of what requests are decided on. */
  async version(): Promise<number> {
    const [row] = await this.#database.read('select version from control_version')
    return Number(row?.version)
  }

  /** What concerns a request. */
  async of(subject: Subject, nowUnix: number): Promise<Controls> {
    const [controls] = await this.ofAll([subject], nowUnix)
    return controls ?? { locks: [], block: null, approvedBy: [] }
  }

  /** What concerns each of these requests, in their order. */
  async ofAll(subjects: readonly Subject[], nowUnix: number): Promise<Controls[]> {
    const [rows, locks] = await Promise.all([
      this.#database.read(
        `select
           (select json_array(reason, blocked_by, created) from blocks
            where artifact_id = j.value ->> 0) as block,
           (select json_group_array(login) from (select login from approvals
            where event_id = j.value ->> 1 order by created, login)) as approved_by
         from json_each(?) j order by j.key`,
        [JSON.stringify(subjects.map(({ artifactId, eventId }) => [artifactId, eventId]))],
      ),
      this.locks(nowUnix),
    ])
    return subjects.map(({ env, app, artifactId }, at) => ({
      locks: locksOn(locks, { env, app, nowUnix }),
      block: rows[at]?.block == null ? null : blockOf(artifactId ?? '', String(rows[at].block)),
      approvedBy: JSON.parse(String(rows[at]?.approved_by ?? '[]')) as string[],
    }))
  }

  /** The locks that are in force. */
  async locks(nowUnix: number): Promise<Lock[]> {
    const rows = await this.#database.read(
      'select * from locks where ended is null and (until is null or until > ?) order by env, app, id',
      [nowUnix],
    )
    return rows.map(lockOf)
  }

  /** A lock, in force or not, and who ended it. */
  async lockById(id: string): Promise<{ lock: Lock; endedBy: string | null } | undefined> {
    const [row] = await this.#database.read('select * from locks where id = ?', [id])
    const endedBy = row?.ended_by === null || row === undefined ? null : String(row.ended_by)
    return row && { lock: lockOf(row), endedBy }
  }

  /** Keeps a lock; answers false when the place is locked already. */
  async lock(lock: Lock): Promise<boolean> {
    const [added] = await this.#database.write([insertLock(lock), ...controlsChanged])
    return added?.rowsAffected === 1
  }

  /** Ends locks, and answers how many were in force. */
  async unlock(ids: readonly string[], by: { login: string; unix: number }): Promise<number> {
    const [ended] = await this.#database.write([
      {
        sql: `update locks set ended = ?, ended_by = ?
              where ended is null and id in (select value from json_each(?))`,
        args: [by.unix, by.login, JSON.stringify(ids)],
      },
      ...controlsChanged,
    ])
    return ended?.rowsAffected ?? 0
  }

  async block(artifactId: string): Promise<Block | undefined> {
    const [row] = await this.#database.read('select * from blocks where artifact_id = ?', [
      artifactId,
    ])
    return (
      row && {
        artifactId,
        reason: String(row.reason),
        by: String(row.blocked_by),
        createdUnix: Number(row.created),
      }
    )
  }

  /** Blocks an artifact; answers false when it is blocked already. */
  async addBlock({ artifactId, reason, by, createdUnix }: Block): Promise<boolean> {
    const [added] = await this.#database.write([
      {
        sql: 'insert into blocks values (?, ?, ?, ?) on conflict do nothing',
        args: [artifactId, reason, by, createdUnix],
      },
      ...controlsChanged,
    ])
    return added?.rowsAffected === 1
  }

  /** Lets an artifact be released again; answers false when it was not blocked. */
  async removeBlock(artifactId: string, by?: string): Promise<boolean> {
    const [removed] = await writeAs(this.#database, by, [
      { sql: 'delete from blocks where artifact_id = ?', args: [artifactId] },
      ...controlsChanged,
    ])
    return removed?.rowsAffected === 1
  }

  /** Keeps someone's approval of a request; a second one of the same person changes nothing. */
  async approve({ eventId, login, createdUnix }: Approval): Promise<void> {
    await this.#database.write([
      {
        sql: 'insert into approvals values (?, ?, ?) on conflict do nothing',
        args: [eventId, login, createdUnix],
      },
      ...controlsChanged,
    ])
  }

  async approvals(eventId: string): Promise<Approval[]> {
    const rows = await this.#database.read(
      'select login, created from approvals where event_id = ? order by created, login',
      [eventId],
    )
    return rows.map((row) => ({
      eventId,
      login: String(row.login),
      createdUnix: Number(row.created),
    }))
  }

  /**
   * Ends a request with a no. Answers false when it is over, or its commit is on its way: when what
   * was decided last is to push it. A commit of an older decision has lost its race.
   */
  async reject(eventId: string, statusDesc: string, by?: string): Promise<boolean> {
    const [ended] = await writeAs(this.#database, by, [
      {
        sql: `update events set status = 'denied', status_desc = ?
              where id = ? and status in ('new', 'held') and not exists (
                select 1 from commits c where c.event_id = events.id and c.state = 'intended'
                  and c.decision_id = events.decision_id)`,
        args: [statusDesc, eventId],
      },
      ...controlsChanged,
    ])
    return ended?.rowsAffected === 1
  }
}

function blockOf(artifactId: string, packed: string): Block {
  const [reason, by, createdUnix] = JSON.parse(packed) as [string, string, number]
  return { artifactId, reason, by, createdUnix }
}

const lockOf = (row: ResultSet['rows'][number]): Lock => ({
  id: String(row.id),
  kind: row.kind === 'rollback' ? 'rollback' : 'freeze',
  env: String(row.env),
  app: row.app === null ? null : String(row.app),
  reason: String(row.reason),
  by: String(row.locked_by),
  createdUnix: Number(row.created),
  untilUnix: row.until === null ? null : Number(row.until),
})
