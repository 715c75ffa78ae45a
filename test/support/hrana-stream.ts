import Native from 'libsql'
import type { WriteLock } from './write-lock.ts'

/** A value, a statement and their results, as Hrana 2 writes them in JSON. */
type Value =
  | { readonly type: 'null' }
  | { readonly type: 'integer' | 'text'; readonly value: string }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'blob'; readonly base64: string }
type NamedArg = { readonly name: string; readonly value: Value }
type Sql = { readonly sql?: string | null; readonly sql_id?: number | null }
type Statement = Sql & {
  readonly args?: readonly Value[]
  readonly named_args?: readonly NamedArg[]
  readonly want_rows?: boolean
}
type Condition =
  | { readonly type: 'ok' | 'error'; readonly step: number }
  | { readonly type: 'not'; readonly cond: Condition }
  | { readonly type: 'and' | 'or'; readonly conds: readonly Condition[] }
type Step = { readonly condition?: Condition | null; readonly stmt: Statement }

export type StreamRequest =
  | { readonly type: 'close' | 'get_autocommit' }
  | { readonly type: 'execute'; readonly stmt: Statement }
  | { readonly type: 'batch'; readonly batch: { readonly steps: readonly Step[] } }
  | ({ readonly type: 'sequence' | 'describe' } & Sql)
  | { readonly type: 'store_sql'; readonly sql_id: number; readonly sql: string }
  | { readonly type: 'close_sql'; readonly sql_id: number }

type Problem = { readonly message: string; readonly code: string }
type StreamResult =
  | { readonly type: 'ok'; readonly response: object }
  | { readonly type: 'error'; readonly error: Problem }

/** What a statement came to that did not succeed. */
class StatementError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** More texts than this are refused, as are longer ones, in characters. */
const storedMax = 50
const storedLengthMax = 5_000

/** Connections to a file: one that a stream is done with serves the next, for to open one reads the schema. */
export class Connections {
  readonly #file: string
  #free: Native.Database[] = []

  constructor(file: string) {
    this.#file = file
  }

