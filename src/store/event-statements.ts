import type { Decision } from '../domain/decision.ts'
import { type Closing, move, type NewEvent, type ReleaseEvent } from '../domain/event.ts'
import type { InStatement, Value } from './client.ts'

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
