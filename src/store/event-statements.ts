import type { Decision } from '../domain/decision.ts'
import type { Environments } from '../domain/environments.ts'
import { type Closing, move, type NewEvent, type ReleaseEvent } from '../domain/event.ts'
import type { InStatement, Value } from './client.ts'
import { inEnvironments } from './in-environments.ts'

/** The statement that keeps a new event. */
export function insertEvent(event: NewEvent): { sql: string; args: Value[] } {
  const { id, parentId, kind, artifactId, env, app, toRef, reason, source, createdMs } = event
  const { actor, forced = false, about = null } = event
  return {
    sql: `insert into events (id, parent_id, kind, artifact_id, env, app, to_ref, reason, actor,
            source, due_ms, created_ms, forced, about)
          values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    args: [
      ...[id, parentId, kind, artifactId, env, app, toRef, reason],
      // Due at once, by whatever clock the server goes that carries it out: row F23.
      ...[JSON.stringify(actor), source, 0, createdMs, forced ? 1 : 0],
      about && JSON.stringify(about),
    ],
  }
}

/** The statement that keeps a decision, for ever. */
const insertDecision = (decision: Decision): InStatement => ({
  sql: 'insert into decisions (id, event_id, body) values (?, ?, ?)',
  args: [decision.id, decision.eventId, JSON.stringify(decision)],
})

/** The statements that move an event. The database, too, refuses to move one that is over. */
export function closeStatements(event: ReleaseEvent, closing: Closing): InStatement[] {
  const { decision, children = [] } = closing
  const status = move(event.status, closing.status)
  return [
    {
      sql: `update events set status = ?, status_desc = ?, attempts = 0,
              decision_id = coalesce(?, decision_id), due_ms = coalesce(?, due_ms),
              expires_ms = coalesce(expires_ms, ?), queues = ?
            where seq = ? and status in ('new', 'held')`,
      args: [
        ...[status, closing.statusDesc, decision?.id ?? null, closing.dueMs ?? null],
        ...[closing.expiresMs ?? null, closing.queues ? 1 : 0, event.seq],
      ],
    },
    ...(decision ? [insertDecision(decision)] : []),
    ...children.map(insertEvent),
    ...(status === 'held' || status === 'processed' ? [supersedeOlder(event)] : []),
  ]
}

/** A newer request for a target takes the place of one that is held there, if it still stands itself. */
const supersedeOlder = (event: ReleaseEvent): InStatement => ({
  sql: `update events set status = 'superseded', status_desc = ?
        where status in ('new', 'held') and status = 'held' and queues = 0
          and env is not null and env = ? and app is not null and app = ? and seq < ?
          and exists (select 1 from events newer where newer.seq = ?
            and newer.status in ('held', 'processed'))`,
  args: [`superseded by ${event.id}`, event.env, event.app, event.seq, event.seq],
})

/**
 * Nothing that broke is asked to wait for longer, in milliseconds: GitHub's limit is an hour. What is new
 * and due later was put back by a clock that stood ahead, and is due now.
 */
export const waitMsMax = 2 * 60 * 60_000

const isOpen = `status in ('new', 'held') and env is not null and app is not null`

/**
 * Finds what of each app is due at a moment in Unix milliseconds, at most so many, oldest first. The apps
 * come from the index one after the other: an app with very many events holds up no other. An
 * event that went by an older one that is held, and was perhaps pushed, comes first: the older may not
 * land on top of what nobody knows of yet. Nor does any go by one that is perhaps pushed itself: it would
 * take the place of what stands on the branch.
 */
export function dueTargeted(environments: Environments, nowMs: number, limit: number): Query {
  const here = inEnvironments(environments)
  const sql = `
  with recursive apps (app) as (
    select min(app) from events where ${isOpen}
    union all
    select (select min(app) from events where ${isOpen} and app > apps.app)
    from apps where apps.app is not null),
  first (seq) as (
    select (select seq from events e
      where ${isOpen} and e.app = apps.app and ${here.sql}
        and (due_ms <= ? or e.status = 'new' and due_ms > ?) and not exists (
        select 1 from events older
        where older.status in ('new', 'held') and older.env = e.env and older.app = e.app
          and older.seq < e.seq
          and (older.status = 'new' or older.queues = 1
            or ((older.due_ms <= ? or exists (
                select 1 from commits c where c.event_id = older.id and c.state = 'intended'
                  and c.decision_id = older.decision_id))
              and not exists (select 1 from commits where event_id = e.id))))
        and (e.status = 'new' or not exists (
          select 1 from events newer join commits on commits.event_id = newer.id
          where newer.status in ('new', 'held') and newer.env = e.env and newer.app = e.app
            and newer.seq > e.seq))
      order by seq limit 1)
    from apps where apps.app is not null)
  select seq, attempts from events where seq in (select seq from first) order by seq limit ?`
  return { sql, args: [...here.args, nowMs, nowMs + waitMsMax, nowMs, limit] }
}

type Query = { readonly sql: string; readonly args: readonly Value[] }
