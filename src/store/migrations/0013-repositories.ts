/** An index for each GitOps repository; what is due is found apart for what asks and for what is released. */
export const repositories: readonly string[] = [
  // `environments` is what the repository had when it was read: with others it has to be read anew.
  // `base` is the number of the last release of the other repositories when its own were numbered.
  `create table gitops_indexes (
     repository text primary key,
     environments text not null,
     ref text,
     version integer not null,
     base integer not null default 0
   ) strict, without rowid`,
  `insert into gitops_indexes (repository, environments, ref, version)
     select '', 'all but', ref, version from gitops_index`,
  'drop table gitops_index',

  'drop index events_open_by_due',
  `create index events_wide_by_due on events (due_ms)
     where status in ('new', 'held') and (env is null or app is null)`,
  `create index events_targeted_by_due on events (due_ms)
     where status in ('new', 'held') and env is not null and app is not null`,
]
