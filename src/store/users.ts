import { createHash, randomBytes } from 'node:crypto'
import type { Role, User } from '../domain/actor.ts'
import type { Database, ResultSet } from './client.ts'
import { controlsChanged } from './controls.ts'

/** The form in which a token is kept: a dump of the database holds nothing that opens a door. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A new token with its hash: 256 bits, with a prefix by which secret scanners and people know it. */
export function newToken(): { token: string; hash: string } {
  const token = `gimlet_${randomBytes(32).toString('base64url')}`
  return { token, hash: tokenHash(token) }
}

/** Owners of tokens. */
export class UserStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Keeps a user; answers false when the login is taken. */
  async add(user: User, hash: string): Promise<boolean> {
    const [inserted] = await this.#database.write([
      {
        sql: `insert into users (login, token_hash, roles, repositories, created)
              values (?, ?, ?, ?, ?) on conflict do nothing returning login`,
        args: [
          ...[user.login, hash, JSON.stringify(user.roles)],
          ...[JSON.stringify(user.repositories), user.createdUnix],
        ],
      },
      ...controlsChanged,
    ])
    return inserted?.rows.length === 1
  }

  async withToken(hash: string): Promise<User | undefined> {
    const [row] = await this.#database.read('select * from users where token_hash = ?', [hash])
    return row && userOf(row)
  }

  async find(login: string): Promise<User | undefined> {
    const [row] = await this.#database.read('select * from users where login = ?', [login])
    return row && userOf(row)
  }

  async list(): Promise<User[]> {
    return (await this.#database.read('select * from users order by login')).map(userOf)
  }

  /** Ends a user's token; answers false when there is no such user. */
  async remove(login: string): Promise<boolean> {
    const [removed] = await this.#database.write([
      { sql: 'delete from users where login = ? returning login', args: [login] },
      // An approval of theirs counts no more.
      ...controlsChanged,
    ])
    return removed?.rows.length === 1
  }
}

/** A row of `users` as its user. */
export const userOf = (row: ResultSet['rows'][number]): User => ({
  login: String(row.login),
  roles: JSON.parse(String(row.roles)) as Role[],
  repositories: JSON.parse(String(row.repositories)) as string[],
  createdUnix: Number(row.created),
})
