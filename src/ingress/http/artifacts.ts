import { z } from 'zod'
import { parseArtifact } from '../../domain/artifact.ts'
import { isRefusal } from '../../domain/fault.ts'
import { artifactId, given, label, limit, offset, search, sha, time } from './parameters.ts'
import { type Route, route } from './route.ts'

export const artifactRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/artifact',
    summary: 'Post a releasable version',
    answer: '201 and the stored artifact; 200 when the same content is already stored',
    query: z.object({}),
    // Its shape has two forms, which the domain reads: contract, section 3.
    body: z.unknown(),
    command({ body }) {
      const artifact = parseArtifact(body)
      return isRefusal(artifact) ? artifact : { verb: 'push-artifact', artifact }
    },
  }),
  route({
    method: 'get',
    path: '/api/artifacts',
    summary: 'Artifacts, newest first',
    answer: 'A list of artifacts',
    query: z.object({
      repository: search.optional(),
      app: label.optional(),
      branch: search.optional(),
      sourceBranch: search.optional(),
      event: z.enum(['push', 'tag', 'pr'], 'must be push, tag or pr').optional(),
      sha: z.array(sha).max(100, 'must not repeat more than 100 times').optional(),
      since: time.optional(),
      until: time.optional(),
      limit,
      offset,
    }),
    body: null,
    command({ query: { sha: shas, since: sinceUnix, until: untilUnix, ...rest } }) {
      return { verb: 'artifacts', filter: given({ ...rest, shas, sinceUnix, untilUnix }) }
    },
  }),
  route({
    method: 'get',
    path: '/api/artifacts/{id}',
    summary: 'One artifact',
    answer: 'The artifact',
    query: z.object({ id: artifactId }),
    body: null,
    command: ({ query }) => ({ verb: 'artifact', id: query.id }),
  }),
]
