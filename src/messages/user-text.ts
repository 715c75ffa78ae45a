import type { User } from '../domain/actor.ts'
import type { UserOutcome } from '../domain/outcome.ts'
import { ago } from './ago.ts'
import { clean } from './paint.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'

/** What became of a look at owners of tokens, or of a change of them. */
export function userText(outcome: UserOutcome, style: Style): string {
  switch (outcome.kind) {
    case 'users':
      return usersText(outcome.users, style)
    case 'user':
      return `${clean(outcome.user.login)}: ${outcome.user.roles.join(', ')}`
    case 'user-added':
      return `${clean(outcome.user.login)} has the token ${outcome.token} (shown this once)`
    case 'user-removed':
      return `${clean(outcome.login)} is removed`
  }
}

const usersText = (users: readonly User[], style: Style): string =>
  table(
    ['LOGIN', 'ROLES', 'REPOSITORIES', 'EXPIRES', 'LAST USED'],
    users.map(({ login, roles, repositories, expiresUnix, lastUsedUnix }) => [
      ...[login, roles.join(', '), repositories.join(', ') || 'all'],
      expiresUnix ? new Date(expiresUnix * 1000).toISOString().slice(0, 10) : 'never',
      lastUsedUnix ? ago(lastUsedUnix, style) : 'never',
    ]),
    style.paint,
  )
