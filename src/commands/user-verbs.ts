import { type Role, rolesByDefault } from '../domain/actor.ts'
import { command, only, unix } from './build.ts'
import { none, type Verb } from './verb.ts'

/** How long the token before a new one goes on when nothing else is said. */
export const overlapDefaultSeconds = 24 * 3_600

const expiryOf = (time: string | undefined) => {
  const seconds = unix(time)
  return seconds === undefined ? undefined : { unix: seconds }
}

/** The verbs about owners of tokens. */
export const userVerbs: readonly Verb[] = [
  {
    ...none,
    name: 'user list',
    usage: 'user list',
    summary: 'who has a token',
    example: 'user list',
    build: () => command({ verb: 'users' }),
  },
  {
    ...none,
    name: 'user get',
    usage: 'user get <login>',
    summary: 'one owner of a token',
    positions: ['login'],
    required: 1,
    example: 'user get ci',
    build: ({ login = '' }) => command({ verb: 'user', login }),
  },
  {
    ...none,
    name: 'user add',
    usage: 'user add --login NAME [--admin] [--roles A,B] [--repositories A,B] [--expires TIME]',
    summary: 'make a user, and a token that is shown once',
    positions: ['login'],
    required: 1,
    flags: ['roles', 'repositories', 'expires'],
    switches: ['admin'],
    example: 'user add --login web-ci --roles ci --repositories owner/web --expires 90d',
    build: ({ login = '', admin, roles, repositories, expires }) =>
      command({
        verb: 'add-user',
        login,
        // What they name was checked with the other values.
        roles: admin ? ['admin'] : ((roles?.split(',') as Role[] | undefined) ?? rolesByDefault),
        repositories: repositories?.split(',') ?? [],
        ...only({ expires: expiryOf(expires) }),
      }),
  },
  {
    ...none,
    name: 'user renew',
    usage: 'user renew <login> [--expires TIME]',
    summary: 'a new token; the one before it goes on for a day',
    positions: ['login'],
    required: 1,
    flags: ['expires'],
    example: 'user renew web-ci --expires 90d',
    build: ({ login = '', expires }) =>
      command({
        ...{ verb: 'renew-token', login, overlapSeconds: overlapDefaultSeconds },
        ...only({ expires: expiryOf(expires) }),
      }),
  },
  {
    ...none,
    name: 'user remove',
    usage: 'user remove <login>',
    summary: 'end a user’s token',
    positions: ['login'],
    required: 1,
    example: 'user remove web-ci',
    build: ({ login = '' }) => command({ verb: 'remove-user', login }),
  },
]
