import { isOver } from '../domain/event.ts'
import type { Message } from '../domain/message.ts'
import type { SlackResult } from '../messages/slack/api.ts'
import { lockMessage } from '../messages/slack/control.ts'
import { digest, message as messageOf, type SlackMessage } from '../messages/slack/message.ts'
import { requestMessage } from '../messages/slack/request.ts'
import { lines } from '../messages/slack/rich.ts'
import { type Step, stepsOf } from '../messages/slack/steps.ts'
import { isNews } from './channel-messages.ts'
import type { SlackNotifierPorts } from './slack.ts'
import { isForever, mendingText } from './slack-errors.ts'

/** Slack's own pace: a message a second in a channel. */
const channelPauseMs = 1_050
/** An answer's address takes five answers. */
const responsesMax = 5
/** Waits after Slack could not be reached, doubled each time. */
const outageMs = { first: 1_000, most: 60_000 } as const
/** What Slack refuses is tried again this often and that many times: someone may mend it meanwhile. */
const refusedMs = 10 * 60_000
const refusedMax = 144
/** How many channels are written to at once. */
const besidesMax = 8

/** What a message shows now. */
type Content = {
  readonly message: SlackMessage
  readonly steps: readonly Step[]
  /** Nothing will change any more: a message that someone took away stays away. */
  readonly isOver: boolean
  /** Nobody needs to be told if nobody was. */
  readonly isNews: boolean
}

/** Sends messages to Slack: in order within a place, at Slack's pace, and each in its newest state. */
export class Courier {
  readonly #ports: SlackNotifierPorts
  readonly #nextMs = new Map<string, number>()
  #pausedUntilMs = 0
  #busyUntilMs = 0
  #outages = 0

  constructor(ports: SlackNotifierPorts) {
    this.#ports = ports
  }

  /** Unix milliseconds before which there is nothing to send, whatever is due. */
  get freeMs(): number {
    return Math.max(this.#pausedUntilMs, this.#busyUntilMs)
  }

  /** Sends what is due, a message each place at a time. */
  async deliver(isStopping: () => boolean): Promise<void> {
    const { messages, clock } = this.#ports
    while (!isStopping()) {
      const nowMs = clock.nowMs()
      if (nowMs < this.#pausedUntilMs) return
      const due = await messages.due('slack', nowMs)
      const freeMs = due.map(({ place }) => this.#nextMs.get(place) ?? 0)
      const ready = due.filter((_, at) => (freeMs[at] ?? 0) <= nowMs)
      this.#busyUntilMs = ready.length > 0 ? 0 : Math.min(...freeMs, Number.MAX_SAFE_INTEGER)
      if (ready.length === 0) return
      await Promise.all(ready.slice(0, besidesMax).map((message) => this.#send(message)))
    }
  }

  async #send(message: Message): Promise<void> {
    const { clock, messages } = this.#ports
    if (message.untilMs !== null && message.untilMs < clock.nowMs())
      return messages.giveUp(message, null)
    if (message.kind === 'post') return this.#post(message)
    const content = await this.#contentOf(message)
    if (
      content === null ||
      (message.ts === null && !content.isNews && message.key.startsWith('channel '))
    )
      return messages.giveUp(message, null)
    const isReply = message.place.startsWith('http')
    if (isReply) return this.#reply(message, content)
    await this.#show(message, content)
  }

  async #contentOf({ subject }: Message): Promise<Content | null> {
    const { card, lock, context: contextNow } = this.#ports
    if (subject === null) return null
    const context = await contextNow()
    if (subject.kind === 'lock') {
      const found = await lock(subject.id)
      const isEnded = found?.endedBy !== null
      return found
        ? { message: lockMessage(found.lock, found.endedBy, context), steps: [], isOver: isEnded, isNews: true } // biome-ignore format: one value
        : null
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

  /** Something that is sent once. */
  async #post(message: Message): Promise<void> {
    const body = message.body as SlackMessage & { readonly user?: string }
    const { place: channel, thread } = message
    const args = { channel, ...(thread === null ? {} : { thread_ts: thread }), ...body }
    const method = body.user === undefined ? 'chat.postMessage' : 'chat.postEphemeral'
    const sent = channel.startsWith('http')
      ? await this.#ports.api.respond(channel, body)
      : await this.#ports.api.call(method, args)
    const { user, ...words } = body
    const isElsewhere = sent.kind === 'refused' && user !== undefined && cannotSee.has(sent.error)
    // Where the app is not, one person can still be told alone.
    const result = isElsewhere
      ? await this.#ports.api.call('chat.postMessage', { channel: user, ...words })
      : sent
    await this.#took(message, result, { ts: null, shown: null, told: [] })
  }

  /** The answer to a command, replaced in place as long as Slack takes it. */
  async #reply(message: Message, { message: shown }: Content): Promise<void> {
    const mark = digest(shown)
    const { ts, told } = message
    if (message.shown === mark || told.length >= responsesMax - 1)
      return this.#took(message, done, { ts, shown: message.shown, told })
    const result = await this.#ports.api.respond(message.place, {
      ...shown,
      replace_original: true,
    })
    await this.#took(message, result, { ts, shown: mark, told: [...told, mark] })
  }

  /** A message in a channel: sent once, edited since, with what happened told in its thread. */
  async #show(
    message: Message,
    { message: shown, steps, isOver: isEnded }: Content,
  ): Promise<void> {
    const mark = digest(shown)
    const keys = steps.map(({ key }) => key)
    if (message.ts === null) {
      const args = { channel: message.place, ...shown, ...threadOf(message), unfurl_links: false }
      const result = await this.#ports.api.call('chat.postMessage', args)
      const sent = { ...placeIn(result, message), shown: mark, told: keys }
      return this.#took(message, result, sent)
    }
    const sent = { ts: message.ts, place: message.place, shown: mark, told: message.told }
    if (message.shown !== mark) {
      const args = { channel: message.place, ts: message.ts, ...shown }
      const result = await this.#ports.api.call('chat.update', args)
      if (result.kind === 'refused' && isGone(result.error)) return this.#gone(message, isEnded)
      if (result.kind !== 'ok') return this.#took(message, result, sent)
    }
    await this.#tellSteps(message, { steps, sent })
  }

