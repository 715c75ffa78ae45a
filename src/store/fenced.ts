import { Fault } from '../domain/fault.ts'
import { type Lease, leaseLost } from '../domain/lease.ts'
import type { Database } from './client.ts'

/**
 * The database for what only the holder of a lease may do: every write is refused, whole, as soon as
 * another holds it (row F18). The fence number is compared in the write's own transaction, so that it
 * does not matter how long this process slept before it. Throws `lease_lost`.
 */
export function fenced(database: Database, lease: Lease): Database {
  const guard = { sql: 'insert into lease_guard values (?, ?)', args: [lease.name, lease.fence] }
  return {
    read: (sql, args) => database.read(sql, args),
    async write(statements) {
      // The clock is asked first only to be early; it is the guard that is relied on.
      if (!lease.isHeld()) throw leaseLost()
      try {
        return (await database.write([guard, ...statements])).slice(1)
      } catch (error) {
        if (error instanceof Fault && error.code === 'lease_lost') lease.end()
        throw error
      }
    },
    // It is the server's, which goes on without the lease.
    close: () => undefined,
  }
}
