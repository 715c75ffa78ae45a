import { setTimeout as pause } from 'node:timers/promises'
import { isOver } from '../../domain/event.ts'
import type { EventView } from '../../domain/outcome.ts'
import { eventLine } from '../../messages/event-text.ts'
import { type Client, type Reply, Unreachable } from '../client.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { mayPass, unreachable } from './send.ts'

/** How far an artifact is followed: until the policies have answered, to its releases, to the cluster. */
export type Until = 'decided' | 'released' | 'healthy'

/** Asked often at first, since most is done in a moment, and then seldom: a rollout takes minutes. */
const pollMsFirst = 250
const pollMsMost = 5_000

type Watching = {
  readonly client: Client
  readonly artifactId: string
  readonly until: Until
  readonly timeoutMs: number
}

/**
 * Follows what an artifact’s arrival asked for, and tells each change of it once. A server that is
 * away meanwhile is asked again until the time is up. Throws Unreachable.
 */
export async function watch(
  { client, artifactId, until, timeoutMs }: Watching,
  terminal: Terminal,
): Promise<Reply> {
  const end = performance.now() + timeoutMs
  const told = new Set<string>()
  for (let pollMs = pollMsFirst; ; pollMs = Math.min(pollMs * 1.5, pollMsMost)) {
    const reply = await client.send({ verb: 'event', id: artifactId }).catch(unreachable)
    const isAway = reply instanceof Unreachable || mayPass(reply.status)
    if (isAway && performance.now() < end) {
      await pause(pollMs)
      continue
    }
    if (reply instanceof Unreachable) throw reply
    if (reply.outcome.kind !== 'event') return reply
    for (const line of linesOf(reply.outcome.event, terminal)) {
      if (!told.has(line)) terminal.err(line)
      told.add(line)
    }
    const leftMs = end - performance.now()
    if (isReached(reply.outcome.event, until) || leftMs <= 0) return reply
    await pause(Math.min(pollMs, leftMs))
  }
}

const partsOf = (event: EventView) => (event.events.length > 0 ? event.events : [event])

function linesOf(event: EventView, { paint }: Terminal): string[] {
  const parts = partsOf(event).filter(({ status }) => status !== 'new')
  const health = event.releases.flatMap(({ app, env, health }) =>
    health === undefined ? [] : [`${health.state}  ${app} in ${env}`],
  )
  return [...parts.map((part) => eventLine(part, paint)), ...health]
}

/** Whether there is nothing left to wait for. */
export function isReached(event: EventView, until: Until): boolean {
  if (until === 'decided') return partsOf(event).every(({ status }) => status !== 'new')
  if (!isOver(event.status)) return false
  if (until === 'released' || event.status !== 'processed') return true
  const states = event.releases.map(({ health }) => health?.state)
  return states.includes('failed') || states.every((state) => state === 'healthy')
}

/** What the build ends with. To have been stored is enough when nobody waits. */
export function exitCodeAt(event: EventView, until: Until): number {
  if (until === 'decided') return exitCodes.done
  if (until === 'healthy' && event.status === 'processed') {
    if (event.releases.some(({ health }) => health?.state === 'failed')) return exitCodes.failed
    return isReached(event, until) ? exitCodes.done : exitCodes.waiting
  }
  return exitCodeOf({ kind: 'event', event })
}
