/** What stands in a release, wherever its row lies. */
const releaseColumns = `
     id text not null,
     env text not null,
     app text not null,
     artifact_id text not null,
     triggered_by text not null,
     version text not null,
     gitops_ref text not null,
     created integer not null,
     rolled_back integer not null default 0 check (rolled_back in (0, 1)),
     rollback_to text,
     decision_id text not null,
     policy_version text not null,
     health text`

/** What people commit to the folders of apps, when apps were removed, and how the index is made anew. */
export const foreignCommits: readonly string[] = [
  `create table foreign_commits (
     seq integer primary key autoincrement,
     env text not null,
     app text not null,
     ref text not null,
     author_name text not null,
     author_email text not null,
     subject text not null,
     created integer not null,
     unique (env, app, ref)
   ) strict`,
  // An app was taken away after its release \`after_seq\`.
  `create table removals (
     env text not null,
     app text not null,
     after_seq integer not null,
     ref text not null,
     created integer not null,
     primary key (env, app, after_seq)
   ) strict, without rowid`,

  // A release overwrites what people had committed when its push began, and not what came after it.
  'alter table commits add column foreign_upto integer not null default 0',
  `create trigger commit_intended after insert on commits begin
     update commits set foreign_upto = (select coalesce(max(seq), 0) from foreign_commits)
       where ref = new.ref;
   end`,
  `create trigger commit_landed after update of state on commits
     when new.state = 'landed' and old.state <> 'landed' begin
       delete from foreign_commits where seq <= new.foreign_upto and (env, app) in (
         select env, app from events where id = new.event_id);
       insert or ignore into removals
         select e.env, e.app, coalesce(
             (select max(r.seq) from releases r where r.env = e.env and r.app = e.app), 0),
           new.ref, e.created_ms / 1000
         from events e where e.id = new.event_id and e.kind = 'delete';
     end`,

  // One row: the commit up to which the repository is indexed, and how often that was set.
  'create table gitops_index (ref text, version integer not null) strict',
  'insert into gitops_index values (null, 0)',

  // Releases while the index is made anew: \`run\` is one making, whose rows take the place of all others.
  `create table staged_releases (run text not null, seq integer not null, ${releaseColumns},
     primary key (run, seq)) strict, without rowid`,
  'create index staged_releases_by_id on staged_releases (run, id)',
  'create index staged_releases_by_target on staged_releases (run, env, app, seq)',
  `create table staged_removals (
     run text not null,
     env text not null,
     app text not null,
     after_seq integer not null,
     ref text not null,
     created integer not null,
     primary key (run, env, app, after_seq)
   ) strict, without rowid`,

  'create index releases_by_env on releases (env, seq)',
  'create index releases_by_time on releases (env, app, created, seq)',
]
