/** The first schema: artifacts, the events that are asked of them, decisions, commits and releases. */
export const start: readonly string[] = [
  `create table artifacts (
     seq integer primary key,
     id text not null unique,
     event_id text not null,
     repository text not null,
     branch text not null,
     source_branch text not null,
     event text not null check (event in ('push', 'tag', 'pr')),
     sha text not null,
     created integer not null,
     body text not null
   ) strict`,
  'create index artifacts_by_repository on artifacts (repository, seq)',
  // Commit ids are random, so an index kept at every insert costs a page each: it is kept in bulk.
  `create table artifact_shas (
     sha text not null,
     artifact_seq integer not null,
     primary key (sha, artifact_seq)
   ) strict, without rowid`,
  // One row: up to which artifact \`artifact_shas\` is complete.
  'create table artifact_shas_upto (seq integer not null) strict',
  'insert into artifact_shas_upto values (0)',

  `create table artifact_apps (
     app text not null,
     artifact_seq integer not null references artifacts (seq),
     primary key (app, artifact_seq)
   ) strict, without rowid`,

  `create table events (
     seq integer primary key,
     id text not null unique,
     parent_id text,
     kind text not null check (kind in ('artifact', 'release', 'rollback', 'delete')),
     status text not null default 'new'
       check (status in ('new', 'held', 'processed', 'denied', 'superseded', 'error')),
     status_desc text not null default '',
     artifact_id text,
     env text,
     app text,
     to_ref text,
     reason text not null default '',
     actor text not null,
     source text not null,
     attempts integer not null default 0,
     due_ms integer not null,
     expires_ms integer,
     decision_id text,
     created_ms integer not null
   ) strict`,
  // An arrival has no target: its insert touches the first of these only.
  `create index events_open on events (seq) where status in ('new', 'held')`,
  `create index events_open_by_target on events (env, app, seq)
     where status in ('new', 'held') and env is not null and app is not null`,
  `create index events_set_aside on events (seq) where status = 'error'`,
  'create index events_by_parent on events (parent_id) where parent_id is not null',

  `create table decisions (
     id text primary key,
     event_id text not null,
     body text not null
   ) strict, without rowid`,

  `create table commits (
     ref text primary key,
     event_id text not null,
     tip text not null,
     decision_id text not null,
     state text not null check (state in ('intended', 'landed'))
   ) strict, without rowid`,
  'create index commits_by_event on commits (event_id)',

  `create table releases (
     seq integer primary key,
     id text not null unique,
     env text not null,
     app text not null,
     artifact_id text not null,
     triggered_by text not null,
     version text not null,
     gitops_ref text not null,
     gitops_repo text not null,
     created integer not null,
     rolled_back integer not null default 0 check (rolled_back in (0, 1)),
     rollback_to text,
     decision_id text not null,
     policy_version text not null
   ) strict`,
  'create index releases_by_target on releases (env, app, seq)',

  `create table running (
     env text not null,
     app text not null,
     release_seq integer not null references releases (seq),
     primary key (env, app)
   ) strict, without rowid`,
  'create index running_by_app on running (app)',

  `create table bindings (
     app text primary key,
     repository text not null
   ) strict, without rowid`,

  `create table users (
     login text primary key,
     token_hash text not null unique,
     roles text not null,
     repositories text not null,
     created integer not null
   ) strict, without rowid`,
]
