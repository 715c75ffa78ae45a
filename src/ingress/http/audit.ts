import { z } from 'zod'
import { given, label, limit, offset, search, time } from './parameters.ts'
import { type Route, route } from './route.ts'

/** The record of every change of state. */
export const auditRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/audit',
    summary: 'Every change of state with its actor, newest first; admins only',
    answer: 'A list of {"seq", "atMs", "actor", "action", "env", "app", "subject", "detail"}',
    query: z.object({
      since: time.optional(),
      until: time.optional(),
      actor: search.optional(),
      app: label.optional(),
      limit,
      offset,
    }),
    body: null,
    command({ query: { since: sinceUnix, until: untilUnix, ...rest } }) {
      return { verb: 'audit', filter: given({ ...rest, sinceUnix, untilUnix }) }
    },
  }),
]
