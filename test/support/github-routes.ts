import { z } from 'zod'
import {
  type Answer,
  type Ask,
  chars,
  checked,
  found,
  listed,
  message,
  ok,
  page,
  type RepositoryAsk,
  unprocessable,
} from './github-answers.ts'
import { graphql } from './github-graphql.ts'
import {
  apiOf,
  appShape,
  commentShape,
  hookShape,
  installationShape,
  issueShape,
  permissionShape,
  pullShape,
  repositoryShape,
  userShape,
} from './github-shapes.ts'
import { shipRoutes } from './github-ship.ts'
import type { Comment, Delivery, Reaction, Repository } from './github-state.ts'

export type Route<A = Answer> = readonly [method: string, path: string, run: (ask: Ask) => A]
/** `needs` names the permissions of which one is enough; what is not a GET needs `write`. */
export type RepositoryRoute = readonly [
  method: string,
  path: string,
  needs: string,
  run: (ask: RepositoryAsk) => Answer,
]

export const commentCharsMax = 65_536
const contents = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const
const commentBody = z.object({
  body: chars(commentCharsMax).refine((body) => body.trim() !== '', 'Body cannot be blank'),
})

/** What a JWT of the app opens. */
export const appRoutes: readonly Route[] = [
  ['GET', '/app', ({ state }) => ok(appShape(state))],
  [
    'GET',
    '/app/installations',
    (ask) => listed(ask, ask.state.installations, (one) => installationShape(ask.state, one)),
  ],
  [
    'GET',
    '/app/installations/:id',
    ({ state, params }) =>
      ok(installationShape(state, found(state.installations.find(({ id }) => id === +found(params.id))))), // biome-ignore format: one value
  ],
  ['GET', '/app/hook/config', ({ state }) => ok(hookShape(state))],
  ['GET', '/app/hook/deliveries', deliveries],
  ['GET', '/app/hook/deliveries/:id', (ask) => ok(deliveryOf(ask))],
  [
    'POST',
    '/app/hook/deliveries/:id/attempts',
    (ask) => {
      const delivery = deliveryOf(ask)
      ask.state.attempts.push(delivery.id)
      void ask.state.resend?.(delivery)
      return ok({}, 202)
    },
  ],
]

/** What a token of an installation opens, beside repositories. */
export const tokenRoutes: readonly Route<Answer | Promise<Answer>>[] = [
  ['POST', '/graphql', graphql],
  ['GET', '/rate_limit', () => ok({ resources: { core: { limit: 5000, remaining: 4999 } } })],
  [
    'GET',
    '/installation/repositories',
    (ask) => {
      const own = ask.state.repositories.filter((one) => one.installationId === ask.installationId)
      const { part, headers } = page(ask, own)
      const repositories = part.map((one) => repositoryShape(ask.state, one))
      const total_count = own.length
      return { status: 200, body: { total_count, repository_selection: 'selected', repositories }, headers } // biome-ignore format: one value
    },
  ],
  [
    'GET',
    '/users/:login',
    ({ state, params: { login = '' } }) => {
      found(state.users.get(login.toLowerCase()))
      return ok(userShape(state, login))
    },
  ],
]

/** Below `/repos/owner/name`. */
export const repositoryRoutes: readonly RepositoryRoute[] = [
  ['GET', '', 'metadata', ({ state, repository }) => ok(repositoryShape(state, repository))],
  ['GET', '/collaborators/:login/permission', 'metadata', collaborator],
  ['GET', '/pulls', 'pull_requests', pulls],
  ['GET', '/pulls/:number', 'pull_requests', (ask) => ok(pullShape(ask.state, pullOf(ask)))],
  ['GET', '/issues/:number', 'issues|pull_requests', (ask) => ok(issueShape(ask.state, pullOf(ask)))], // biome-ignore format: a table
  ['GET', '/branches', 'contents', (ask) => listed(ask, [...ask.repository.branches.keys()], (name) => branch(ask, name))], // biome-ignore format: a table
  ['GET', '/branches/*name', 'contents', (ask) => ok(branch(ask, found(ask.params.name)))],
  ['GET', '/rules/branches/*name', 'metadata', rules],
  ['GET', '/compare/*base...*head', 'contents', compare],
  ['GET', '/git/ref/*ref', 'contents', (ask) => ok(gitRef(ask, found(ask.params.ref)))],
  ['GET', '/git/tags/:sha', 'contents', ({ repository, params }) => ok({ object: { type: 'commit', sha: found(repository.tagObjects.get(params.sha ?? '')) } })], // biome-ignore format: a table
  ['GET', '/commits/:sha/pulls', 'pull_requests', pullsOfCommit],
  ['POST', '/issues/:number/comments', 'issues|pull_requests', comment],
  ['GET', '/issues/:number/comments', 'issues|pull_requests', comments],
  ['GET', '/issues/comments/:id', 'issues|pull_requests', (ask) => ok(commentShape(ask.state, commentOf(ask)))], // biome-ignore format: a table
  ['PATCH', '/issues/comments/:id', 'issues|pull_requests', editComment],
  ['DELETE', '/issues/comments/:id', 'issues|pull_requests', deleteComment],
  ['POST', '/issues/comments/:id/reactions', 'issues|pull_requests', react],
  ['GET', '/issues/comments/:id/reactions', 'issues|pull_requests', (ask) => listed(ask, reactionsOf(ask), (one) => reactionShape(ask, one))], // biome-ignore format: a table
  ['DELETE', '/issues/comments/:id/reactions/:reaction', 'issues|pull_requests', deleteReaction],
  ...shipRoutes,
]

