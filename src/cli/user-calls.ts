import type { User } from '../domain/actor.ts'
import type { Command, Expiry } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import { type Call, del, get, post, timeOf } from './call.ts'

type UserCommand = Extract<
  Command,
  { verb: 'users' | 'user' | 'add-user' | 'renew-token' | 'remove-user' }
>

/** The HTTP call of a command about owners of tokens. */
export function userCallOf(command: UserCommand): Call {
  switch (command.verb) {
    case 'users':
      return {
        ...get('/api/users'),
        read: (users: readonly UserJson[]) => ({ kind: 'users', users: users.map(readUser) }),
      }
    case 'user':
      return {
        ...get(`/api/user/${encodeURIComponent(command.login)}`),
        read: (user) => ({ kind: 'user', user: readUser(user) }),
      }
    case 'add-user': {
      const { verb, expires, ...body } = command
      return { ...post('/api/user'), body: { ...body, ...endOf(expires) }, read: readAdded }
    }
    case 'renew-token':
      return {
        ...post(`/api/user/${encodeURIComponent(command.login)}/token`),
        body: endOf(command.expires),
        read: readAdded,
      }
    case 'remove-user':
      return {
        ...del(`/api/user/${encodeURIComponent(command.login)}`),
        read: ({ login }) => ({ kind: 'user-removed', login }),
      }
  }
}

type UserJson = Omit<User, 'createdUnix' | 'expiresUnix' | 'lastUsedUnix'> & {
  readonly created: number
  readonly expires?: number | null
  readonly lastUsed?: number | null
}

const readUser = ({ created, expires = null, lastUsed = null, ...user }: UserJson): User => ({
  ...user,
  createdUnix: created,
  expiresUnix: expires,
  lastUsedUnix: lastUsed,
})

const readAdded = ({ token, ...user }: UserJson & { token: string }): Outcome => ({
  kind: 'user-added',
  user: readUser(user),
  token,
})

/** The command line gives moments only. */
const endOf = (expires: Expiry | undefined) =>
  expires && 'unix' in expires ? { expires: timeOf(expires.unix) } : {}
