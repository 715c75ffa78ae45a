import { Fault } from '../domain/fault.ts'
import type { Database } from './client.ts'

/** A write that broke says something about now for this long, in milliseconds: longer than a lease's beat. */
const tellsMs = 30_000

const takesNothing = 'the database takes no writes: look at the room on its disk, and at the disk'

/** A database, and whether it takes what it is given. */
export type Watched = {
  readonly database: Database
  /** Throws when it cannot be read, or `database_broken` while writes break. */
  readonly check: () => Promise<unknown>
}

/**
 * Remembers how the last write came out: a disk that is full or does not sync can be read from all the
 * same. Nothing is written to find out, as everybody may ask; the server that leads writes all the time.
 */
export function watched(database: Database, monotonicMs = () => performance.now()): Watched {
  let broken: { cause: Fault; untilMs: number } | undefined
  return {
    database: {
      read: (sql, args) => database.read(sql, args),
      async write(statements, how) {
        try {
          const results = await database.write(statements, how)
          broken = undefined
          return results
        } catch (error) {
          if (error instanceof Fault && error.code === 'database_broken')
            broken = { cause: error, untilMs: monotonicMs() + tellsMs }
          throw error
        }
      },
      close: () => database.close(),
    },
    async check() {
      if (broken && monotonicMs() < broken.untilMs)
        throw new Fault('database_broken', takesNothing, { cause: broken.cause })
      return database.read('select 1')
    },
  }
}
