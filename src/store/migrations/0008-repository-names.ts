/** Which names each repository has had, by GitHub's number; the first that had a name stands first. */
export const repositoryNames: readonly string[] = [
  `create table repository_names (
     seq integer primary key,
     name text not null,
     repository_id integer not null,
     is_current integer not null check (is_current in (0, 1)),
     unique (name, repository_id)
   ) strict`,
  'create index repository_names_current on repository_names (repository_id) where is_current = 1',
  `insert into repository_names (name, repository_id, is_current)
     select name, id, 1 from repositories order by id`,
]
