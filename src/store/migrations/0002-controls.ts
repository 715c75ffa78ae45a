/** Locks, blocks and approvals; events that are forced, that queue, and that tell what happened. */
export const controls: readonly string[] = [
  // One row: grows with every change below, so that a push can tell whether what it was decided on changed.
  'create table control_version (version integer not null) strict',
  'insert into control_version values (0)',
  `create table locks (
     id text primary key,
     kind text not null check (kind in ('freeze', 'rollback')),
     env text not null,
     app text,
     reason text not null,
     locked_by text not null,
     created integer not null,
     until integer,
     ended integer,
     ended_by text
   ) strict, without rowid`,
  'create index locks_by_env on locks (env) where ended is null',
  `create table blocks (
     artifact_id text primary key,
     reason text not null,
     blocked_by text not null,
     created integer not null
   ) strict, without rowid`,
  `create table approvals (
     event_id text not null,
     login text not null,
     created integer not null,
     primary key (event_id, login)
   ) strict, without rowid`,

  // Which times of which trigger were told: each is told once, however often the server looks.
  `create table schedule_runs (
     trigger text not null,
     due integer not null,
     primary key (trigger, due)
   ) strict, without rowid`,

  'alter table releases add column health text',

  // SQLite cannot change the check of a column, so the table is made anew.
  'alter table events rename to events_of_0001',
  `create table events (
     seq integer primary key,
     id text not null unique,
     parent_id text,
     kind text not null check (kind in ('artifact', 'released', 'branchDeleted',
       'health', 'schedule', 'release', 'rollback', 'delete')),
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
     created_ms integer not null,
     forced integer not null default 0 check (forced in (0, 1)),
     queues integer not null default 0 check (queues in (0, 1)),
     about text
   ) strict`,
  'insert into events select *, 0, 0, null from events_of_0001',
  'drop table events_of_0001',
  `create index events_open on events (seq) where status in ('new', 'held')`,
  `create index events_open_by_target on events (env, app, seq)
     where status in ('new', 'held') and env is not null and app is not null`,
  `create index events_set_aside on events (seq) where status = 'error'`,
  'create index events_by_parent on events (parent_id) where parent_id is not null',
]
