import type { EventStatus } from '../domain/event.ts'
import type { NewMessage, Subject } from '../domain/message.ts'
import type { Changes } from './notifier.ts'
import type { SlackNotifierPorts } from './slack.ts'

/** A request that ends within this time is told of once, as ended. */
const settleMs = 1_000

/** The messages that channels do not have yet about what changed: one a request, one a lock. */
export async function channelMessages(
  ports: Pick<SlackNotifierPorts, 'request' | 'lock' | 'channelOf'>,
  { subjects, known, nowMs }: Changes,
): Promise<NewMessage[]> {
  const keys = new Set(known.map(({ key }) => key))
  const added: NewMessage[] = []
  for (const subject of subjects) {
    const key = `channel ${subject.id}`
    if (keys.has(key)) continue
    const found =
      subject.kind === 'lock' ? await lockPlace(ports, subject) : await requestPlace(ports, subject)
    const place = found && ports.channelOf(found)
    if (!found || !place) continue
    added.push({
      key,
      surface: 'slack',
      kind: 'live',
      subject,
      place,
      thread: null,
      body: null,
      dueMs: found.isSettled ? nowMs : nowMs + settleMs,
      untilMs: null,
    })
  }
  return added
}

type Found = { readonly env: string; readonly app: string | null; readonly isSettled: boolean }

async function lockPlace(
  { lock }: Pick<SlackNotifierPorts, 'lock'>,
  { id }: Subject,
): Promise<Found | undefined> {
  const found = await lock(id)
  // What ended before anyone was told of it is no news.
  if (!found || found.endedBy !== null || found.lock.kind !== 'freeze') return undefined
  return { env: found.lock.env, app: found.lock.app, isSettled: true }
}

async function requestPlace(
  { request }: Pick<SlackNotifierPorts, 'request'>,
  { id }: Subject,
): Promise<Found | undefined> {
  const { env = null, app = null, status = 'denied' } = (await request(id)) ?? {}
  if (env === null || app === null || !isNews(status)) return undefined
  return { env, app, isSettled: status !== 'new' }
}

/** A request that never waited and was refused is its asker's own business. */
export const isNews = (status: EventStatus): boolean =>
  status !== 'denied' && status !== 'superseded'
