import type { DecisionQuery } from '../domain/command.ts'
import type { Decision } from '../domain/decision.ts'
import { type Environments, everyEnvironment } from '../domain/environments.ts'
import {
  type Closing,
  type EventCommit,
  move,
  type NewEvent,
  type ReleaseEvent,
} from '../domain/event.ts'
import type { Database, ResultSet } from './client.ts'
import { eventOf, readable } from './event-row.ts'
import { closeStatements, dueTargeted, insertEvent, waitMsMax } from './event-statements.ts'
import { firstIdAt } from './ids.ts'
import { inEnvironments } from './in-environments.ts'

/** How many waiting requests are shown at once. */
const heldMax = 100

/** The events: they are the queue. One row, one effect. */
export class EventStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Keeps an event durably; only then may it be answered. One that is there already stays as it is: what
   * was asked once and delivered twice is one request.
   */
  async add(event: NewEvent): Promise<void> {
    const { sql, args } = insertEvent(event)
    await this.#database.write([{ sql: `${sql} on conflict (id) do nothing`, args }])
  }

  /**
   * Takes the oldest events without a target, at most `limit`, up to the first that is not due or
   * was taken before: none may overtake another, since what they ask for goes out in their order.
   * The attempt is counted first: an event that ends the process is known by its count when the
   * process is back, and is then taken alone.
   */
  async claimWide(nowMs: number, limit: number): Promise<ReleaseEvent[]> {
    const rows = await this.#database.read(
      `select seq, attempts, due_ms, status from events
       where status in ('new', 'held') and (env is null or app is null) order by seq limit ?`,
      [limit],
    )
    const [oldest] = rows
    if (!oldest || !isDue(oldest, nowMs)) return []
    const bound = rows.findIndex((row) => row.attempts !== 0 || !isDue(row, nowMs))
    const taken = bound === -1 ? rows : rows.slice(0, Math.max(bound, 1))
    return this.#take(taken.map((row) => Number(row.seq)))
  }

  /**
   * Takes events of some environments that are due, at most `limit`, oldest first: of each app the oldest
   * one that has none of its target before it. What was taken before and came to no end is taken alone,
   * so that what ends the process cannot take others with it. The attempt is counted first.
   */
  async claimTargeted(
    nowMs: number,
    limit: number,
    environments: Environments = everyEnvironment,
  ): Promise<ReleaseEvent[]> {
    const { sql, args } = dueTargeted(environments, nowMs, limit)
    const rows = await this.#database.read(sql, args)
    const [oldest] = rows
    if (!oldest) return []
    const bound = rows.findIndex(({ attempts }) => attempts !== 0)
    const taken = bound === -1 ? rows : rows.slice(0, Math.max(bound, 1))
    return this.#take(taken.map((row) => Number(row.seq)))
  }

  /** Only this process claims, so nothing can come between the look and the take. */
  async #take(seqs: readonly number[]): Promise<ReleaseEvent[]> {
    const args = [JSON.stringify(seqs)]
    const which = 'seq in (select value from json_each(?))'
    const [, taken] = await this.#database.write([
      { sql: `update events set attempts = attempts + 1 where ${which}`, args },
      { sql: `select * from events where ${which}`, args },
    ])
    const rows = taken?.rows ?? []
    const events = rows.flatMap((row) => readable(row) ?? [])
    if (events.length < rows.length) await this.#setAside(rows.filter((row) => !readable(row)))
    return events.sort((a, b) => a.seq - b.seq)
  }

  /** A row that cannot be read must not stop the queue: fault F37. */
  async #setAside(rows: ResultSet['rows']): Promise<void> {
    await this.#database.write([
      {
        sql: `update events set status = 'error', status_desc = 'its row cannot be read'
              where seq in (select value from json_each(?))`,
        args: [JSON.stringify(rows.map((row) => row.seq))],
      },
    ])
  }

  /** Unix milliseconds at which the next event without a target is due, or nothing. */
  async nextWideMs(): Promise<number | undefined> {
    const [row] = await this.#database.read(
      `select due_ms from events
       where status in ('new', 'held') and (env is null or app is null) order by due_ms limit 1`,
    )
    return row && Number(row.due_ms)
  }

  /** The same of the events of some environments that wait for no other. */
  async nextTargetedMs(environments: Environments = everyEnvironment): Promise<number | undefined> {
    const here = inEnvironments(environments)
    // In the order of the index: the first that waits for no other ends the search.
    const [row] = await this.#database.read(
      `select due_ms from events e
       where status in ('new', 'held') and env is not null and app is not null and ${here.sql}
         and not exists (
           select 1 from events older
           where older.status = 'held' and older.queues = 1 and older.env = e.env
             and older.app = e.app and older.seq < e.seq)
       order by due_ms limit 1`,
      here.args,
    )
    return row && Number(row.due_ms)
  }

  /** Keeps which artifact a request has come to be about, and lets it wait anew for anything else. */
  async bind(event: ReleaseEvent, artifactId: string): Promise<void> {
    await this.#database.write([
      {
        sql: `update events set artifact_id = ?, expires_ms = null
              where seq = ? and artifact_id is null and status in ('new', 'held')`,
        args: [artifactId, event.seq],
      },
    ])
  }

  /** Ends an event or holds it, with its decision and the events that it asks for. */
  async close(event: ReleaseEvent, closing: Closing): Promise<void> {
    await this.#database.write(closeStatements(event, closing))
  }

  /** Ends many events in one transaction, in two statements however many they are. */
  async closeAll(all: readonly (readonly [ReleaseEvent, Closing])[]): Promise<void> {
    const ends = all.map(([event, { status, statusDesc, decision }]) => [
      ...[event.seq, move(event.status, status), statusDesc, decision?.id ?? null],
      ...[event.id, decision ? JSON.stringify(decision) : null],
    ])
    const json = JSON.stringify(ends)
    await this.#database.write([
      {
        sql: `update events set status = j.value ->> 1, status_desc = j.value ->> 2,
                decision_id = j.value ->> 3, attempts = 0
              from json_each(?) j where seq = j.value ->> 0 and status in ('new', 'held')`,
        args: [json],
      },
      {
        sql: `insert into decisions (id, event_id, body)
              select j.value ->> 3, j.value ->> 4, j.value ->> 5
              from json_each(?) j where j.value ->> 5 is not null`,
        args: [json],
      },
      ...all.flatMap(([, { children = [] }]) => children.map(insertEvent)),
    ])
  }

  /** Lets nothing wait any longer that is to be tried again later than at this moment. */
  async tryAgainNow(nowMs: number): Promise<void> {
    const sql = `update events set due_ms = 0 where status = 'new' and due_ms > ?`
    await this.#database.write([{ sql, args: [nowMs] }])
  }

  /** Puts an event back, to be taken again at `dueMs`. A wait for the world outside is no attempt. */
  async postpone(
    event: ReleaseEvent,
    { statusDesc, dueMs, forgive }: { statusDesc: string; dueMs: number; forgive: boolean },
  ): Promise<void> {
    await this.#database.write([
      {
        sql: `update events set status_desc = ?, due_ms = ?, attempts = attempts - ?
              where seq = ? and status in ('new', 'held')`,
        args: [statusDesc, dueMs, forgive ? 1 : 0, event.seq],
      },
    ])
  }

  async find(id: string): Promise<ReleaseEvent | undefined> {
    const [row] = await this.#database.read('select * from events where id = ?', [id])
    return row && eventOf(row)
  }

  /** The event that an artifact's arrival was. */
  async ofArtifact(artifactId: string): Promise<ReleaseEvent | undefined> {
    const [row] = await this.#database.read(
      'select e.* from artifacts a join events e on e.id = a.event_id where a.id = ?',
      [artifactId],
    )
    return row && eventOf(row)
  }

  /** The requests that wait for something, oldest first. */
  async held(): Promise<ReleaseEvent[]> {
    const rows = await this.#database.read(
      `select * from events
       where status in ('new', 'held') and status = 'held' and env is not null and app is not null
       order by seq limit ?`,
      [heldMax],
    )
    return rows.map(eventOf)
  }

  async children(parentId: string): Promise<ReleaseEvent[]> {
    const rows = await this.#database.read(
      'select * from events where parent_id = ? order by seq',
      [parentId],
    )
    return rows.map(eventOf)
  }

  commits(eventId: string): Promise<EventCommit[]> {
    return this.commitsOf([eventId])
  }

  async commitsOf(
    eventIds: readonly string[],
  ): Promise<(EventCommit & { readonly eventId: string })[]> {
    const rows = await this.#database.read(
      'select * from commits where event_id in (select value from json_each(?))',
      [JSON.stringify(eventIds)],
    )
    return rows.map((row) => ({
      eventId: String(row.event_id),
      ref: String(row.ref),
      tip: String(row.tip),
      decisionId: String(row.decision_id),
      state: row.state === 'landed' ? 'landed' : 'intended',
    }))
  }

  async decision(id: string): Promise<Decision | undefined> {
    const [row] = await this.#database.read('select body from decisions where id = ?', [id])
    return row && (JSON.parse(String(row.body)) as Decision)
  }

  /** Decisions about an app in an environment since a moment, oldest first. */
  async decisions({ sinceUnix, limit, offset }: DecisionQuery): Promise<Decision[]> {
    const rows = await this.#database.read(
      `select body from decisions where id >= ? and body ->> 'app' is not null
       order by id limit ? offset ?`,
      [firstIdAt('decision', sinceUnix * 1000), limit, offset],
    )
    return rows.map((row) => JSON.parse(String(row.body)) as Decision)
  }

  /**
   * How long the oldest event waits that nothing holds, in milliseconds: neither a policy nor an older
   * one of its target that is held. The first in their order is the oldest, so the index ends the search.
   */
  async oldestNewMs(nowMs: number): Promise<number> {
    const [row] = await this.#database.read(
      `select created_ms from events e
       where status in ('new', 'held') and status = 'new' and not exists (
         select 1 from events older
         where older.status in ('new', 'held') and older.status = 'held' and older.queues = 1
           and older.env = e.env and older.app = e.app and older.seq < e.seq)
       order by seq limit 1`,
    )
    return row ? Math.max(0, nowMs - Number(row.created_ms)) : 0
  }

  /** How many events are not over, and how many were set aside, for the metrics. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.read(
      `select status, count(*) as n from events where status in ('new', 'held') group by status
       union all select 'error', count(*) from events where status = 'error'`,
    )
    return new Map(rows.map((row) => [String(row.status), Number(row.n)]))
  }
}

const isDue = ({ due_ms, status }: ResultSet['rows'][number], nowMs: number): boolean =>
  Number(due_ms) <= nowMs || (status === 'new' && Number(due_ms) > nowMs + waitMsMax)
