import type { Claimant, Lease, LeaseRow } from '../domain/lease.ts'
import type { Database } from './client.ts'

type Held = Pick<Lease, 'name' | 'fence'>

/** The leases: each change is one conditional statement, so that of two servers one gets it. */
export class LeaseStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async look(name: string): Promise<LeaseRow> {
    const [row] = await this.#database.read('select * from leases where name = ?', [name])
    if (!row) throw new Error(`there is no lease ${name}`)
    return {
      holder: row.holder === null ? null : String(row.holder),
      place: String(row.place),
      fence: Number(row.fence),
      beat: Number(row.beat),
      lengthMs: Number(row.length_ms),
    }
  }

  /** Takes a lease that is still as it was seen. Answers its fence number, or nothing. */
  async take(
    name: string,
    seen: Pick<LeaseRow, 'fence' | 'beat'>,
    { holder, place, lengthMs }: Claimant,
  ): Promise<number | undefined> {
    const [taken] = await this.#database.write([
      {
        sql: `update leases set holder = ?, place = ?, length_ms = ?, fence = fence + 1, beat = 0
              where name = ? and fence = ? and beat = ?`,
        args: [holder, place, lengthMs, name, seen.fence, seen.beat],
      },
    ])
    return taken?.rowsAffected === 1 ? seen.fence + 1 : undefined
  }

  /** Says that the holder lives. Answers false when it is the holder no more. */
  async renew({ name, fence }: Held): Promise<boolean> {
    const beat = {
      sql: `update leases set beat = beat + 1
            where name = ? and fence = ? and holder is not null`,
      args: [name, fence],
    }
    // Another beat says the same.
    const [renewed] = await this.#database.write([beat], { isRepeatable: true })
    return renewed?.rowsAffected === 1
  }

  /** Lets another have it at once; what the holder writes from then on is refused. */
  async giveBack({ name, fence }: Held): Promise<void> {
    await this.#database.write([
      {
        sql: 'update leases set holder = null, beat = beat + 1 where name = ? and fence = ?',
        args: [name, fence],
      },
    ])
  }
}
