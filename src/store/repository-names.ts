import type { RepositoryNames } from '../domain/repository-names.ts'
import type { Database, InStatement } from './client.ts'
import { controlsChanged } from './controls.ts'

type Named = { readonly id: number; readonly name: string }

/** What everything of a repository stands under while nobody knows its name. No repository has such a name. */
const unnamed = (id: string) => `'#' || ${id}`

/** The repository that has the name up to now, if it is another one. */
const holder = `(select repository_id from repository_names
                  where name = :name and is_current = 1 and repository_id <> :id)`
/** What this repository was called up to now, if that is something else. */
const before = `(select name from repository_names
                  where repository_id = :id and is_current = 1 and name <> :name)`

/**
 * Says that a repository has a name: everything of it that stands under another one moves with it, and
 * what stands under this name of another repository leaves. By numbers, so that a repository keeps its
 * apps when it is renamed, and one that is given a name that was used before gets none by it.
 */
export async function nameStatements(database: Database, named: Named): Promise<InStatement[]> {
  const args = { id: named.id, name: named.name }
  const known = await database.read(
    `select name = ?2 and repository_id = ?1 as is_same from repository_names
     where is_current = 1 and (repository_id = ?1 or name = ?2)`,
    [named.id, named.name],
  )
  if (known.some((row) => row.is_same === 1)) return []
  const statements = [
    ...moves(`case when ${holder} is not null then :name end`, unnamed(holder)),
    `insert into repository_names (name, repository_id, is_current)
       select ${unnamed('repository_id')}, repository_id, 1 from repository_names
       where name = :name and is_current = 1 and repository_id <> :id
       on conflict (name, repository_id) do update set is_current = 1`,
    `update repository_names set is_current = 0
       where name = :name and is_current = 1 and repository_id <> :id`,
    ...moves(before, ':name'),
    `update repository_names set is_current = 0 where repository_id = :id and name <> :name`,
    `insert into repository_names (name, repository_id, is_current) values (:name, :id, 1)
       on conflict (name, repository_id) do update set is_current = 1`,
  ]
  // A name that nobody had brings nothing with it that anyone waits for.
  const changed = known.length > 0 ? controlsChanged : []
  return [...statements.map((sql) => ({ sql, args })), ...changed]
}

/** Moves everything that is kept under one name to another; nothing when either is null. */
function moves(from: string, to: string): string[] {
  const isOld = (name: string) => `${name} = ${from} and ${to} is not null`
  const movedAbout = `update events set about = json_set(about, '$.repository', ${to}) where`
  const old = isOld(`about ->> 'repository'`)
  return [
    `update bindings set repository = ${to} where ${isOld('repository')}`,
    `update artifacts set repository = ${to},
       body = json_set(body, '$.version.repositoryName', ${to}) where ${isOld('repository')}`,
    `update releases set version = json_set(version, '$.repositoryName', ${to})
       where ${isOld(`version ->> 'repositoryName'`)}`,
    // Of the events those that are looked at again: there may be very many, and each kind has an index.
    `${movedAbout} about ->> 'on' = 'preview' and ${old}`,
    `${movedAbout} about ->> 'on' = 'branchDeleted' and ${old}`,
    `${movedAbout} status = 'held' and about ->> 'on' = 'cleanup' and ${old}`,
    `${movedAbout} status = 'held' and artifact_id is null and about is not null and ${old}`,
    // What is to be written on GitHub stands under `installation owner/name number`.
    `update messages set place = replace(place, ' ' || ${from} || ' ', ' ' || ${to} || ' ')
       where surface = 'github' and instr(place, ' ' || ${from} || ' ') > 0 and ${to} is not null`,
    `update users set repositories = (
       select json_group_array(case when ${isOld('value')} then ${to} else value end)
       from json_each(repositories))
       where exists (select 1 from json_each(repositories) where ${isOld('value')})`,
  ]
}

/** The names that repositories have had. */
export class RepositoryNameStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async names(): Promise<RepositoryNames> {
    const rows = await this.#database.read(
      `select n.name, n.repository_id as id, now.name as now from repository_names n
         join repository_names now on now.repository_id = n.repository_id and now.is_current = 1
       order by n.seq`,
    )
    const ofNames = new Map<string, string>()
    for (const { name, now } of rows)
      if (!ofNames.has(String(name))) ofNames.set(String(name), String(now))
    return { ofNames, ofIds: new Map(rows.map(({ id, now }) => [Number(id), String(now)])) }
  }
}
