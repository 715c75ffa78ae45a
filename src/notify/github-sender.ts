import type { Explanation, RequestCard } from '../domain/card.ts'
import type { EventStatus } from '../domain/event.ts'
import type { Message } from '../domain/message.ts'
import type { Sha } from '../domain/names.ts'
import type { GithubResult } from '../messages/github/api.ts'
import { placeOf } from '../messages/github/places.ts'
import { type GithubContext, requestReply } from '../messages/github/reply.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt, Sender } from './courier.ts'
import { sendArtifact } from './github-artifact.ts'
import { failedAttempt, idIn } from './github-attempt.ts'
import { type CheckPorts, sendCheck } from './github-check.ts'
import { commentAt, writeComment } from './github-comments.ts'
import { GithubPace } from './github-pace.ts'
import { type PolicyCheckPorts, sendPolicies } from './github-policies.ts'
import { type ShipPorts, sendDeployment, sendStatus } from './github-ship.ts'
import { type StickyPorts, sendSticky } from './github-sticky.ts'

export type GithubSenderPorts = StickyPorts &
  CheckPorts &
  PolicyCheckPorts &
  ShipPorts & {
    readonly clock: { nowMs(): number }
    readonly card: (id: string) => Promise<RequestCard | undefined>
    readonly explanation: (id: string) => Promise<Explanation | null>
    /** What a GitOps commit changed, as git shows it. */
    readonly changes: (env: string, ref: Sha) => Promise<string>
    readonly context: () => Promise<GithubContext>
    /** Octokit's route of GraphQL: with its address where that is not beside REST. */
    readonly graphqlRoute: string
  }

type Body = {
  readonly text?: string
  readonly reaction?: string
  readonly commentId?: number
}

/** Sends what GitHub shows: comments, reactions, deployments and statuses, each in its newest state. */
export function githubSender(given: GithubSenderPorts): Sender {
  const pace = new GithubPace(given.clock)
  const ports = { ...given, api: pace.counting(given.api) }
  return {
    surface: 'github',
    name: 'GitHub',
    isLookedUp: true,
    pauseMs: () => pace.pauseMs,
    send(message) {
      const { waitMs } = pace
      if (waitMs > 0) return Promise.resolve({ kind: 'limited', afterMs: waitMs })
      const [, what = ''] = message.key.split(' ')
      return (senders[what] ?? comment)(ports, message)
    },
  }
}

const senders: Readonly<
  Record<string, (ports: GithubSenderPorts, message: Message) => Promise<Attempt>>
> = {
  deployment: sendDeployment,
  status: sendStatus,
  sticky: sendSticky,
  check: sendCheck,
  artifact: sendArtifact,
  policies: sendPolicies,
}

function comment(ports: GithubSenderPorts, message: Message): Promise<Attempt> {
  const { reaction } = bodyOf(message)
  if (message.kind === 'live') return reply(ports, message)
  return reaction === undefined ? answer(ports, message) : react(ports, message, reaction)
}

const bodyOf = ({ body }: Message): Body => (body ?? {}) as Body

async function answer(ports: GithubSenderPorts, message: Message): Promise<Attempt> {
  const text = bodyOf(message).text ?? ''
  const created = await writeComment(ports, commentAt(message), text)
  return attemptOf(message, created, { shown: digest(text), told: [] })
}

/** One comment for a request, edited as it goes on; the comment that asked shows how it ended. */
async function reply(ports: GithubSenderPorts, message: Message): Promise<Attempt> {
  const card = message.subject === null ? undefined : await ports.card(message.subject.id)
  if (!card) return { kind: 'dropped' }
  const { status, id, env } = card.event
  const isTold = status === 'held' || status === 'denied'
  const commit = card.event.gitopsHashes[0]?.hash
  const folds = {
    explanation: isTold ? await ports.explanation(id) : null,
    changes: status === 'processed' && commit && env ? await ports.changes(env, commit) : '',
  }
  const text = requestReply(card, folds, await ports.context())
  const shown = digest(text)
  const { ts, place } = message
  const reaction = reactions[status]
  const told =
    reaction === null || message.told.includes(reaction)
      ? message.told
      : [...message.told, reaction]
  const isNew = told !== message.told
  if (message.shown === shown) {
    if (isNew) await decorate(ports, message, reaction)
    return { kind: 'sent', sent: { ts, place, shown, told }, isCalled: isNew }
  }
  const done = await writeComment(ports, commentAt(message), text)
  const attempt = attemptOf(message, done, { shown, told })
  if (attempt.kind !== 'sent') return attempt
  if (isNew) await decorate(ports, message, reaction)
  if (status === 'superseded') await hide(ports, message, done)
  return attempt
}

/** How a request stands, in GitHub's few signs. */
const reactions: Readonly<Record<EventStatus, string | null>> = {
  new: null,
  held: '+1',
  processed: 'rocket',
  denied: '-1',
  superseded: null,
  error: '-1',
}

async function decorate(ports: GithubSenderPorts, message: Message, reaction: string | null) {
  if (reaction !== null) await react(ports, message, reaction)
}

/** Folds away what is of no use any more. Decoration: it is not tried again when GitHub says no. */
async function hide(
  { api, graphqlRoute }: GithubSenderPorts,
  message: Message,
  done: GithubResult,
) {
  const { node_id: id } = ((done.kind === 'ok' ? done.data : null) ?? {}) as { node_id?: unknown }
  if (typeof id !== 'string') return
  const query =
    'mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { clientMutationId } }'
  await api.call(placeOf(message).installation, graphqlRoute, { query, variables: { id } })
}

/** Whatever becomes of a reaction, it is decoration, and not tried again when GitHub says no. */
async function react(
  { api }: GithubSenderPorts,
  message: Message,
  content: string,
): Promise<Attempt> {
  const { installation, of } = placeOf(message)
  const { commentId } = bodyOf(message)
  const route = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions'
  const result = await api.call(installation, route, { ...of, comment_id: commentId, content })
  if (result.kind === 'refused') return { kind: 'dropped' }
  return attemptOf(message, result, { shown: content, told: [] })
}

function attemptOf(
  message: Message,
  result: GithubResult,
  { shown, told }: { shown: string; told: readonly string[] },
): Attempt {
  if (result.kind === 'ok') {
    const ts = message.ts ?? idIn(result.data)
    return { kind: 'sent', sent: { ts, place: message.place, shown, told }, isCalled: true }
  }
  const isGone =
    result.kind === 'refused' &&
    message.ts !== null &&
    (result.status === 404 || result.status === 410)
  return isGone ? { kind: 'dropped' } : failedAttempt(result, 'a comment')
}
