import { Fault } from '../domain/fault.ts'
import type { FormerEvent } from '../domain/former.ts'
import { type Database, openDatabase, type ResultSet } from './client.ts'

/** So many events are held at once: an artifact may have a hundred kilobytes. */
const pageRows = 200

/** An event with the number of its row, which tells apart what happened in one second. */
export type FormerRow = FormerEvent & { readonly row: number }

export type FormerUser = {
  readonly login: string
  /** What its tokens are signed with, as it stands there. */
  readonly secret: string
  readonly isAdmin: boolean
}

/** What Flux had said of a GitOps commit. */
export type FormerCommit = {
  readonly ref: string
  readonly status: string
  readonly statusDesc: string
  /** Unix seconds; 0 when it is not known. */
  readonly created: number
}

/** The columns that every version has. */
const known = {
  users: ['login', 'secret', 'admin'],
  events: ['id', 'created', 'type', 'blob', 'status', 'status_desc', 'artifact_id'],
  gitops_commits: ['sha', 'status', 'status_desc'],
} as const
type Table = keyof typeof known

/** The database of a GimletD before us. What it is opened with is changed: it is to be a copy. */
export class FormerFile {
  readonly #database: Database
  readonly #columns: Readonly<Record<Table, ReadonlySet<string>>>

  private constructor(database: Database, columns: Record<Table, ReadonlySet<string>>) {
    this.#database = database
    this.#columns = columns
  }

  /** Opens it, or answers what is wrong with it. */
  static async open(path: string): Promise<FormerFile | { readonly problem: string }> {
    let database: Database
    try {
      database = await openDatabase(`file:${path}`)
    } catch (error) {
      if (error instanceof Fault) return { problem: 'it is no SQLite database' }
      throw error
    }
    const problem = await damageIn(database)
    const columns = problem === null ? await columnsOf(database) : null
    if (columns !== null && !('problem' in columns)) return new FormerFile(database, columns)
    database.close()
    return { problem: problem ?? columns?.problem ?? '' }
  }

  /** Every event, page by page. */
  async *events(): AsyncGenerator<FormerRow[]> {
    const all = ['id', 'created', 'type', 'blob', 'status', 'status_desc']
    const names = [...all, this.#orElse('events', 'gitops_hashes', `'[]'`)]
    const results = this.#orElse('events', 'results', `'[]'`)
    const sql = `select rowid as row, ${names.join(', ')}, ${results} from events
                 where rowid > ? order by rowid limit ?`
    for (let from = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = await this.#database.read(sql, [from, pageRows])
      if (rows.length === 0) return
      yield rows.map(eventOf)
      from = Number(rows.at(-1)?.row)
    }
  }

  async users(): Promise<FormerUser[]> {
    const rows = await this.#database.read('select login, secret, admin from users order by login')
    return rows.map(({ login, secret, admin }) => ({
      login: String(login ?? ''),
      secret: String(secret ?? ''),
      isAdmin: ['1', 'true'].includes(String(admin)),
    }))
  }

  async commits(): Promise<FormerCommit[]> {
    const created = this.#orElse('gitops_commits', 'created', '0')
    const rows = await this.#database.read(
      `select sha, status, status_desc, ${created} from gitops_commits`,
    )
    return rows.map((row) => ({
      ref: String(row.sha),
      status: String(row.status),
      statusDesc: String(row.status_desc ?? ''),
      created: secondsOf(row.created),
    }))
  }

  close(): void {
    this.#database.close()
  }

  /** A column that not every version has. */
  #orElse(table: Table, column: string, otherwise: string): string {
    return this.#columns[table].has(column) ? column : `${otherwise} as ${column}`
  }
}

function eventOf(row: ResultSet['rows'][number]): FormerRow {
  const text = (name: string) => String(row[name] ?? '')
  return {
    row: Number(row.row),
    id: text('id'),
    created: secondsOf(row.created),
    ...{ type: text('type'), blob: text('blob') },
    ...{ status: text('status'), statusDesc: text('status_desc') },
    ...{ gitopsHashes: text('gitops_hashes'), results: text('results') },
  }
}

/** Unix seconds; 0 for what is none. */
const secondsOf = (value: unknown): number => Math.max(0, Math.floor(Number(value)) || 0)

/** A file that was copied while it was written to is damaged in most cases. */
async function damageIn(database: Database): Promise<string | null> {
  const said = await database.read('pragma quick_check(1)').catch(() => [])
  return said[0]?.[0] === 'ok'
    ? null
    : 'it is damaged, or its server still writes to it: stop that and try again'
}

async function columnsOf(
  database: Database,
): Promise<Record<Table, ReadonlySet<string>> | { readonly problem: string }> {
  const columns = {
    users: new Set<string>(),
    events: new Set<string>(),
    gitops_commits: new Set<string>(),
  }
  for (const table of Object.keys(known) as Table[]) {
    const rows = await database.read('select name from pragma_table_info(?)', [table])
    for (const { name } of rows) columns[table].add(String(name))
    const missing = known[table].find((name) => !columns[table].has(name))
    if (missing !== undefined)
      return { problem: `it is not GimletD’s: there is no column ${missing} in a table ${table}` }
  }
  return columns
}
