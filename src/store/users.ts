import { createHash, randomBytes } from 'node:crypto'
import type { Role, User } from '../domain/actor.ts'
import { writeAs } from './audit.ts'
import type { Database, ResultSet } from './client.ts'
import { controlsChanged } from './controls.ts'

/** The form in which a token is kept: a dump of the database holds nothing that opens a door. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A new token with its hash: 256 bits, with a prefix by which secret scanners and people know it. */
export function newToken(): { token: string; hash: string } {
  const token = `gimlet_${randomBytes(32).toString('base64url')}`
  return { token, hash: tokenHash(token) }
}

/** A token's owner, and until when that token holds; `null` is for good. */
export type TokenOwner = {
  readonly user: User
  readonly isNewest: boolean
  readonly endsUnix: number | null
}

/** A new token for a user, by its hash: times are Unix seconds. */
type Renewal = {
  readonly login: string
  readonly hash: string
  readonly createdUnix: number
  readonly expiresUnix: number | null
  readonly previousExpiresUnix: number
}

/** Owners of tokens. */
export class UserStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Keeps a user; answers false when the login is taken. */
  async add(user: User, hash: string, by?: string): Promise<boolean> {
    const [inserted] = await writeAs(this.#database, by, [
      {
        sql: `insert into users (login, token_hash, roles, repositories, verbs, created, expires)
              values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
        args: [
          ...[user.login, hash, JSON.stringify(user.roles), JSON.stringify(user.repositories)],
          ...[JSON.stringify(user.verbs ?? []), user.createdUnix, user.expiresUnix ?? null],
        ],
      },
      ...controlsChanged,
    ])
    return inserted?.rowsAffected === 1
  }

  /** The owner of a token, with the end of exactly this one: it may be the one before theirs of now. */
  async withToken(hash: string): Promise<TokenOwner | undefined> {
    const [row] = await this.#database.read(
      `select *, token_hash = ?1 as is_newest from users where token_hash = ?1 or previous_hash = ?1`,
      [hash],
    )
    if (!row) return undefined
    const user = userOf(row)
    const isNewest = row.is_newest === 1
    const { expiresUnix = null, previousExpiresUnix = null } = user
    return { user, isNewest, endsUnix: isNewest ? expiresUnix : previousExpiresUnix }
  }

  /** Notes that a token of a user's is used; once an hour is enough to see which ones are. */
  async used(login: string, nowUnix: number): Promise<void> {
    const use = {
      sql: `update users set last_used = ?1
            where login = ?2 and coalesce(last_used, 0) <= ?1 - 3600`,
      args: [nowUnix, login],
    }
    await this.#database.write([use], { isRepeatable: true })
  }

  /** Gives a user a new token. The one up to now goes on until its own end, or the one that is given. */
  async renew(renewal: Renewal, by?: string): Promise<boolean> {
    const [renewed] = await writeAs(this.#database, by, [
      {
        sql: `update users set previous_hash = token_hash,
                previous_expires = min(coalesce(expires, ?1), ?1),
                token_hash = ?2, token_created = ?3, expires = ?4
              where login = ?5`,
        args: [
          ...[renewal.previousExpiresUnix, renewal.hash],
          ...[renewal.createdUnix, renewal.expiresUnix, renewal.login],
        ],
      },
    ])
    return renewed?.rowsAffected === 1
  }

  async find(login: string): Promise<User | undefined> {
    const [row] = await this.#database.read('select * from users where login = ?', [login])
    return row && userOf(row)
  }

  async list(): Promise<User[]> {
    return (await this.#database.read('select * from users order by login')).map(userOf)
  }

  /** Ends a user's token; answers false when there is no such user. */
  async remove(login: string, by?: string): Promise<boolean> {
    const [removed] = await writeAs(this.#database, by, [
      { sql: 'delete from users where login = ?', args: [login] },
      // An approval of theirs counts no more.
      ...controlsChanged,
    ])
    return removed?.rowsAffected === 1
  }
}

/** A row of `users` as its user. */
export const userOf = (row: ResultSet['rows'][number]): User => ({
  login: String(row.login),
  roles: JSON.parse(String(row.roles)) as Role[],
  repositories: JSON.parse(String(row.repositories)) as string[],
  createdUnix: Number(row.created),
  verbs: JSON.parse(String(row.verbs)) as string[],
  expiresUnix: timeOf(row.expires),
  tokenCreatedUnix: timeOf(row.token_created),
  lastUsedUnix: timeOf(row.last_used),
  previousExpiresUnix: timeOf(row.previous_expires),
})

const timeOf = (unix: unknown): number | null => (unix === null ? null : Number(unix))
