import type { Database } from './client.ts'

/** Facts about the outside that were found out once, and hold when the outside is away. */
export class KnownStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async find(name: string): Promise<string | undefined> {
    const [row] = await this.#database.read('select value from known where name = ?', [name])
    return row && String(row.value)
  }

  async keep(name: string, value: string): Promise<void> {
    await this.#database.write([
      {
        sql: 'insert into known values (?, ?) on conflict (name) do update set value = excluded.value',
        args: [name, value],
      },
    ])
  }

  async forget(name: string): Promise<void> {
    await this.#database.write([{ sql: 'delete from known where name = ?', args: [name] }])
  }

  /** The names of all that begins with a prefix. */
  async names(prefix: string): Promise<string[]> {
    const rows = await this.#database.read(
      'select name from known where substr(name, 1, ?) = ? order by name',
      [prefix.length, prefix],
    )
    return rows.map(({ name }) => String(name))
  }
}
