import type { Sha } from '../domain/names.ts'
import type { Database, InStatement, ResultSet } from './client.ts'
import { nameStatements } from './repository-names.ts'

type Pull = {
  readonly repositoryId: number
  readonly number: number
  readonly headSha: Sha
  readonly headBranch: string
  readonly baseBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
  readonly labels: readonly string[]
}
type Repository = {
  readonly id: number
  readonly name: string
  readonly installation: number
  readonly defaultBranch: string
}

/** What heads were before they moved is kept under names that begin so. */
const headPrefix = 'github head '

/** Repositories and pull requests, as GitHub told of them last. */
export class PullStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async find(repositoryId: number, number: number): Promise<Pull | undefined> {
    const [row] = await this.#database.read(
      'select * from pulls where repository_id = ? and number = ?',
      [repositoryId, number],
    )
    return row && pullOf(row)
  }

  /**
   * A pull request with the head that it had at a moment, in Unix seconds: what was said then was said
   * of that head. GitHub's times are whole seconds; in the one in which it moved it counts as moved.
   */
  async findAt(repositoryId: number, number: number, unix: number): Promise<Pull | undefined> {
    const [row] = await this.#database.read(
      `select p.*, case when k.value ->> 'sinceUnix' > ? then k.value ->> 'before' end as earlier
       from pulls p left join known k on k.name = ?
       where p.repository_id = ? and p.number = ?`,
      [unix, headName(repositoryId, number), repositoryId, number],
    )
    return row && { ...pullOf(row), headSha: String(row.earlier ?? row.head_sha) }
  }

  /** Keeps what GitHub said of a pull request at a moment; what it said later stays. */
  async keep(pull: Pull, nowUnix: number): Promise<void> {
    const { repositoryId, number, headSha, headBranch, baseBranch, isFork, isOpen, labels } = pull
    await this.#database.write([
      headMoved(pull, nowUnix),
      {
        sql: `insert into pulls (repository_id, number, head_sha, head_branch, base_branch, is_fork,
                is_open, updated, labels) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
              on conflict (repository_id, number) do update set head_sha = excluded.head_sha,
                head_branch = excluded.head_branch, base_branch = excluded.base_branch,
                is_fork = excluded.is_fork, is_open = excluded.is_open, updated = excluded.updated,
                labels = excluded.labels
              where excluded.updated >= updated`,
        args: [
          ...[repositoryId, number, headSha, headBranch, baseBranch],
          ...[isFork ? 1 : 0, isOpen ? 1 : 0, nowUnix, JSON.stringify(labels)],
        ],
      },
    ])
  }

  /** Forgets what heads were before they moved, where that was before a moment. */
  async forgetHeads(beforeUnix: number): Promise<void> {
    await this.#database.write([
      {
        sql: `delete from known where substr(name, 1, ?) = ? and value ->> 'sinceUnix' < ?`,
        args: [headPrefix.length, headPrefix, beforeUnix],
      },
    ])
  }

  /** The open pull requests of a repository, with when GitHub said so, in Unix seconds. */
  async open(repositoryId: number): Promise<(Pull & { readonly updatedUnix: number })[]> {
    const rows = await this.#database.read(
      'select * from pulls where repository_id = ? and is_open = 1 order by number',
      [repositoryId],
    )
    return rows.map((row) => ({ ...pullOf(row), updatedUnix: Number(row.updated) }))
  }

  /**
   * The open pull requests of a repository that have something to tell, or have told something: of
   * whose head there is an artifact or a request that waits for one.
   */
  async withNews(repositoryId: number): Promise<Pull[]> {
    const rows = await this.#database.read(
      `select * from pulls p where repository_id = ? and is_open = 1 and (
         exists (select 1 from messages
           where key = 'github sticky ' || p.repository_id || ' ' || p.number)
         or exists (select 1 from artifact_shas s where s.sha = p.head_sha)
         or exists (select 1 from artifacts a
           where a.seq > (select seq from artifact_shas_upto) and a.sha = p.head_sha)
         or exists (select 1 from events where status = 'held' and artifact_id is null
           and about is not null and about ->> 'sha' = p.head_sha))
       order by number`,
      [repositoryId],
    )
    return rows.map(pullOf)
  }

  async repositories(): Promise<Repository[]> {
    const rows = await this.#database.read('select * from repositories order by id')
    return rows.map(repositoryOf)
  }

  /**
   * Whether this is known of a repository already: `moves` when it is called something else up to now, or
   * another repository is called so.
   */
  async knows({ id, name, installation, defaultBranch }: Repository) {
    const [row] = await this.#database.read(
      `select
         exists (select 1 from repository_names where is_current = 1
           and (repository_id = ?1 and name <> ?2 or name = ?2 and repository_id <> ?1)) as moves,
         exists (select 1 from repositories where id = ?1 and name = ?2 and installation = ?3
           and default_branch = ?4) as same`,
      [id, name, installation, defaultBranch],
    )
    return row?.moves === 1 ? 'moves' : row?.same === 1 ? 'same' : 'new'
  }

  async keepRepository({ id, name, installation, defaultBranch }: Repository): Promise<void> {
    await this.#database.write([
      {
        sql: `insert into repositories values (?, ?, ?, ?) on conflict (id) do update set
                name = excluded.name, installation = excluded.installation,
                default_branch = excluded.default_branch`,
        args: [id, name, installation, defaultBranch],
      },
      nameGone(name, id),
      ...(await nameStatements(this.#database, { id, name })),
    ])
  }

  /** Forgets repositories of an installation; one that has another installation by now stays. */
  async removeRepositories(installation: number, ids: readonly number[]): Promise<void> {
    const args = [JSON.stringify(ids), installation]
    const which = `in (select id from repositories
      where id in (select value from json_each(?)) and installation = ?)`
    await this.#database.write([
      { sql: `delete from pulls where repository_id ${which}`, args },
      { sql: `delete from repositories where id ${which}`, args },
    ])
  }

  async repository(id: number): Promise<Repository | undefined> {
    const [row] = await this.#database.read('select * from repositories where id = ?', [id])
    return row && repositoryOf(row)
  }

  async repositoryNamed(name: string): Promise<Repository | undefined> {
    const [row] = await this.#database.read('select * from repositories where name = ?', [name])
    return row && repositoryOf(row)
  }
}

