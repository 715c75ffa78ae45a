import type { Explanation, RequestCard } from '../domain/card.ts'
import type { EventStatus } from '../domain/event.ts'
import type { Message, Sent } from '../domain/message.ts'
import type { GithubApi, GithubResult } from '../messages/github/api.ts'
import { type GithubContext, requestReply } from '../messages/github/reply.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt, Sender } from './courier.ts'

/** GitHub's own pace: 80 texts a minute for all of an app. */
const writePauseMs = 800
/** How many comments are looked through for one that may be ours already. */
const lookMax = 100

export type GithubSenderPorts = {
  readonly api: GithubApi
  readonly card: (id: string) => Promise<RequestCard | undefined>
  readonly explanation: (id: string) => Promise<Explanation | null>
  readonly context: () => Promise<GithubContext>
}

type Body = {
  readonly text?: string
  readonly reaction?: string
  readonly commentId?: number
}

/** Sends comments and reactions to GitHub, each in its newest state. */
export const githubSender = (ports: GithubSenderPorts): Sender => ({
  surface: 'github',
  name: 'GitHub',
  isLookedUp: true,
  pauseMs: () => writePauseMs,
  send(message) {
    const { reaction } = bodyOf(message)
    if (message.kind === 'live') return reply(ports, message)
    return reaction === undefined ? answer(ports, message) : react(ports, message, reaction)
  },
})

const bodyOf = ({ body }: Message): Body => (body ?? {}) as Body

type Place = {
  readonly installation: number
  readonly of: { readonly owner: string; readonly repo: string }
  readonly number: number
}

function placeOf({ place }: Message): Place {
  const [installation = '', name = '', number = ''] = place.split(' ')
  const [owner = '', repo = ''] = name.split('/')
  return { installation: Number(installation), of: { owner, repo }, number: Number(number) }
}

/** A comment is known as ours by what nobody sees of it. */
const marked = (text: string, { key }: Message) => `${text}\n\n<!-- ${markOf(key)} -->`
const markOf = (key: string) => `gimlet:${key.replaceAll(/[^a-z0-9]+/gi, '-')}`

async function answer(ports: GithubSenderPorts, message: Message): Promise<Attempt> {
  const text = bodyOf(message).text ?? ''
  const created = await create(ports, message, text)
  return attemptOf(message, created, { shown: digest(text), told: [] })
}

/** One comment for a request, edited as it goes on; the comment that asked shows how it ended. */
async function reply(ports: GithubSenderPorts, message: Message): Promise<Attempt> {
  const card = message.subject === null ? undefined : await ports.card(message.subject.id)
  if (!card) return { kind: 'dropped' }
  const isTold = card.event.status === 'held' || card.event.status === 'denied'
  const why = isTold ? await ports.explanation(card.event.id) : null
  const text = requestReply(card, why, await ports.context())
  const shown = digest(text)
  const { ts, place } = message
  const reaction = reactions[card.event.status]
  const told = reaction === null || message.told.includes(reaction) ? message.told : [...message.told, reaction] // biome-ignore format: one value
  if (message.shown !== shown) {
    const done = ts === null ? await create(ports, message, text) : await edit(ports, message, text)
    const attempt = attemptOf(message, done, { shown, told })
    if (attempt.kind !== 'sent') return attempt
    if (told !== message.told) await decorate(ports, message, reaction)
    return attempt
  }
  const isNew = told !== message.told
  if (isNew) await decorate(ports, message, reaction)
  return { kind: 'sent', sent: { ts, place, shown, told }, isCalled: isNew }
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

/** Writes a comment, unless one that was thought lost is there. */
async function create(
  { api }: GithubSenderPorts,
  message: Message,
  text: string,
): Promise<GithubResult> {
  const { installation, of, number } = placeOf(message)
  if (message.isTried) {
    const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments'
    const since = new Date(message.createdMs - 60_000).toISOString()
    const listed = await api.call(installation, route, { ...of, issue_number: number, since, per_page: lookMax }) // biome-ignore format: one call
    if (listed.kind !== 'ok') return listed
    const found = commentWith(listed.data, markOf(message.key))
    if (found !== null) return { kind: 'ok', status: 200, data: { id: found } }
  }
  const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments'
  return api.call(installation, route, { ...of, issue_number: number, body: marked(text, message) })
}

async function edit(
  { api }: GithubSenderPorts,
  message: Message,
  text: string,
): Promise<GithubResult> {
  const { installation, of } = placeOf(message)
  const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}'
  return api.call(installation, route, { ...of, comment_id: Number(message.ts), body: marked(text, message) }) // biome-ignore format: one call
}

function commentWith(data: unknown, mark: string): number | null {
  const comments = Array.isArray(data) ? (data as { id?: unknown; body?: unknown }[]) : []
  const found = comments.find(({ body }) => typeof body === 'string' && body.includes(`<!-- ${mark} -->`)) // biome-ignore format: one value
  return typeof found?.id === 'number' ? found.id : null
}

function attemptOf(
  message: Message,
  result: GithubResult,
  { shown, told }: Pick<Sent, 'shown' | 'told'>,
): Attempt {
  switch (result.kind) {
    case 'ok': {
      const { id } = (result.data ?? {}) as { id?: unknown }
      const ts = message.ts ?? (id === undefined ? null : String(id))
      return { kind: 'sent', sent: { ts, place: message.place, shown, told }, isCalled: true }
    }
    case 'refused': {
      const isGone = message.ts !== null && (result.status === 404 || result.status === 410)
      if (isGone) return { kind: 'dropped' }
      const problem = `GitHub refuses a comment: ${result.status} ${result.message}`
      return { kind: 'refused', problem, isForever: result.status === 422, notices: [] }
    }
    case 'limited':
    case 'unreachable':
      return result
  }
}
