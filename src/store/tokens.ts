import { createHash } from 'node:crypto'
import type { Database } from './client.ts'
import { newToken } from './users.ts'

/** Longer than the clocks of several servers may be apart. */
const marginSeconds = 3_600

export type Spending = {
  readonly token: string
  readonly untilUnix: number
  /** What it is used for, in full. */
  readonly usedFor: string
}

/** New tokens, and those of CI runs that were used: kept as long as they could be sent again. */
export class TokenStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  next(): { token: string; hash: string } {
    return newToken()
  }

  /**
   * Spends a token, by one statement for all servers of the database. Answers false when it was used for
   * something else: the same again is what a CI does whose answer was lost.
   */
  async spend({ token, untilUnix, usedFor }: Spending, nowUnix: number): Promise<boolean> {
    const [spent] = await this.#database.write([
      {
        sql: `insert into spent_tokens (token, used_for, until) values (?, ?, ?)
              on conflict (token) do update set until = until where used_for = excluded.used_for`,
        args: [digest(token), digest(usedFor), untilUnix + marginSeconds],
      },
      { sql: 'delete from spent_tokens where until < ?', args: [nowUnix] },
    ])
    return spent?.rowsAffected === 1
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')
