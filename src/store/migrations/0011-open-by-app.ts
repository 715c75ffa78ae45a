/** A batch takes one event of each app, and finds the apps one after the other; a rest ends with the next. */
export const openByApp: readonly string[] = [
  `create index events_open_by_app on events (app, seq)
     where status in ('new', 'held') and env is not null and app is not null`,
  `create index events_open_by_due on events (due_ms) where status in ('new', 'held')`,
]