const headName = (repositoryId: number, number: number) => `${headPrefix}${repositoryId}/${number}`

/** Before a newer head is kept: which one it replaces, and since when. */
const headMoved = ({ repositoryId, number, headSha }: Pull, nowUnix: number): InStatement => ({
  sql: `insert into known
        select ?, json_object('before', head_sha, 'sinceUnix', ?) from pulls
        where repository_id = ? and number = ? and head_sha <> ? and updated <= ?
        on conflict (name) do update set value = excluded.value`,
  args: [headName(repositoryId, number), nowUnix, repositoryId, number, headSha, nowUnix],
})

/** A name is of one repository: another that had it was renamed or is gone. */
const nameGone = (name: string, id: number): InStatement => ({
  sql: 'delete from repositories where name = ? and id <> ?',
  args: [name, id],
})

const pullOf = (row: ResultSet['rows'][number]): Pull => ({
  repositoryId: Number(row.repository_id),
  number: Number(row.number),
  headSha: String(row.head_sha),
  headBranch: String(row.head_branch),
  baseBranch: String(row.base_branch),
  isFork: row.is_fork === 1,
  isOpen: row.is_open === 1,
  labels: JSON.parse(String(row.labels)) as string[],
})

const repositoryOf = (row: ResultSet['rows'][number]): Repository => ({
  id: Number(row.id),
  name: String(row.name),
  installation: Number(row.installation),
  defaultBranch: String(row.default_branch),
})
