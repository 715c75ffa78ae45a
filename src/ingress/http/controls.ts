import { z } from 'zod'
import { artifactId, given, label, repository, requestId, search, time, why } from './parameters.ts'
import { type Route, route } from './route.ts'

const noQuery = z.object({})
const body = 'must be an object'

/** Approvals, blocks, locks, and branches that are gone. */
export const controlRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/branch-deleted',
    summary: 'Tell that a branch is gone, so that triggers may clean up after it',
    answer: '201 and {"id"} of the event',
    query: noQuery,
    body: z.strictObject(
      { repository, branch: search.min(1, 'must not be empty') },
      { error: body },
    ),
    command: (input) => ({ verb: 'branch-deleted', ...input.body }),
  }),
  route({
    method: 'post',
    path: '/api/event/{id}/approve',
    summary: 'Approve a request; who asked may not',
    answer: '{"id", "approvedBy"}',
    query: z.object({ id: requestId }),
    body: null,
    command: ({ query }) => ({ verb: 'approve', id: query.id }),
  }),
  route({
    method: 'post',
    path: '/api/event/{id}/reject',
    summary: 'Reject a request, or withdraw one’s own',
    answer: '{"id", "rejectedBy"}',
    query: z.object({ id: requestId, reason: why.optional() }),
    body: null,
    command: ({ query }) => ({ verb: 'reject', ...given(query) }),
  }),
  route({
    method: 'post',
    path: '/api/artifacts/{id}/block',
    summary: 'Keep an artifact from ever being released again',
    answer: '201 and the block; 200 and the one that stands already',
    query: z.object({ id: artifactId }),
    body: z.strictObject({ reason: why }, { error: body }),
    command: ({ query, body: { reason } }) => ({ verb: 'block', artifactId: query.id, reason }),
  }),
  route({
    method: 'delete',
    path: '/api/artifacts/{id}/block',
    summary: 'Let an artifact be released again',
    answer: '{"artifactId"}',
    query: z.object({ id: artifactId }),
    body: null,
    command: ({ query }) => ({ verb: 'unblock', artifactId: query.id }),
  }),
  route({
    method: 'post',
    path: '/api/locks',
    summary: 'Lock an environment, or one app in it',
    answer: '201 and the lock; 409 when it is locked already',
    query: noQuery,
    body: z.strictObject(
      { env: label, app: label.optional(), reason: why, until: time.optional() },
      { error: body },
    ),
    command({ body: { until: untilUnix, ...rest } }) {
      return { verb: 'lock', ...given({ ...rest, untilUnix }) }
    },
  }),
  route({
    method: 'get',
    path: '/api/locks',
    summary: 'The locks in force',
    answer: 'A list of locks',
    query: noQuery,
    body: null,
    command: () => ({ verb: 'locks' }),
  }),
  route({
    method: 'delete',
    path: '/api/locks',
    summary: 'End every lock on exactly this environment, or this app in it',
    answer: 'The list of locks that were ended',
    query: z.object({ env: label, app: label.optional() }),
    body: null,
    command: ({ query }) => ({ verb: 'unlock', ...given(query) }),
  }),
  route({
    method: 'delete',
    path: '/api/locks/{id}',
    summary: 'End a lock',
    answer: 'The list of locks that were ended: this one',
    query: z.object({ id: requestId }),
    body: null,
    command: ({ query }) => ({ verb: 'unlock', id: query.id }),
  }),
]
