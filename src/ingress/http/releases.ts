import { z } from 'zod'
import {
  artifactId,
  given,
  label,
  limit,
  offset,
  reason,
  requestId,
  search,
  sha,
  time,
} from './parameters.ts'
import { type Route, route } from './route.ts'

const target = { env: label, app: label }

export const releaseRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/releases',
    summary: 'Ask for a release, or with dryRun for what it would do',
    answer: '201 and {"id"} of the request; 200 and {"plans"} of a dry run',
    query: z.object({}),
    // A mistyped dryRun must not release. GimletD's clients say who asks; the token knows better.
    body: z.strictObject(
      {
        triggeredBy: z.unknown().optional(),
        env: label,
        app: label.optional(),
        artifactId: artifactId.optional(),
        sha: sha.optional(),
        from: label.optional(),
        reason: reason.optional(),
        dryRun: z.boolean({ error: 'must be true or false' }).optional(),
        force: z.boolean({ error: 'must be true or false' }).optional(),
      },
      { error: 'must be an object' },
    ),
    command: ({ body: { triggeredBy, ...asked } }) => ({ verb: 'release', ...given(asked) }),
  }),
  route({
    method: 'get',
    path: '/api/releases',
    summary: 'Releases to an environment, newest first',
    answer: 'A list of releases',
    query: z.object({
      env: label,
      app: label.optional(),
      since: time.optional(),
      until: time.optional(),
      limit,
      offset,
      // As GimletD has it: of the source code.
      'git-repo': search.optional(),
      filter: search.optional(),
    }),
    body: null,
    command({ query: { since, until, 'git-repo': repository, ...rest } }) {
      const filter = given({ ...rest, sinceUnix: since, untilUnix: until, repository })
      return { verb: 'history', filter }
    },
  }),
  route({
    method: 'get',
    path: '/api/status',
    summary: 'What runs in an environment, or with env=* everywhere; with at what ran then',
    answer: 'Release or null by app; with env=* by environment and app',
    query: z.object({
      env: label.or(z.literal('*')),
      app: label.optional(),
      at: time.optional(),
    }),
    body: null,
    command: ({ query: { at: atUnix, ...where } }) => ({
      verb: 'status',
      ...given({ ...where, atUnix }),
    }),
  }),
  route({
    method: 'post',
    path: '/api/rollback',
    summary: 'Go back to a GitOps commit, or to the release before the current one',
    answer: '201 and {"id"} of the request',
    query: z.object({ ...target, sha: sha.optional(), reason: reason.optional() }),
    body: null,
    command: ({ query }) => ({ verb: 'rollback', ...given(query) }),
  }),
  route({
    method: 'post',
    path: '/api/delete',
    summary: 'Take an app away from an environment',
    answer: '{"id"} of the request',
    query: z.object({ ...target, reason: reason.optional() }),
    body: null,
    command: ({ query }) => ({ verb: 'delete', ...given(query) }),
  }),
  route({
    method: 'get',
    path: '/api/event',
    summary: 'What became of a request, or of an artifact’s arrival',
    answer: 'The event, its commits and releases, and the events that it asked for',
    query: z.object({ id: requestId }),
    body: null,
    command: ({ query }) => ({ verb: 'event', id: query.id }),
  }),
  route({
    method: 'get',
    path: '/api/decisions/{id}',
    summary: 'What was decided, on which facts, with a trace per policy',
    answer: 'The decision',
    query: z.object({ id: requestId }),
    body: null,
    command: ({ query }) => ({ verb: 'decision', id: query.id }),
  }),
  route({
    method: 'get',
    path: '/api/decisions',
    summary: 'What was decided about apps in environments, oldest first',
    answer: 'A list of decisions',
    query: z.object({ since: time, limit, offset }),
    body: null,
    command: ({ query: { since: sinceUnix, ...page } }) => ({
      verb: 'decisions',
      filter: { sinceUnix, ...page },
    }),
  }),
  route({
    method: 'get',
    path: '/api/gitopsRepo',
    summary: 'The address of the GitOps repository, without credentials',
    answer: '{"gitopsRepo"}',
    query: z.object({}),
    body: null,
    command: () => ({ verb: 'gitops-repo' }),
  }),
]
