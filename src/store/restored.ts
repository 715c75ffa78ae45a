import type { CarriedOut, OpenRequest, RestoredEnd } from '../domain/restored.ts'
import type { Database, InStatement } from './client.ts'
import { controlsChanged } from './controls.ts'
import { readable } from './event-row.ts'

/** Where GitHub's deliveries were looked at; a comment of before the restore is not carried out again. */
const looks = `'github deliveries'`
/** The releases that the backup knew, while a restore goes on. */
const known = 'restore_known_releases'

/** What was opened again: the database of a backup while it is brought up to the present. */
export class RestoredStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The requests that were not over. */
  async open(): Promise<OpenRequest[]> {
    const rows = await this.#database.read(
      `select * from events where status in ('new', 'held') order by seq`,
    )
    return rows.flatMap((row) => {
      const event = readable(row)
      if (!event) return []
      const { id, kind, env, app, artifactId, actor, status } = event
      return [{ id, kind, env, app, artifactId, login: actor.login, status }]
    })
  }

  /** Ends requests, and remembers which releases the backup knew. */
  async begin(ends: readonly RestoredEnd[]): Promise<void> {
    await this.#database.write([
      `drop table if exists ${known}`,
      `create table ${known} (id text primary key) strict, without rowid`,
      `insert into ${known} select id from releases`,
      end(ends),
    ])
  }

  /** What the index says by now of requests that were open. */
  async carriedOut(open: readonly OpenRequest[]): Promise<ReadonlyMap<string, CarriedOut>> {
    const ids = JSON.stringify(open.map(({ id }) => id))
    const released = await this.#database.read(
      `select id, gitops_ref as ref, artifact_id from releases
       where id in (select value from json_each(?))`,
      [ids],
    )
    // A delete leaves no file behind that names it: that its app was taken away since is what it asked.
    const deleted = await this.#database.read(
      `select e.id, max(r.ref) as ref, null as artifact_id from events e
       join removals r on r.env = e.env and r.app = e.app and r.created >= e.created_ms / 1000
       where e.kind = 'delete' and e.id in (select value from json_each(?)) group by e.id`,
      [ids],
    )
    return new Map(
      [...released, ...deleted].map(({ id, ref, artifact_id: artifact }) => [
        String(id),
        { ref: String(ref), artifactId: artifact === null ? null : String(artifact) },
      ]),
    )
  }

  /** How many releases there are that the backup did not know. */
  async newReleases(): Promise<number> {
    const [row] = await this.#database.read(
      `select count(*) as n from releases where id not in (select id from ${known})`,
    )
    return Number(row?.n)
  }

  /** How much the surfaces had sent that was not carried out, and had not been told. */
  async waiting(): Promise<{ readonly deliveries: number; readonly messages: number }> {
    const [row] = await this.#database.read(
      `select (select count(*) from deliveries where is_done = 0) as deliveries,
              (select count(*) from messages where changed > sent and ts is null) as messages`,
    )
    return { deliveries: Number(row?.deliveries), messages: Number(row?.messages) }
  }

  /** Makes it a database that a server may start on at this moment, in Unix milliseconds. */
  async finish(ends: readonly RestoredEnd[], nowMs: number): Promise<void> {
    const over = JSON.stringify(ends.map(({ id }) => id))
    await this.#database.write([
      end(ends),
      landed(ends),
      ...nothingTwice(nowMs),
      ...tell(ends),
      // Nothing automatic may undo what a person went back to: its lock is not in git.
      {
        sql: `insert or ignore into locks
                (id, kind, env, app, reason, locked_by, created, until, ended, ended_by)
              select 'l-' || r.id, 'rollback', r.env, r.app, 'rolled back by ' || r.id,
                r.triggered_by, ?, null, null, null
              from running c join releases r on r.seq = c.release_seq
              where r.rollback_to is not null and not exists (
                  select 1 from locks l where l.kind = 'rollback' and l.ended is null
                    and l.env = r.env and l.app = r.app)
                and (r.id not in (select id from ${known}) or r.id in (select value from json_each(?)))`,
        args: [Math.floor(nowMs / 1000), over],
      },
      ...controlsChanged,
      `drop table ${known}`,
      `delete from known where name = 'backup'`,
    ])
  }
}

const end = (ends: readonly RestoredEnd[]): InStatement => ({
  sql: `update events set status = j.value ->> 1, status_desc = j.value ->> 2, queues = 0, attempts = 0
        from json_each(?) j where events.id = j.value ->> 0`,
  args: [JSON.stringify(ends.map(({ id, end: status, why }) => [id, status, why]))],
})

/** A commit that was meant to be pushed, and was. */
const landed = (ends: readonly RestoredEnd[]): InStatement => ({
  sql: `update commits set state = 'landed' where event_id in (select value from json_each(?))
          and ref in (select gitops_ref from releases union select ref from removals)`,
  args: [JSON.stringify(ends.flatMap(({ id, end: how }) => (how === 'processed' ? [id] : [])))],
})

/** What may have been done since the backup is done by nobody again. */
const nothingTwice = (nowMs: number): InStatement[] => [
  'update deliveries set is_done = 1 where is_done = 0',
  // GitHub’s are looked for before they are sent; Slack’s cannot be, and an edit does no harm.
  `update messages set problem = 'on its way'
     where surface = 'github' and changed > sent and ts is null`,
  `update messages set sent = changed, problem = null
     where surface <> 'github' and changed > sent and ts is null`,
  {
    sql: `update known set value = ? where name = ${looks}`,
    args: [JSON.stringify({ uptoMs: nowMs, rest: null })],
  },
  // A schedule begins anew: times before now were told, or were missed.
  { sql: 'update or ignore schedule_runs set due = ?', args: [nowMs] },
  { sql: 'delete from schedule_runs where due < ?', args: [nowMs] },
  // Nobody leads, and nobody from before can go on.
  `update leases set holder = null, place = '', fence = fence + 1, beat = beat + 1`,
]

/** Those who watch a request see how it ended: by a new word where nothing was done, else in place. */
function tell(ends: readonly RestoredEnd[]): InStatement[] {
  const idsOf = (how: RestoredEnd['end']) =>
    JSON.stringify(ends.flatMap(({ id, end: is, env }) => (is === how && env !== null ? [id] : [])))
  const undone = [idsOf('superseded')]
  return [
    'update readers set seq = coalesce((select max(seq) from changes), seq)',
    {
      sql: `delete from changes where kind = 'request' and id in (select value from json_each(?))`,
      args: undone,
    },
    {
      sql: `insert into changes (kind, id) select 'request', value from json_each(?)`,
      args: undone,
    },
    {
      sql: `update messages set changed = changed + 1
            where kind = 'live' and ts is not null and subject_kind = 'request'
              and subject_id in (select value from json_each(?))`,
      args: [idsOf('processed')],
    },
  ]
}
