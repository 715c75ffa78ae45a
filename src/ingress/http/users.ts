import { z } from 'zod'
import { actionOf } from '../../commands/authorize.ts'
import { overlapDefaultSeconds } from '../../commands/user-verbs.ts'
import { loginSchema, roles, rolesByDefault } from '../../domain/actor.ts'
import { isRepository } from '../../domain/names.ts'
import { duration, expiry, given } from './parameters.ts'
import { type Route, route } from './route.ts'

/** What may be asked for, by the names that commands have. */
const verbs = Object.keys(actionOf)

const byLogin = z.object({ login: loginSchema })

export const userRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/whoami',
    summary: 'Who the server thinks you are, and what you may do',
    answer: 'Login, roles and actions',
    query: z.object({}),
    body: null,
    command: () => ({ verb: 'whoami' }),
  }),
  route({
    method: 'get',
    path: '/api/users',
    summary: 'Every owner of a token',
    answer: 'A list of users, without tokens',
    query: z.object({}),
    body: null,
    command: () => ({ verb: 'users' }),
  }),
  route({
    method: 'post',
    path: '/api/user',
    summary: 'Make a user with a token',
    answer: '201 and the user, with the token this once',
    query: z.object({}),
    body: z.object(
      {
        login: loginSchema,
        admin: z.boolean({ error: 'must be true or false' }).default(false),
        roles: z
          .array(z.enum(roles, `must be of ${roles.join(', ')}`))
          .max(roles.length)
          .optional(),
        repositories: z
          .array(z.string().refine(isRepository, 'must be repository names such as owner/name'))
          .max(1_000)
          .default([]),
        verbs: z
          .array(z.enum(verbs, `must be of ${verbs.join(', ')}`))
          .max(verbs.length)
          .default([]),
        expires: expiry.optional(),
      },
      { error: 'must be an object' },
    ),
    command({ body: { login, admin, roles: asked, repositories, verbs: only, expires } }) {
      const granted = admin ? (['admin'] as const) : (asked ?? rolesByDefault)
      const scope = { roles: granted, repositories, verbs: only }
      return { verb: 'add-user', login, ...scope, ...given({ expires }) }
    },
  }),
  route({
    method: 'post',
    path: '/api/user/{login}/token',
    summary: 'Give a user a new token; the one before it goes on for the overlap',
    answer: '201 and the user, with the new token this once',
    query: byLogin,
    body: z.object(
      { overlap: duration.default(overlapDefaultSeconds), expires: expiry.optional() },
      { error: 'must be an object; {} is enough' },
    ),
    command({ query: { login }, body: { overlap: overlapSeconds, expires } }) {
      return { verb: 'renew-token', login, overlapSeconds, ...given({ expires }) }
    },
  }),
  route({
    method: 'get',
    path: '/api/user/{login}',
    summary: 'One owner of a token',
    answer: 'The user, without the token',
    query: byLogin,
    body: null,
    command: ({ query }) => ({ verb: 'user', login: query.login }),
  }),
  route({
    method: 'delete',
    path: '/api/user/{login}',
    summary: 'End a user’s token',
    answer: '{"login"}',
    query: byLogin,
    body: null,
    command: ({ query }) => ({ verb: 'remove-user', login: query.login }),
  }),
]
