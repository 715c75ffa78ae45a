import type { RequestCard } from '../domain/card.ts'
import type { Lock } from '../domain/control.ts'
import type { ReleaseEvent } from '../domain/event.ts'
import type { NewMessage } from '../domain/message.ts'
import type { SlackApi } from '../messages/slack/api.ts'
import type { SlackContext } from '../messages/slack/context.ts'
import { brokenLockMessage } from '../messages/slack/control.ts'
import { channelMessages } from './channel-messages.ts'
import { type Changes, Notifier, type NotifierPorts } from './notifier.ts'
import { slackSender } from './slack-sender.ts'

/** How long what Slack sent is remembered: it repeats within an hour. */
const deliveriesMs = 24 * 60 * 60_000
const noticeMs = 24 * 60 * 60_000

export type EndedLock = { readonly lock: Lock; readonly endedBy: string | null }

export type SlackNotifierPorts = NotifierPorts & {
  readonly card: (id: string) => Promise<RequestCard | undefined>
  readonly request: (id: string) => Promise<ReleaseEvent | undefined>
  readonly lock: (id: string) => Promise<EndedLock | undefined>
  readonly context: () => Promise<SlackContext>
  /** The Slack users of administrators, who are told what only they can mend. */
  readonly admins: () => Promise<readonly string[]>
  /** The channel for an app in an environment; `null` when none is configured. */
  readonly channelOf: (place: { env: string; app: string | null }) => string | null
  readonly api: SlackApi
}

/** Tells Slack what has changed: each request and each lock in the channel of its environment. */
export const slackNotifier = (ports: SlackNotifierPorts): Notifier =>
  new Notifier(ports, {
    sender: slackSender(ports),
    deliveriesMs,
    added: async (changes) => [
      ...(await channelMessages(ports, changes)),
      ...(await brokenLocks(ports, changes)),
    ],
  })

/** Whoever ends the lock of another says so to its holder. */
async function brokenLocks(
  ports: SlackNotifierPorts,
  { subjects, nowMs }: Changes,
): Promise<NewMessage[]> {
  const context = await ports.context()
  const told: NewMessage[] = []
  for (const { id } of subjects.filter(({ kind }) => kind === 'lock')) {
    const found = await ports.lock(id)
    const holder = found && context.slackUser(found.lock.by)
    if (!found?.endedBy || found.endedBy === found.lock.by || !holder) continue
    told.push({
      ...({ surface: 'slack', kind: 'post', subject: null, thread: null } as const),
      key: `broken ${id}`,
      place: holder,
      body: brokenLockMessage(found.lock, found.endedBy, context),
      dueMs: nowMs,
      untilMs: nowMs + noticeMs,
    })
  }
  return told
}
