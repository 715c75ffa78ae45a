import type { NewEvent } from '../domain/event.ts'
import type { Health } from '../domain/release.ts'
import type { InStatement } from './client.ts'
import { controlsChanged } from './controls.ts'

/** The health of a release, and the one that it was concluded from. */
export type HealthChange = {
  readonly id: string
  readonly known: Health | undefined
  readonly health: Health
}

/** No release has another health than the one that the changes, `?1`, were concluded from. */
const isAsKnown = `not exists (
  select 1 from json_each(?1) k join releases r on r.id = k.value ->> 0
  where coalesce(json(r.health), 'null') is not k.value -> 1)`

/**
 * The statements that keep changes with the events that ask the triggers about them: all of it, or
 * nothing when another report was kept in between. The second one says how many releases it changed.
 */
export function healthStatements(
  changes: readonly HealthChange[],
  events: readonly NewEvent[],
): InStatement[] {
  const rows = JSON.stringify(changes.map(({ id, known, health }) => [id, known ?? null, health]))
  const isOther = changes.some(({ known, health }) => known?.state !== health.state)
  return [
    {
      sql: `insert into events (id, kind, artifact_id, app, reason, actor, source, due_ms,
              created_ms, forced, about)
            select e.value ->> 'id', e.value ->> 'kind', e.value ->> 'artifactId', e.value ->> 'app',
              e.value ->> 'reason', e.value -> 'actor', e.value ->> 'source', 0,
              e.value ->> 'createdMs', 0, e.value -> 'about'
            from json_each(?2) e where ${isAsKnown}`,
      args: [rows, JSON.stringify(events)],
    },
    {
      sql: `update releases set health = j.value -> 2 from json_each(?1) j
            where releases.id = j.value ->> 0 and ${isAsKnown}`,
      args: [rows],
    },
    // A repeated report changes no fact that anything could wait for.
    ...(isOther ? controlsChanged : []),
  ]
}
