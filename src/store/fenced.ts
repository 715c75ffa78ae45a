import { Fault } from '../domain/fault.ts'
import { type Lease, leaseLost } from '../domain/lease.ts'
import type { Database } from './client.ts'

/**
 * The database for what only the holder of a lease may do: every write is refused, whole, as soon as
 * another holds it (row F18). The fence number is compared in the write's own transaction, so that it
 * does not matter how long this process slept before it. What is only read is refused by the holder's
 * own clock, so that one that wakes up late does not begin to tell what is old. Throws `lease_lost`.
 */
export function fenced(database: Database, lease: Lease): Database {
  const guard = { sql: 'insert into lease_guard values (?, ?)', args: [lease.name, lease.fence] }
  return {
    async read(sql, args) {
      if (!lease.isHeld()) throw leaseLost()
      return await database.read(sql, args)
    },
    async write(statements, how) {
      if (!lease.isHeld()) throw leaseLost()
      try {
        return (await database.write([guard, ...statements], how)).slice(1)
      } catch (error) {
        if (error instanceof Fault && error.code === 'lease_lost') lease.end()
        throw error
      }
    },
    // It is the server's, which goes on without the lease.
    close: () => undefined,
  }
}
