import type { User } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { type Call, del, get, post } from './call.ts'

type UserCommand = Extract<Command, { verb: 'users' | 'user' | 'add-user' | 'remove-user' }>

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
      const { verb, ...body } = command
      return {
        ...post('/api/user'),
        body,
        read: ({ token, ...user }: UserJson & { token: string }) => ({
          kind: 'user-added',
          user: readUser(user),
          token,
        }),
      }
    }
    case 'remove-user':
      return {
        ...del(`/api/user/${encodeURIComponent(command.login)}`),
        read: ({ login }) => ({ kind: 'user-removed', login }),
      }
  }
}

type UserJson = Omit<User, 'createdUnix'> & { readonly created: number }
const readUser = ({ created, ...user }: UserJson): User => ({ ...user, createdUnix: created })
