/** Moves a request to the end of the feed of changes, as migration 3 does. */
const changed = (id: string) =>
  `delete from changes where kind = 'request' and id = ${id};
   insert into changes (kind, id) values ('request', ${id});`

/** What GitHub's own surfaces have to hear of: deployments, and a comment on each pull request. */
export const githubSurfaces: readonly string[] = [
  // What was deleted runs no more: its deployment is over.
  `create trigger request_deleted after delete on running
     when exists (select 1 from releases where seq = old.release_seq) begin
       ${changed('(select id from releases where seq = old.release_seq)')}
     end`,
  // An artifact is news where its commit is the head of a pull request.
  'create index pulls_by_head on pulls (head_sha) where is_open = 1',
  `create trigger artifact_of_pull after insert on artifacts
     when exists (select 1 from pulls where head_sha = new.sha and is_open = 1) begin
       ${changed('new.event_id')}
     end`,
  // However it is found out that a pull request was closed or has another head: its comment says so.
  `create trigger pull_changed after update of head_sha, is_open on pulls
     when new.head_sha <> old.head_sha or new.is_open <> old.is_open begin
       update messages set changed = changed + 1, due_ms = case when changed > sent then due_ms else 0 end
         where key = 'github sticky ' || new.repository_id || ' ' || new.number;
     end`,
]
