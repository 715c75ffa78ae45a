/** Labels of pull requests, and what was asked of previews. */
export const previews: readonly string[] = [
  `alter table pulls add column labels text not null default '[]'`,
  `create index events_of_previews on events (env, app, seq) where about ->> 'on' = 'preview'`,
  `create index events_of_gone_branches on events (about ->> 'repository', about ->> 'branch')
     where about ->> 'on' = 'branchDeleted'`,
  `create index artifacts_of_pulls on artifacts (created) where event = 'pr'`,
]
