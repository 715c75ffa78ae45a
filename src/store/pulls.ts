import type { Sha } from '../domain/names.ts'
import type { Database, ResultSet } from './client.ts'

type Pull = {
  readonly repositoryId: number
  readonly number: number
  readonly headSha: Sha
  readonly headBranch: string
  readonly baseBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
}
type Repository = {
  readonly id: number
  readonly name: string
  readonly installation: number
  readonly defaultBranch: string
}

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

  /** Keeps what GitHub said of a pull request at a moment; what it said later stays. */
  async keep(pull: Pull, nowUnix: number): Promise<void> {
    const { repositoryId, number, headSha, headBranch, baseBranch, isFork, isOpen } = pull
    await this.#database.write([
      {
        sql: `insert into pulls values (?, ?, ?, ?, ?, ?, ?, ?)
              on conflict (repository_id, number) do update set head_sha = excluded.head_sha,
                head_branch = excluded.head_branch, base_branch = excluded.base_branch,
                is_fork = excluded.is_fork, is_open = excluded.is_open, updated = excluded.updated
              where excluded.updated >= updated`,
        args: [
          ...[repositoryId, number, headSha, headBranch, baseBranch],
          ...[isFork ? 1 : 0, isOpen ? 1 : 0, nowUnix],
        ],
      },
    ])
  }

  /** The open pull requests of a repository. */
  async open(repositoryId: number): Promise<Pull[]> {
    const rows = await this.#database.read(
      'select * from pulls where repository_id = ? and is_open = 1 order by number',
      [repositoryId],
    )
    return rows.map(pullOf)
  }

  async keepRepository({ id, name, installation, defaultBranch }: Repository): Promise<void> {
    await this.#database.write([
      {
        sql: `insert into repositories values (?, ?, ?, ?) on conflict (id) do update set
                name = excluded.name, installation = excluded.installation,
                default_branch = excluded.default_branch`,
        args: [id, name, installation, defaultBranch],
      },
    ])
  }

  async repositoryNamed(name: string): Promise<Repository | undefined> {
    const [row] = await this.#database.read('select * from repositories where name = ?', [name])
    return (
      row && {
        id: Number(row.id),
        name: String(row.name),
        installation: Number(row.installation),
        defaultBranch: String(row.default_branch),
      }
    )
  }
}

const pullOf = (row: ResultSet['rows'][number]): Pull => ({
  repositoryId: Number(row.repository_id),
  number: Number(row.number),
  headSha: String(row.head_sha),
  headBranch: String(row.head_branch),
  baseBranch: String(row.base_branch),
  isFork: row.is_fork === 1,
  isOpen: row.is_open === 1,
})
