import { setTimeout as pause } from 'node:timers/promises'
import { isOver } from '../domain/event.ts'
import type { EventView } from '../domain/outcome.ts'
import { eventLine } from '../messages/event-text.ts'
import type { Client, Reply } from './client.ts'
import type { Terminal } from './terminal.ts'

/** How often the server is asked. */
const pollMs = 250

type Following = {
  readonly client: Client
  readonly id: string
  readonly timeoutMs: number
  /** Until the cluster has said what it makes of what was released. */
  readonly isToCluster?: boolean
}

/** Follows a request until it is over or the time is up, and tells each change of it once. */
export async function follow(
  { client, id, timeoutMs, isToCluster = false }: Following,
  terminal: Terminal,
): Promise<Reply> {
  const end = performance.now() + timeoutMs
  const told = new Set<string>()
  for (;;) {
    const reply = await client.send({ verb: 'event', id })
    if (reply.outcome.kind !== 'event') return reply
    const { event } = reply.outcome
    const parts = event.events.length > 0 ? event.events : [event]
    for (const part of parts.filter(({ status }) => status !== 'new')) {
      const line = eventLine(part, terminal.paint)
      if (!told.has(line)) terminal.err(line)
      told.add(line)
    }
    const isEnd = isToCluster ? isInCluster(event) : isOver(event.status)
    if (isEnd || performance.now() > end) return reply
    await pause(pollMs)
  }
}

/** Nothing more is to come: it did not get there, or the cluster has said what became of all of it. */
const isInCluster = ({ status, releases }: EventView): boolean =>
  isOver(status) && releases.every(({ health }) => health && health.state !== 'progressing')
