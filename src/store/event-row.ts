import type { Actor } from '../domain/actor.ts'
import type { About, EventStatus, ReleaseEvent } from '../domain/event.ts'
import type { ResultSet } from './client.ts'

/** An event, or nothing when its row cannot be read. */
export function readable(row: ResultSet['rows'][number]): ReleaseEvent | undefined {
  try {
    return eventOf(row)
  } catch {
    return undefined
  }
}

/** An event as its row has it. Throws for one that cannot be read. */
export function eventOf(row: ResultSet['rows'][number]): ReleaseEvent {
  const text = (name: string) => (row[name] === null ? null : String(row[name]))
  const number = (name: string) => (row[name] === null ? null : Number(row[name]))
  return {
    seq: Number(row.seq),
    id: String(row.id),
    parentId: text('parent_id'),
    kind: String(row.kind) as ReleaseEvent['kind'],
    status: String(row.status) as EventStatus,
    statusDesc: String(row.status_desc),
    artifactId: text('artifact_id'),
    env: text('env'),
    app: text('app'),
    toRef: text('to_ref'),
    reason: String(row.reason),
    actor: JSON.parse(String(row.actor)) as Actor,
    source: String(row.source) as ReleaseEvent['source'],
    attempts: Number(row.attempts),
    createdMs: Number(row.created_ms),
    dueMs: Number(row.due_ms),
    expiresMs: number('expires_ms'),
    decisionId: text('decision_id'),
    forced: row.forced === 1,
    about: row.about === null ? null : (JSON.parse(String(row.about)) as About),
  }
}
