/** Labels of pull requests, and what was asked of previews. */
export const previews: readonly string[] = [
  `alter table pulls add column labels text not null default '[]'`,
  `create index events_of_previews on events (env, app, seq) where about ->> 'on' = 'preview'`,
  `create index events_of_gone_branches on events (about ->> 'repository', about ->> 'branch')
     where about ->> 'on' = 'branchDeleted'`,
  // Nobody waits any more for what was asked in a pull request that is closed.
  `create trigger pull_closed after update of is_open on pulls
     when old.is_open = 1 and new.is_open = 0 begin
       update events set status = 'superseded',
         status_desc = 'pull request ' || new.number || ' was closed'
       where status = 'held'
         and exists (
           select 1 from messages m join repositories r on r.id = new.repository_id
           where m.subject_kind = 'request' and m.subject_id in (events.id, events.parent_id)
             and m.key like 'github reply %'
             and m.place = r.installation || ' ' || r.name || ' ' || new.number)
         and not exists (
           select 1 from commits c where c.event_id = events.id and c.state = 'intended'
             and c.decision_id = events.decision_id);
     end`,
  `create index artifacts_of_pulls on artifacts (created) where event = 'pr'`,
]
