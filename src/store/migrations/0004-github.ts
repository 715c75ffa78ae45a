/** Repositories and pull requests as GitHub told of them, and requests that wait for an artifact. */
export const github: readonly string[] = [
  // By GitHub's number: a name may be given to another repository.
  `create table repositories (
     id integer primary key,
     name text not null,
     installation integer not null,
     default_branch text not null
   ) strict`,
  'create index repositories_by_name on repositories (name)',
  `create table pulls (
     repository_id integer not null,
     number integer not null,
     head_sha text not null,
     head_branch text not null,
     base_branch text not null,
     is_fork integer not null check (is_fork in (0, 1)),
     is_open integer not null check (is_open in (0, 1)),
     updated integer not null,
     primary key (repository_id, number)
   ) strict, without rowid`,
  'create index pulls_open on pulls (repository_id) where is_open = 1',

  `create index events_awaiting on events (about ->> 'sha')
     where status = 'held' and artifact_id is null and about is not null`,
  `create trigger artifact_awaited after insert on artifacts begin
     update events set due_ms = 0
       where status = 'held' and artifact_id is null and about is not null
         and about ->> 'sha' = new.sha;
   end`,
]
