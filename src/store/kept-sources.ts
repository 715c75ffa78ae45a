import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import type { Database } from './client.ts'

/** So many trees are kept of a folder: the newest, and what a moment ago was the newest. */
const treesMax = 3
/** More than that is read anew rather than kept, in characters of JSON. */
const charactersMax = 4_000_000

/** What was read of a folder of the GitOps repository, by the id of its tree: the same id is the same files. */
export class KeptSourcesStore {
  readonly #database: Database
  readonly #folder: string

  constructor(database: Database, folder: string) {
    this.#database = database
    this.#folder = folder
  }

  async find(tree: Sha): Promise<Sources | undefined> {
    const [row] = await this.#database.read(
      'select version, files from kept_sources where folder = ? and tree = ?',
      [this.#folder, tree],
    )
    if (row === undefined) return undefined
    const files = JSON.parse(String(row.files)) as readonly (readonly [string, string])[]
    return { version: String(row.version), files: new Map(files) }
  }

  /** The tree that was the folder's at the last look; nothing before the first one. */
  async newest(): Promise<Sha | undefined> {
    const [row] = await this.#database.read(
      'select tree from kept_sources where folder = ? order by seq desc limit 1',
      [this.#folder],
    )
    return row && String(row.tree)
  }

  /** Keeps what was read, as the newest. */
  async keep(tree: Sha, { version, files }: Sources): Promise<void> {
    const text = JSON.stringify([...files])
    if (text.length > charactersMax) return
    await this.#database.write([
      {
        sql: 'insert or replace into kept_sources (folder, tree, version, files) values (?, ?, ?, ?)',
        args: [this.#folder, tree, version, text],
      },
      {
        sql: `delete from kept_sources where folder = ?1 and seq not in (
                select seq from kept_sources where folder = ?1 order by seq desc limit ${treesMax})`,
        args: [this.#folder],
      },
    ])
  }
}
