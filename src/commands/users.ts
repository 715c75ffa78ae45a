import type { Actor, User } from '../domain/actor.ts'
import type { AddUserCommand, Command, Expiry } from '../domain/command.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

type UserCommand = Extract<
  Command,
  { verb: 'users' | 'user' | 'add-user' | 'renew-token' | 'remove-user' }
>

/** Looks at owners of tokens, makes them, gives them new tokens and ends them. */
export function manageUsers(
  ports: CommandPorts,
  { login: by }: Actor,
  command: UserCommand,
): Promise<Outcome> {
  switch (command.verb) {
    case 'users':
      return users(ports)
    case 'user':
      return user(ports, command.login)
    case 'add-user':
      return addUser(ports, command, by)
    case 'renew-token':
      return renewToken(ports, command, by)
    case 'remove-user':
      return removeUser(ports, command.login, by)
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
async function addUser(ports: CommandPorts, asked: AddUserCommand, by: string): Promise<Outcome> {
  const { login, roles, repositories, verbs = [] } = asked
  const createdUnix = nowUnix(ports)
  const expiresUnix = endOf(asked.expires, createdUnix)
  if (isRefusal(expiresUnix)) return expiresUnix
  const created = { login, roles, repositories, verbs, createdUnix, expiresUnix }
  const { token, hash } = ports.tokens.next()
  const isNew = login !== 'admin' && (await ports.users.add(created, hash, by))
  return isNew
    ? { kind: 'user-added', user: created, token }
    : refuse('conflict', `There is a user ${login} already; renew its token, or delete it first`)
}

type RenewCommand = Extract<Command, { verb: 'renew-token' }>

/** Makes a new token for a user. Without an end of its own it holds as long as the one before it. */
async function renewToken(ports: CommandPorts, asked: RenewCommand, by: string): Promise<Outcome> {
  const { login, overlapSeconds } = asked
  const known = await ports.users.find(login)
  if (!known) return unknown(login)
  const createdUnix = nowUnix(ports)
  const expiresUnix = endOf(asked.expires ?? lengthOf(known), createdUnix)
  if (isRefusal(expiresUnix)) return expiresUnix
  const { token, hash } = ports.tokens.next()
  const previousExpiresUnix = createdUnix + overlapSeconds
  const times = { createdUnix, expiresUnix, previousExpiresUnix }
  if (!(await ports.users.renew({ login, hash, ...times }, by))) return unknown(login)
  return { kind: 'user-added', user: (await ports.users.find(login)) ?? known, token }
}

function lengthOf({ expiresUnix, tokenCreatedUnix, createdUnix }: User): Expiry | undefined {
  if (expiresUnix === null || expiresUnix === undefined) return undefined
  return { seconds: expiresUnix - (tokenCreatedUnix ?? createdUnix) }
}

function endOf(expires: Expiry | undefined, atUnix: number): number | null | Refusal {
  if (expires === undefined) return null
  const unix = 'unix' in expires ? expires.unix : atUnix + expires.seconds
  return unix > atUnix ? unix : refuse('invalid', 'expires: must be a time to come, or such as 90d')
}

/** Ends a user's token within a second. */
async function removeUser(ports: CommandPorts, login: string, by: string): Promise<Outcome> {
  return (await ports.users.remove(login, by)) ? { kind: 'user-removed', login } : unknown(login)
}

const unknown = (login: string) => refuse('not_found', `There is no user ${login}`)
