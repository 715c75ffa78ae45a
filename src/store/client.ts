import { setTimeout as wait } from 'node:timers/promises'
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
import { GroupCommit } from './group-commit.ts'
import { type Connect, remoteDatabase, remoteDatabaseOfRequests } from './remote.ts'
import { remoteFetch } from './remote-fetch.ts'

export type { Client, InStatement, ResultSet }

/** How long SQLite itself may wait for a lock: its wait blocks the event loop, so it is short. */
const lockWaitMs = 20
/** How long a transaction is tried again in JavaScript before the caller hears of it. */
const busyLimitMs = 5_000
const busyPauseMs = 15

/**
 * The database of this process. Writes that arrive while one is under way share the next transaction:
 * one flush to disk, or one way to the server, for all.
 */
export type Database = {
  /** Runs one query. Throws `database_busy` when the database cannot be had for too long. */
  read(sql: string, args?: readonly Value[]): Promise<ResultSet['rows']>
  /** Commits all statements or none, durably, and answers their results in order. */
  write(statements: readonly InStatement[], how?: WriteHow): Promise<readonly WriteResult[]>
  close(): void
}

/** `isRepeatable`: run twice it comes to the same, and it answers the same but for counts. */
export type WriteHow = { readonly isRepeatable: true }

/** What a statement of a write came to. Rows are those of a `select`: what `returning` says may be lost. */
export type WriteResult = Pick<ResultSet, 'rows' | 'rowsAffected'>

export type Value = string | number | bigint | null

/** Opens a libSQL database by its URL. A `file:` database is put into WAL mode with full syncs. */
export async function openDatabase(url: string, authToken?: string): Promise<Database> {
  if (!url.startsWith('file:')) return withFaults(remoteDatabase(connectTo(url, authToken)))
  // One connection: a second writer in this process could only make the first one busy.
  const client = createClient({ url, intMode: 'number', concurrency: 1, timeout: lockWaitMs })
  await prepareFile(client)
  const group = new GroupCommit((parts, sinceMs) => {
    const statements = parts.flatMap((part) => part.statements)
    return retried(client, () => client.batch(statements, 'write'), sinceMs)
  })
  return withFaults({
    async read(sql, args = []) {
      const query = () => client.execute({ sql, args: [...args] })
      return (await retried(client, query, performance.now())).rows
    },
    write: (statements) => group.write({ statements, isRepeatable: false }),
    close: () => client.close(),
  })
}

/**
 * Opens a file that nobody else may have open, and turns what lies in the log beside it into the one
 * file. Throws `database_busy` when another has it open.
 */
export async function openAlone(file: string): Promise<Database> {
  const client = createClient({
    ...{ url: pathToFileURL(file).href, intMode: 'number', concurrency: 1, timeout: lockWaitMs },
  })
  try {
    const alone = () => client.execute('pragma journal_mode = delete')
    await retried(client, alone, performance.now())
  } catch (error) {
    client.close()
    throw asFault(error)
  }
  return withFaults({
    read: async (sql, args = []) => (await client.execute({ sql, args: [...args] })).rows,
    write: (statements) => client.batch([...statements], 'write'),
    close: () => client.close(),
  })
}

/**
 * A libSQL server as a stateless Worker uses it: nothing that one request waits for was begun by
 * another, so that it may be kept for all of them. Opening it asks nothing.
 */
export const openForRequests = (url: string, authToken?: string): Database =>
  withFaults(remoteDatabaseOfRequests(connectTo(url, authToken)))

const connectTo =
  (url: string, authToken?: string): Connect =>
  () =>
    createClient({
      ...{ url, intMode: 'number', fetch: remoteFetch },
      ...(authToken ? { authToken } : {}),
    })

/** The same database, whose errors are faults where they are the database's. */
const withFaults = (database: Database): Database => ({
  read: (sql, args) => database.read(sql, args).catch(throwFault),
  write: (statements, how) => database.write(statements, how).catch(throwFault),
  close: () => database.close(),
})

function throwFault(error: unknown): never {
  throw asFault(error)
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