function deliveries({ state, query }: Ask): Answer {
  const size = Math.min(Number(query.get('per_page') ?? 30) || 30, 100)
  const before = Number(query.get('cursor')?.replace('v1_', '') ?? Number.POSITIVE_INFINITY)
  if (Number.isNaN(before)) throw unprocessable('Invalid cursor')
  const older = state.deliveries.filter(({ id }) => id < before).reverse()
  const part = older.slice(0, size)
  const next = `per_page=${size}&cursor=v1_${part.at(-1)?.id}`
  const link = `<${apiOf(state)}/app/hook/deliveries?${next}>; rel="next"`
  const body = part.map(({ request: _, response: __, ...one }) => one)
  return { status: 200, body, headers: older.length > size ? { link } : {} }
}

const deliveryOf = ({ state, params }: Ask): Delivery =>
  found(state.deliveries.find(({ id }) => id === Number(params.id)))

function collaborator({ state, repository, params: { login = '' } }: RepositoryAsk): Answer {
  if (!state.users.has(login.toLowerCase())) return message(404, `${login} is not a user`)
  return ok(permissionShape(state, repository, login))
}

const pullOf = ({ state, repository, params }: RepositoryAsk) =>
  found(state.pullOf(repository, Number(params.number)))

function pulls(ask: RepositoryAsk): Answer {
  const { state, repository, query } = ask
  const [wanted, head, base] = [query.get('state') ?? 'open', query.get('head'), query.get('base')]
  if (!['open', 'closed', 'all'].includes(wanted)) throw unprocessable('Validation Failed')
  const list = state.pulls
    .filter((one) => one.repository === repository)
    .filter((one) => wanted === 'all' || one.state === wanted)
    .filter((one) => !head || head === `${one.headRepository?.owner}:${one.headRef}`)
    .filter((one) => !base || base === one.baseRef)
    .reverse()
  return listed(ask, list, (one) => pullShape(state, one))
}

/** The open pull requests with this head, and those that were merged as it. */
function pullsOfCommit(ask: RepositoryAsk): Answer {
  const { state, repository, params } = ask
  const list = state.pulls
    .filter((one) => one.repository === repository)
    .filter((one) => [one.headSha, one.merged?.sha].includes(params.sha))
  return listed(ask, list, (one) => pullShape(state, one))
}

function branch({ state, repository }: RepositoryAsk, name: string) {
  const sha = repository.branches.get(name)
  if (sha === undefined) return found(undefined)
  const url = `${apiOf(state)}/repos/${repository.fullName}/commits/${sha}`
  return { name, commit: { sha, url }, ...protectionOf(repository, name) }
}

/** Any rule protects a branch; only a classic protection is enabled. */
function protectionOf({ defaultBranch, isProtected, rules }: Repository, name: string) {
  const enabled = isProtected && name === defaultBranch
  const isRuled = (rules.get(name) ?? []).length > 0
  const required_status_checks = { enforcement_level: 'off', contexts: [], checks: [] }
  return { protected: enabled || isRuled, protection: { enabled, required_status_checks } }
}

