import { isOver } from '../domain/event.ts'
import type { Message, NewMessage, Sent } from '../domain/message.ts'
import type { SlackResult } from '../messages/slack/api.ts'
import { lockMessage } from '../messages/slack/control.ts'
import { digest, message as messageOf, type SlackMessage, said } from '../messages/slack/message.ts'
import { requestMessage } from '../messages/slack/request.ts'
import { lines, text } from '../messages/slack/rich.ts'
import { type Step, stepsOf } from '../messages/slack/steps.ts'
import { isNews } from './channel-messages.ts'
import type { Attempt, Sender } from './courier.ts'
import type { SlackNotifierPorts } from './slack.ts'
import { isForever, mendingText } from './slack-errors.ts'

/** Slack's own pace: a message a second in a channel. Answers have none. */
const channelPauseMs = 1_050
/** An answer's address takes five answers; the first was the answer itself. */
const responsesMax = 4
const noticeMs = 24 * 60 * 60_000

export type SlackSenderPorts = Pick<
  SlackNotifierPorts,
  'api' | 'card' | 'lock' | 'context' | 'admins' | 'clock'
>

/** What a message shows now. */
type Content = {
  readonly message: SlackMessage
  readonly steps: readonly Step[]
  /** Nothing will change any more: a message that someone took away stays away. */
  readonly isOver: boolean
  /** Nobody needs to be told if nobody was. */
  readonly isNews: boolean
}

/** Sends messages to Slack, each in its newest state. */
export const slackSender = (ports: SlackSenderPorts): Sender => ({
  surface: 'slack',
  name: 'Slack',
  // To look for it would take the right to read what people write.
  isLookedUp: false,
  pauseMs: (place) => (isAnswer(place) ? 0 : channelPauseMs),
  send: (message) => (message.kind === 'post' ? post(ports, message) : show(ports, message)),
})

/** An address for answers, not a channel. */
const isAnswer = (place: string): boolean => place.startsWith('http')

/** Something that is sent once. */
async function post(ports: SlackSenderPorts, message: Message): Promise<Attempt> {
  const body = message.body as SlackMessage & { readonly user?: string }
  const { place: channel, thread } = message
  const sent = { ts: null, place: channel, shown: null, told: [] }
  if (isAnswer(channel))
    return attemptOf(ports, message, { result: await ports.api.respond(channel, body), sent })
  const { user, ...words } = body
  const args = { channel, ...(thread === null ? {} : { thread_ts: thread }), ...body }
  const method = user === undefined ? 'chat.postMessage' : 'chat.postEphemeral'
  const first = await ports.api.call(method, args)
  const isElsewhere = first.kind === 'refused' && user !== undefined && cannotSee.has(first.error)
  // Where the app is not, one person can still be told alone.
  const result = isElsewhere
    ? await ports.api.call('chat.postMessage', { channel: user, ...words })
    : first
  return attemptOf(ports, message, { result, sent })
}

/** A message that is kept up to date. */
async function show(ports: SlackSenderPorts, message: Message): Promise<Attempt> {
  const content = await contentOf(ports, message)
  if (content === null) return { kind: 'dropped' }
  if (isAnswer(message.place)) return reply(ports, message, content)
  const isFirst = message.ts === null
  if (isFirst && !content.isNews && message.key.startsWith('channel ')) return { kind: 'dropped' }
  return isFirst ? begin(ports, message, content) : edit(ports, message, content)
}

async function contentOf(
  { card, lock, context: contextNow }: SlackSenderPorts,
  { subject }: Message,
): Promise<Content | null> {
  if (subject === null) return null
  const context = await contextNow()
  if (subject.kind === 'lock') {
    const found = await lock(subject.id)
    if (!found) return null
    const message = lockMessage(found.lock, found.endedBy, context)
    return { message, steps: [], isOver: found.endedBy !== null, isNews: true }
  }
  const found = await card(subject.id)
  if (!found) return null
  return {
    message: requestMessage(found, context),
    steps: found.parts.length > 0 ? [] : stepsOf(found, context),
    isOver: isOver(found.event.status),
    isNews: isNews(found.event.status),
  }
}

