import { z } from 'zod'
import { type Route, route } from './route.ts'

const commit = z
  .string({ error: 'must be a commit id' })
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a whole commit id')

/** The state of the GitOps repository. */
export const gitopsRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/gitops',
    summary: 'Where the branch of each GitOps repository stands, and whether writing is halted',
    answer:
      '{"url", "branch", "tip", "halt": {"seenTip", "foundTip", "since"} or null, "others": [the same of each other repository]}',
    query: z.object({}),
    body: null,
    command: () => ({ verb: 'gitops-state' }),
  }),
  route({
    method: 'post',
    path: '/api/gitops/resume',
    summary: 'Let writing go on from the tip that was found on a rewritten branch; admins only',
    answer: '{"tip", "seenTip", "resumedBy"}; 409 when the branch is at another one by now',
    query: z.object({}),
    body: z.strictObject({ tip: commit }, { error: 'must be an object' }),
    command: ({ body }) => ({ verb: 'resume-gitops', tip: body.tip }),
  }),
]