/** Of a branch that does not exist, too. */
function rules(ask: RepositoryAsk): Answer {
  const { repository, params } = ask
  const source = { ruleset_source_type: 'Repository', ruleset_source: repository.fullName }
  const types = repository.rules.get(found(params.name)) ?? []
  return listed(ask, types, (type) => ({ type, ...source, ruleset_id: 1 }))
}

/** A branch or a tag by its whole name; an annotated tag is an object of its own. */
function gitRef({ repository }: RepositoryAsk, name: string) {
  const [kind, ...rest] = name.split('/')
  const at = kind === 'heads' ? repository.branches : repository.tags
  const sha = found(at.get(rest.join('/')))
  return { ref: `refs/${name}`, object: { type: repository.tagObjects.has(sha) ? 'tag' : 'commit', sha } } // biome-ignore format: one value
}

/** What `comparisons` says, or that the head is one commit ahead. */
function compare({ state, repository, params: { base = '', head = '' } }: RepositoryAsk): Answer {
  const [from, to] = [found(state.shaOf(repository, base)), found(state.shaOf(repository, head))]
  const commits = from === to ? [] : [{ sha: to, commit: { message: `Commit ${to}` } }]
  const count = { ahead_by: commits.length, behind_by: 0, total_commits: commits.length }
  const status = from === to ? 'identical' : 'ahead'
  const answer = { status, ...count, base_commit: { sha: from }, merge_base_commit: { sha: from }, commits, files: [] } // biome-ignore format: one value
  return ok({ ...answer, ...state.comparisons.get(`${base}...${head}`) })
}

const commentOf = ({ state, repository, params }: RepositoryAsk): Comment =>
  found(state.storedComments.find((one) => one.repository === repository && one.id === Number(params.id))) // biome-ignore format: one value

function comment(ask: RepositoryAsk): Answer {
  const { state, repository } = ask
  const { number } = pullOf(ask)
  const { body } = checked(ask, commentBody)
  const made = state.addComment({ repository, number, author: state.bot, body })
  return ok(commentShape(state, made), 201)
}

function comments(ask: RepositoryAsk): Answer {
  const { state, repository, query } = ask
  const { number } = pullOf(ask)
  const since = query.get('since') ?? ''
  const list = state.storedComments
    .filter((one) => one.repository === repository && one.number === number)
    .filter(({ updatedAt }) => since === '' || Date.parse(updatedAt) >= Date.parse(since))
  return listed(ask, list, (one) => commentShape(state, one))
}

function editComment(ask: RepositoryAsk): Answer {
  const [{ state }, changed] = [ask, ownComment(ask)]
  state.editComment(changed, checked(ask, commentBody).body)
  return ok(commentShape(state, changed))
}

function deleteComment(ask: RepositoryAsk): Answer {
  const { storedComments } = ask.state
  storedComments.splice(storedComments.indexOf(ownComment(ask)), 1)
  return { status: 204 }
}

// GitHub lets an app with write access change what people wrote; ours has no reason to.
function ownComment(ask: RepositoryAsk): Comment {
  const { state, path } = ask
  const own = commentOf(ask)
  if (own.author !== state.bot) state.problems.push(`${path}: changes a comment of ${own.author}`)
  return own
}

const reactionsOf = (ask: RepositoryAsk): Reaction[] => {
  const [{ id }, content] = [commentOf(ask), ask.query.get('content')]
  const ofComment = ask.state.storedReactions.filter((one) => one.commentId === id)
  return ofComment.filter((one) => content === null || one.content === content)
}

const reactionShape = ({ state }: RepositoryAsk, { id, content, author }: Reaction) => ({ id, node_id: `REA_${id}`, user: userShape(state, author), content, created_at: state.now() }) // biome-ignore format: one value

function react(ask: RepositoryAsk): Answer {
  const { state } = ask
  const { id: commentId } = commentOf(ask)
  const { content } = checked(ask, z.object({ content: z.enum(contents) }))
  const isSame = (one: Reaction) => one.content === content && one.author === state.bot
  const old = reactionsOf(ask).find(isSame)
  if (old) return ok(reactionShape(ask, old))
  const made = { id: state.next(), commentId, content, author: state.bot }
  state.storedReactions.push(made)
  return ok(reactionShape(ask, made), 201)
}

function deleteReaction(ask: RepositoryAsk): Answer {
  const { storedReactions } = ask.state
  const old = found(reactionsOf(ask).find(({ id }) => id === Number(ask.params.reaction)))
  storedReactions.splice(storedReactions.indexOf(old), 1)
  return { status: 204 }
}