  /** Whoever follows the thread hears of each step once; several at once are one reply. */
  async #tellSteps(
    message: Message,
    { steps, sent }: { steps: readonly Step[]; sent: SentAs },
  ): Promise<void> {
    // biome-ignore format: one signature
    const news = message.thread === null ? steps.filter(({ key }) => !sent.told.includes(key)) : []
    const told = [...sent.told, ...news.map(({ key }) => key)]
    const [first] = news
    if (!first) return this.#took(message, done, { ...sent, told })
    const reply = messageOf(
      news.flatMap(({ line }) => line),
      [lines(...news.map(({ line }) => line))],
    )
    const args = {
      ...{ channel: message.place, thread_ts: message.ts, ...reply, unfurl_links: false },
      ...(news.some(({ isAlert }) => isAlert) ? { reply_broadcast: true } : {}),
    }
    const result = await this.#ports.api.call('chat.postMessage', args)
    // The edit itself is done, whatever becomes of the reply.
    await this.#took(message, result, { ...sent, told })
  }

  /** Someone took the message away: what still waits is shown anew, what is over stays away. */
  async #gone(message: Message, isEnded: boolean): Promise<void> {
    const { messages, clock } = this.#ports
    if (isEnded) return messages.giveUp(message, null)
    const again = { ...message, changed: message.changed - 1 }
    await messages.sent(again, { ts: null, place: message.place, shown: null, told: [] })
    this.#nextMs.set(message.place, clock.nowMs() + channelPauseMs)
  }

  async #took(message: Message, result: SlackResult, sent: SentAs): Promise<void> {
    const { messages, clock } = this.#ports
    const nowMs = clock.nowMs()
    const { place = message.place } = sent
    if (result !== done && !place.startsWith('http'))
      for (const one of [place, message.place]) this.#nextMs.set(one, nowMs + channelPauseMs)
    switch (result.kind) {
      case 'ok':
        this.#outages = 0
        return messages.sent(message, { ...sent, place })
      case 'limited':
        this.#pausedUntilMs = nowMs + result.afterMs
        return messages.postpone(message, { dueMs: nowMs + result.afterMs, problem: 'Slack asks to wait', isAttempt: false }) // biome-ignore format: one line
      case 'unreachable':
        return this.#outage(message, result.problem)
      case 'refused':
        return this.#refused(message, result)
    }
  }

  /** Nobody can be told: everything waits, and nothing counts as tried. */
  async #outage(message: Message, problem: string): Promise<void> {
    const { messages, clock, log } = this.#ports
    if (this.#outages === 0) log.warn({ problem }, 'Slack does not answer')
    const wait = Math.min(outageMs.most, outageMs.first * 2 ** this.#outages++)
    this.#pausedUntilMs = clock.nowMs() + Math.round(wait * (0.5 + Math.random() / 2))
    await messages.postpone(message, { dueMs: this.#pausedUntilMs, problem: `Slack does not answer: ${problem}`, isAttempt: false }) // biome-ignore format: one line
  }

  /** Slack said no: an administrator can mend most of that, and is told once how. */
  async #refused(
    message: Message,
    { error, needed }: { error: string; needed: string | null },
  ): Promise<void> {
    // biome-ignore format: one signature
    const { messages, clock, log, admins } = this.#ports
    const problem = mendingText(error, { needed, place: message.place })
    if (message.attempts === 0) log.warn({ place: shownPlace(message.place), error, problem }, 'Slack refuses a message') // biome-ignore format: one line
    if (isForever(error) || message.attempts >= refusedMax || message.place.startsWith('http'))
      return messages.giveUp(message, problem)
    const nowMs = clock.nowMs()
    await messages.postpone(message, { dueMs: nowMs + refusedMs, problem, isAttempt: true })
    if (message.key.startsWith('problem ')) return
    const told = (await admins()).map((user) => ({
      key: `problem ${user} ${error} ${message.place}`,
      ...({ surface: 'slack', kind: 'post', subject: null, place: user, thread: null } as const),
      body: messageOf(
        [{ type: 'text', text: problem }],
        [lines([{ type: 'text', text: problem }])],
      ),
      dueMs: nowMs,
      untilMs: nowMs + 24 * 60 * 60_000,
    }))
    await messages.put(told, nowMs)
  }
}

type SentAs = {
  readonly ts: string | null
  readonly place?: string
  readonly shown: string | null
  readonly told: readonly string[]
}

/** Nothing had to be sent. */
const done: SlackResult = { kind: 'ok', body: {} }

/** What Slack says of a channel in which the app cannot speak to this person. */
const cannotSee: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'user_not_in_channel',
  'is_archived',
])

const isGone = (error: string) => error === 'message_not_found' || error === 'cant_update_message'

const threadOf = ({ thread }: Message) => (thread === null ? {} : { thread_ts: thread })

/** The name that Slack gave a message; a channel that was named has an id from now on. */
function placeIn(result: SlackResult, { place }: Message): { ts: string | null; place: string } {
  const { ts, channel } = result.kind === 'ok' ? result.body : {}
  return {
    ts: typeof ts === 'string' ? ts : null,
    place: typeof channel === 'string' ? channel : place,
  }
}

/** An answer's address is a secret of its own. */
const shownPlace = (place: string) => (place.startsWith('http') ? 'an answer' : place)