/** The answer to a command, replaced in place as long as Slack takes it. */
async function reply(
  ports: SlackSenderPorts,
  message: Message,
  { message: shown }: Content,
): Promise<Attempt> {
  const mark = digest(shown)
  const { ts, place, told } = message
  if (message.shown === mark || told.length >= responsesMax)
    return { kind: 'sent', sent: { ts, place, shown: message.shown, told }, isCalled: false }
  const result = await ports.api.respond(place, { ...shown, replace_original: true })
  const sent = { ts, place, shown: mark, told: [...told, mark] }
  return attemptOf(ports, message, { result, sent })
}

async function begin(
  ports: SlackSenderPorts,
  message: Message,
  { message: shown, steps }: Content,
): Promise<Attempt> {
  const { place: channel, thread } = message
  const inThread = thread === null ? {} : { thread_ts: thread }
  const args = { channel, ...shown, ...inThread, unfurl_links: false }
  const result = await ports.api.call('chat.postMessage', args)
  const { ts, channel: id } = result.kind === 'ok' ? result.body : {}
  const sent = {
    ts: typeof ts === 'string' ? ts : null,
    // A channel that was named has an id from now on.
    place: typeof id === 'string' ? id : channel,
    shown: digest(shown),
    told: steps.map(({ key }) => key),
  }
  return attemptOf(ports, message, { result, sent })
}

/** Edits a message that is there, and tells its thread what happened since. */
async function edit(
  ports: SlackSenderPorts,
  message: Message,
  { message: shown, steps, isOver: isEnded }: Content,
): Promise<Attempt> {
  const { ts, place, told } = message
  const sent = { ts, place, shown: digest(shown), told }
  const isSame = message.shown === sent.shown
  if (!isSame) {
    const result = await ports.api.call('chat.update', { channel: place, ts, ...shown })
    const isGone = result.kind === 'refused' && gone.has(result.error)
    if (isGone) return { kind: isEnded ? 'dropped' : 'gone' }
    if (result.kind !== 'ok') return attemptOf(ports, message, { result, sent })
  }
  const news = message.thread === null ? steps.filter(({ key }) => !told.includes(key)) : []
  const all = { ...sent, told: [...told, ...news.map(({ key }) => key)] }
  if (news.length === 0) return { kind: 'sent', sent: all, isCalled: !isSame }
  const result = await ports.api.call('chat.postMessage', stepsReply(message, news))
  return attemptOf(ports, message, { result, sent: all })
}

/** Whoever follows the thread hears of each step once; several at once are one reply. */
function stepsReply({ place: channel, ts }: Message, news: readonly Step[]) {
  const head = news.flatMap(({ line }) => line)
  const words = messageOf(head, [lines(...news.map(({ line }) => line))])
  const isAlert = news.some((step) => step.isAlert)
  const args = { channel, thread_ts: ts, ...words, unfurl_links: false }
  return isAlert ? { ...args, reply_broadcast: true } : args
}

async function attemptOf(
  ports: SlackSenderPorts,
  message: Message,
  { result, sent }: { result: SlackResult; sent: Sent },
): Promise<Attempt> {
  if (result.kind === 'ok') return { kind: 'sent', sent, isCalled: true }
  if (result.kind !== 'refused') return result
  const { error, needed } = result
  const problem = mendingText(error, { needed, place: message.place })
  const isNotice = message.key.startsWith('problem ')
  const notices = isNotice ? [] : await noticesOf(ports, `${error} ${message.place}`, problem)
  return {
    kind: 'refused',
    problem,
    isForever: isForever(error) || isAnswer(message.place),
    notices,
  }
}

/** What only an administrator can mend is told to them, once. */
async function noticesOf(
  { admins, clock }: SlackSenderPorts,
  what: string,
  problem: string,
): Promise<NewMessage[]> {
  const nowMs = clock.nowMs()
  return (await admins()).map((user) => ({
    ...({ surface: 'slack', kind: 'post', subject: null, thread: null } as const),
    key: `problem ${user} ${what}`,
    place: user,
    body: said([text(problem)]),
    dueMs: nowMs,
    untilMs: nowMs + noticeMs,
  }))
}

/** What Slack says of a channel in which the app cannot speak to this person. */
const cannotSee: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'user_not_in_channel',
  'is_archived',
])

const gone: ReadonlySet<string> = new Set(['message_not_found', 'cant_update_message'])
