import { type Role, rolesByDefault } from '../domain/actor.ts'
import { command } from './build.ts'
import { none, type Verb } from './verb.ts'

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
    usage: 'user add --login NAME [--admin] [--roles A,B] [--repositories A,B]',
    summary: 'make a user, and a token that is shown once',
    positions: ['login'],
    required: 1,
    flags: ['roles', 'repositories'],
    switches: ['admin'],
    example: 'user add --login web-ci --roles ci --repositories owner/web',
    build: ({ login = '', admin, roles, repositories }) =>
      command({
        verb: 'add-user',
        login,
        // What they name was checked with the other values.
        roles: admin ? ['admin'] : ((roles?.split(',') as Role[] | undefined) ?? rolesByDefault),
        repositories: repositories?.split(',') ?? [],
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
