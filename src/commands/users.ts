import type { Role } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

type NewUser = { login: string; roles: readonly Role[]; repositories: readonly string[] }

type UserCommand = Extract<Command, { verb: 'users' | 'user' | 'add-user' | 'remove-user' }>

/** Looks at owners of tokens, makes them and ends them. */
export function manageUsers(ports: CommandPorts, command: UserCommand): Promise<Outcome> {
  switch (command.verb) {
    case 'users':
      return users(ports)
    case 'user':
      return user(ports, command.login)
    case 'add-user':
      return addUser(ports, command)
    case 'remove-user':
      return removeUser(ports, command.login)
  }
}

/** Everyone who owns a token. */
async function users(ports: CommandPorts): Promise<Outcome> {
  return { kind: 'users', users: await ports.users.list() }
}

/** One owner of a token. */
async function user(ports: CommandPorts, login: string): Promise<Outcome> {
  const found = await ports.users.find(login)
  return found ? { kind: 'user', user: found } : unknown(login)
}

/** Makes a user and a token, which is told this once. */
async function addUser(ports: CommandPorts, asked: NewUser): Promise<Outcome> {
  const { login, roles, repositories } = asked
  const created = { login, roles, repositories, createdUnix: nowUnix(ports) }
  const { token, hash } = ports.tokens.next()
  const isNew = login !== 'admin' && (await ports.users.add(created, hash))
  return isNew
    ? { kind: 'user-added', user: created, token }
    : refuse('conflict', `There is a user ${login} already; delete it to give it a new token`)
}

/** Ends a user's token within a second. */
async function removeUser(ports: CommandPorts, login: string): Promise<Outcome> {
  return (await ports.users.remove(login)) ? { kind: 'user-removed', login } : unknown(login)
}

const unknown = (login: string) => refuse('not_found', `There is no user ${login}`)
