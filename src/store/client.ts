import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import {
  type Client,
  createClient,
  type InStatement,
  LibsqlError,
  type ResultSet,
} from '@libsql/client'
import { Fault } from '../domain/fault.ts'
import { leaseLost } from '../domain/lease.ts'

export type { InStatement, ResultSet }

/** How long SQLite itself may wait for a lock: its wait blocks the event loop, so it is short. */
const lockWaitMs = 20
/** How long a transaction is tried again in JavaScript before the caller hears of it. */
const busyLimitMs = 5_000
const busyPauseMs = 15

/**
 * The one connection of this process to its database.
 * Writes that arrive while one is under way share the next transaction: one flush to disk for all.
 */
export type Database = {
  /** Runs one query. Throws `database_busy` when another process holds the file for too long. */
  read(sql: string, args?: readonly Value[]): Promise<ResultSet['rows']>
  /** Commits all statements or none, durably, and answers their results in order. */
  write(statements: readonly InStatement[]): Promise<readonly ResultSet[]>
  close(): void
}

export type Value = string | number | bigint | null

type Waiting = {
  readonly sinceMs: number
  readonly statements: readonly InStatement[]
  readonly done: (results: readonly ResultSet[]) => void
  readonly failed: (error: unknown) => void
}

/** Opens a libSQL database by its URL. A `file:` database is put into WAL mode with full syncs. */
export async function openDatabase(url: string, authToken?: string): Promise<Database> {
  const client = createClient({
    url,
    ...(authToken ? { authToken } : {}),
    intMode: 'number',
    // One connection: a second writer in this process could only make the first one busy.
    ...(url.startsWith('file:') ? { concurrency: 1, timeout: lockWaitMs } : {}),
  })
  if (url.startsWith('file:')) await prepareFile(client)

  let waiting: Waiting[] = []
  let flushing = false
  // One group at a time: while one waits for a lock, no later one may commit before it.
  const flush = async () => {
    flushing = true
    while (waiting.length > 0) {
      // The turn of the event loop is the window: at rest it adds nothing, under load it fills.
      await nextTurn()
      const group = waiting
      waiting = []
      await commitGroup(client, group)
    }
    flushing = false
  }

  return {
    async read(sql, args = []) {
      const query = () => client.execute({ sql, args: [...args] })
      return (await retried(client, query, performance.now())).rows
    },
    write(statements) {
      return new Promise((done, failed) => {
        waiting.push({ sinceMs: performance.now(), statements, done, failed })
        if (!flushing) void flush()
      })
    },
    close: () => client.close(),
  }
}

/** A file that this process has to itself, until it lets go or ends, however it ends. */
export type HeldFile = { release(): void }

/**
 * Takes a file for this process alone, by SQLite's lock on it: the system lets go of that with the
 * process, also in a container, where the number of a process says nothing. Answers `undefined` when
 * another has it.
 */
export async function holdFile(file: string): Promise<HeldFile | undefined> {
  const client = createClient({ url: pathToFileURL(file).href })
  try {
    const transaction = await client.transaction('write')
    return {
      release() {
        transaction.close()
        client.close()
      },
    }
  } catch (error) {
    client.close()
    if (isBusy(error)) return undefined
    throw asFault(error)
  }
}

async function prepareFile(client: Client): Promise<void> {
  try {
    await retried(client, () => client.execute('pragma journal_mode = wal'), performance.now())
    const { rows } = await client.execute('pragma synchronous')
    // Pragmas reach one connection only, so FULL has to be the library's own default.
    if (rows[0]?.[0] !== 2)
      throw new Fault('database_broken', 'opening the database with full syncs')
  } catch (error) {
    client.close()
    throw asFault(error)
  }
}

async function commitGroup(client: Client, group: readonly Waiting[]): Promise<void> {
  try {
    const statements = group.flatMap((one) => one.statements)
    const commit = () => client.batch([...statements], 'write')
    const results = await retried(client, commit, group[0]?.sinceMs ?? 0)
    let from = 0
    for (const one of group) {
      one.done(results.slice(from, from + one.statements.length))
      from += one.statements.length
    }
  } catch (error) {
    const shared = group.length > 1 && !(error instanceof Fault && error.code === 'database_busy')
    // One bad transaction must not fail those that only shared its flush.
    if (shared) for (const one of group) await commitGroup(client, [one])
    else for (const one of group) one.failed(asFault(error))
  }
}

/** A database that cannot be read or written is a fault of its own; a bug in a statement is not. */
function asFault(error: unknown): unknown {
  const broken = [
    'SQLITE_FULL',
    'SQLITE_IOERR',
    'SQLITE_CORRUPT',
    'SQLITE_NOTADB',
    'SQLITE_CANTOPEN',
  ]
  const code = error instanceof LibsqlError ? error.code : ''
  if (broken.includes(code))
    return new Fault('database_broken', 'using the database', { cause: error })
  return isGuarded(error) ? leaseLost(error) : error
}

/** The word that the trigger of `lease_guard` raises; transports differ in the code they give it. */
const isGuarded = (error: unknown): boolean =>
  error instanceof LibsqlError &&
  error.code.startsWith('SQLITE_CONSTRAINT') &&
  error.message.endsWith('lease_lost')

/**
 * Runs an operation again while the database is locked.
 * After any SQLITE_BUSY the native connection silently loses later writes
 * (tursodatabase/libsql-client-ts#352), so it is closed and opened anew before anything else.
 */
async function retried<T>(
  client: Client,
  operation: () => Promise<T>,
  sinceMs: number,
): Promise<T> {
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      if (!isBusy(error)) throw error
      await client.reconnect()
      if (performance.now() > sinceMs + busyLimitMs)
        throw new Fault('database_busy', 'waiting for the database lock', { cause: error })
      await wait(busyPauseMs * (0.5 + Math.random()))
    }
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof LibsqlError && error.code.startsWith('SQLITE_BUSY')