  take(): Native.Database {
    const free = this.#free.pop()
    if (free) return free
    const opened = new Native(this.#file, { timeout: 0 })
    opened.exec('pragma foreign_keys = on')
    return opened
  }

  give(connection: Native.Database): void {
    this.#free.push(connection)
  }

  close(): void {
    for (const connection of this.#free) connection.close()
    this.#free = []
  }
}

/** One stream: a connection that it has to itself, and the texts that were stored on it. */
export class HranaStream {
  readonly #database: Native.Database
  readonly #connections: Connections
  readonly #lock: WriteLock
  readonly #texts = new Map<number, string>()
  #isTimedOut = false
  /** After a lock that another program had, a connection loses what is written on it. */
  #wasBusy = false
  isClosed = false

  constructor(connections: Connections, lock: WriteLock) {
    this.#connections = connections
    this.#database = connections.take()
    this.#lock = lock
  }

  /** Carries one request out. What goes wrong in it is its answer, and the next one is carried out. */
  async answer(request: StreamRequest): Promise<StreamResult> {
    try {
      return { type: 'ok', response: { type: request.type, ...(await this.#carryOut(request)) } }
    } catch (error) {
      return { type: 'error', error: problemOf(error) }
    }
  }

  /** Lets go of the connection; a transaction that it has is rolled back. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    if (this.#database.inTransaction) this.#database.exec('rollback')
    if (this.#wasBusy) this.#database.close()
    else this.#connections.give(this.#database)
    this.#lock.release(this)
  }

  async #carryOut(request: StreamRequest): Promise<object> {
    switch (request.type) {
      case 'close':
        this.close()
        return {}
      case 'get_autocommit':
        return { is_autocommit: !this.#database.inTransaction }
      case 'execute':
        return { result: await this.#execute(request.stmt) }
      case 'batch':
        return { result: await this.#batch(request.batch.steps) }
      case 'sequence':
        for (const sql of statementsOf(this.#textOf(request))) await this.#execute({ sql })
        return {}
      case 'describe':
        return { result: this.#describe(this.#textOf(request)) }
      case 'store_sql':
        this.#store(request)
        return {}
      case 'close_sql':
        this.#texts.delete(request.sql_id)
        return {}
    }
  }

  async #batch(steps: readonly Step[]): Promise<object> {
    const results: (object | null)[] = []
    const errors: (Problem | null)[] = []
    const holds = (condition: Condition): boolean => {
      if ('cond' in condition) return !holds(condition.cond)
      if ('conds' in condition)
        return condition.type === 'and' ? condition.conds.every(holds) : condition.conds.some(holds)
      const of = condition.type === 'ok' ? results : errors
      return (of[condition.step] ?? null) !== null
    }
    for (const { condition, stmt } of steps) {
      let [result, error]: [object | null, Problem | null] = [null, null]
      if (!condition || holds(condition))
        try {
          result = await this.#execute(stmt)
        } catch (thrown) {
          error = problemOf(thrown)
        }
      results.push(result)
      errors.push(error)
    }
    return { step_results: results, step_errors: errors }
  }

  async #execute(statement: Statement): Promise<object> {
    const sql = this.#textOf(statement)
    if (statementsOf(sql).length > 1)
      throw new StatementError('SQL_MANY_STATEMENTS', 'SQL string contains more than one statement')
    if (this.#isTimedOut) {
      this.#isTimedOut = false
      throw new StatementError('TRANSACTION_TIMEOUT', 'Transaction timed out')
    }
    const isPlainRead =
      /^\s*(select|with|values|pragma|explain|commit|rollback|begin(?! immediate))\b/i
    if (!isPlainRead.test(sql)) await this.#lock.take(this, () => this.#timeOut())
    try {
      return this.#run(sql, statement)
    } catch (error) {
      this.#wasBusy ||= problemOf(error).code === 'SQLITE_BUSY'
      throw error
    } finally {
      if (!this.#database.inTransaction) this.#lock.release(this)
    }
  }

  /** Somebody else waited for the lock for too long. */
  #timeOut(): void {
    this.#database.exec('rollback')
    this.#isTimedOut = true
  }

  #run(sql: string, { args = [], named_args = [], want_rows = true }: Statement): object {
    const prepared = this.#database.prepare(sql).safeIntegers(true)
    const named = Object.fromEntries(
      named_args.map(({ name, value }) => [name.replace(/^[:@$]/, ''), nativeOf(value)]),
    )
    const given = named_args.length > 0 ? [named] : [args.map(nativeOf)]
    const isReader = prepared.reader
    const columns = isReader ? prepared.columns() : []
    const rows = isReader ? (prepared.raw(true).all(...given) as unknown[][]) : []
    if (!isReader) prepared.run(...given)
    const isInsert = /^\s*(insert|replace)\b/i.test(sql)
    const isChange = isInsert || /^\s*(with\b.*\b)?(update|delete|insert)\b/is.test(sql)
    return {
      cols: columns.map(({ name, type }) => ({ name, decltype: type })),
      rows: want_rows ? rows.map((row) => row.map(protocolOf)) : [],
      affected_row_count: isChange ? this.#asked('changes()') : 0,
      last_insert_rowid: isInsert ? String(this.#asked('last_insert_rowid()')) : null,
    }
  }

  #asked(expression: string): number {
    const row = this.#database.prepare(`select ${expression} as said`).get() as { said: number }
    return row.said
  }

  #describe(sql: string): object {
    const prepared = this.#database.prepare(sql)
    const columns = prepared.reader ? prepared.columns() : []
    return {
      params: [],
      cols: columns.map(({ name, type }) => ({ name, decltype: type })),
      is_explain: /^\s*explain\b/i.test(sql),
      is_readonly: prepared.reader && /^\s*select\b/i.test(sql),
    }
  }

  #store({ sql_id: id, sql }: { readonly sql_id: number; readonly sql: string }): void {
    if (this.#texts.size >= storedMax)
      throw new StatementError('SQL_STORE_TOO_MANY', `The server already stores ${storedMax} texts`)
    if (sql.length > storedLengthMax)
      throw new StatementError('SQL_STORE_TOO_LARGE', 'The statement is too large to be stored')
    this.#texts.set(id, sql)
  }

  #textOf({ sql, sql_id: id }: Sql): string {
    const text = sql ?? this.#texts.get(id ?? Number.NaN)
    if (text === undefined) throw new StatementError('SQL_NO_STATEMENT', `SQL text ${id} not found`)
    return text
  }
}

/** The statements of a text: parts that a semicolon ends which is in no string, comment or trigger. */
function statementsOf(sql: string): string[] {
  if (/^\s*create\s+(temp\s+)?trigger\b/i.test(sql)) return [sql]
  const parts = sql.match(/(?:'[^']*'|"[^"]*"|--[^\n]*|[^;])+/g) ?? []
  return parts.filter((part) => part.replaceAll(/--[^\n]*/g, '').trim() !== '')
}

function nativeOf(value: Value): unknown {
  switch (value.type) {
    case 'null':
      return null
    case 'integer':
      return BigInt(value.value)
    case 'blob':
      return Buffer.from(value.base64, 'base64')
    default:
      return value.value
  }
}

function protocolOf(value: unknown): Value {
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) }
  if (typeof value === 'number') return { type: 'float', value }
  if (typeof value === 'string') return { type: 'text', value }
  if (value === null || value === undefined) return { type: 'null' }
  return { type: 'blob', base64: Buffer.from(value as Uint8Array).toString('base64') }
}

/** Codes of SQLite without what extends them: that is how a server words them. */
const primary: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
}

function problemOf(error: unknown): Problem {
  if (error instanceof StatementError) return { code: error.code, message: error.message }
  const { rawCode, message } = error as { rawCode?: number; message: string }
  if (rawCode === 1) return { code: 'SQL_INPUT_ERROR', message: `SQL input error: ${message}` }
  const code = primary[(rawCode ?? 0) & 0xff] ?? 'SQLITE_UNKNOWN'
  return { code, message: `SQLite error: ${message}` }
}
