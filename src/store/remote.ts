import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../domain/fault.ts'
import type { Client, Database, InStatement, Value, WriteResult } from './client.ts'
import { GroupCommit, type Part } from './group-commit.ts'
import { newWriteId } from './ids.ts'
import { AnswerLost, NotTaken } from './remote-fetch.ts'

/** How long a call is made again before the caller hears of it, and how long it pauses at first. */
const retryLimitMs = 5_000
const pauseMs = 50
const pauseMaxMs = 1_000
/** Receipts are swept once in so many writes; those older than this are, in seconds. */
const sweepEvery = 1_000
const receiptSeconds = 60 * 60

/**
 * A libSQL server over HTTP. A client holds nothing but its settings, so each call has its own: in a
 * Worker nothing may be shared between requests.
 */
export type Connect = () => Client

/**
 * The database of one server. Writes share transactions as on a file, and each comes about once, also
 * when the answer to it is lost: it leaves a receipt, which is looked for before it is written again.
 */
export function remoteDatabase(connect: Connect): Database {
  let written = 0
  const group = new GroupCommit((parts, sinceMs) => {
    const isSweep = ++written % sweepEvery === 0
    return commit(connect, isSweep ? [...parts, sweep] : parts, sinceMs)
  })
  return {
    read: (sql, args) => read(connect, sql, args),
    write: (statements, how) =>
      group.write({ statements, isRepeatable: how?.isRepeatable === true }),
    close: () => undefined,
  }
}

/** The same for a stateless Worker: what one request writes and waits for is its own. */
export function remoteDatabaseOfRequests(connect: Connect): Database {
  return {
    read: (sql, args) => read(connect, sql, args),
    write: (statements, how) =>
      commit(
        connect,
        [{ statements, isRepeatable: how?.isRepeatable === true }],
        performance.now(),
      ),
    close: () => undefined,
  }
}

const sweep: Part = {
  statements: [`delete from write_receipts where written < unixepoch() - ${receiptSeconds}`],
  isRepeatable: true,
}

async function read(connect: Connect, sql: string, args: readonly Value[] = []) {
  const query = () => connect().execute({ sql, args: [...args] })
  return (await untilTaken(query, performance.now())).rows
}

async function commit(
  connect: Connect,
  parts: readonly Part[],
  sinceMs: number,
): Promise<readonly WriteResult[]> {
  const statements = parts.flatMap((part) => part.statements)
  if (parts.every(({ isRepeatable }) => isRepeatable))
    return untilTaken(() => connect().batch([...statements], 'write'), sinceMs)
  const id = newWriteId()
  const noted = withReceipt(id, statements)
  let isLost = false
  return untilTaken(async () => {
    // It may have come about, or may still: the same receipt cannot be left twice.
    if (isLost) {
      const found = await received(connect, id, statements)
      if (found) return found
    }
    try {
      const results = await connect().batch(noted, 'write')
      return statements.flatMap((_, at) => results[1 + 2 * at] ?? [])
    } catch (error) {
      isLost ||= error instanceof AnswerLost
      if (!isLost || !isReceiptTwice(error)) throw error
      throw new AnswerLost(error)
    }
  }, sinceMs)
}

/** The statements, with what a repeat needs: that they were run, and how many rows each changed. */
function withReceipt(id: string, statements: readonly InStatement[]): InStatement[] {
  const count = {
    sql: `update write_receipts set changes = changes || changes() || ' ' where id = ?`,
    args: [id],
  }
  return [
    { sql: 'insert into write_receipts (id, written) values (?, unixepoch())', args: [id] },
    ...statements.flatMap((statement) => [statement, count]),
  ]
}

const isReceiptTwice = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('write_receipts.id')

/** The results of a write whose answer was lost, if it has come about: what it read is read now. */
async function received(
  connect: Connect,
  id: string,
  statements: readonly InStatement[],
): Promise<WriteResult[] | undefined> {
  const receipt = { sql: 'select changes from write_receipts where id = ?', args: [id] }
  const [found, ...read] = await connect().batch([receipt, ...statements.filter(isRead)], 'read')
  const [row] = found?.rows ?? []
  if (!row) return undefined
  const counts = String(row.changes).split(' ')
  let next = 0
  return statements.map((statement, at) => {
    const result = isRead(statement) ? read[next++] : undefined
    return result ?? { rows: [], rowsAffected: Number(counts[at]) }
  })
}

const isRead = (statement: InStatement): boolean =>
  /^\s*select\b/i.test(typeof statement === 'string' ? statement : statement.sql)

/** Runs an operation that may be run again until the server takes it, for a while. */
async function untilTaken<T>(operation: () => Promise<T>, sinceMs: number): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await operation()
    } catch (error) {
      if (!isPassing(error)) throw error
      // Once more whatever it took: what became of a write that was lost is worth one look.
      if (attempt > 0 && performance.now() > sinceMs + retryLimitMs)
        throw new Fault('database_busy', 'waiting for the database to answer', { cause: error })
      await wait(Math.min(pauseMs * 2 ** attempt, pauseMaxMs) * (0.5 + Math.random() / 2))
    }
  }
}

/** Codes of a server that did nothing, or took back what it did. */
const notDone = ['SQLITE_BUSY', 'SQLITE_LOCKED', 'TRANSACTION_BUSY', 'TRANSACTION_TIMEOUT']

const isPassing = (error: unknown): boolean =>
  error instanceof AnswerLost ||
  error instanceof NotTaken ||
  (error instanceof Error && 'code' in error && notDone.includes(String(error.code)))
