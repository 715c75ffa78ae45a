import type { Actor } from '../domain/actor.ts'
import type { NewEvent } from '../domain/event.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** What a person or a program wants done. */
export type Asked = Pick<NewEvent, 'artifactId' | 'env' | 'app' | 'toRef' | 'about'> & {
  readonly kind: 'release' | 'rollback' | 'delete'
  readonly reason: string | undefined
  readonly forced?: boolean
}

export const nowUnix = ({ clock }: CommandPorts): number => Math.floor(clock.nowMs() / 1000)

/** The event that a wish becomes, not kept yet. */
export const eventOf = (
  { ids, clock, source }: CommandPorts,
  actor: Actor,
  asked: Asked,
): NewEvent => ({
  ...asked,
  id: ids.next('event'),
  parentId: null,
  reason: asked.reason ?? '',
  actor,
  source,
  createdMs: clock.nowMs(),
})

/** Keeps a wish durably and wakes the loop; only then is it answered. */
export async function ask(ports: CommandPorts, actor: Actor, asked: Asked): Promise<Outcome> {
  const event = eventOf(ports, actor, asked)
  await ports.events.add(event)
  ports.wake()
  return { kind: 'accepted', id: event.id, what: asked.kind }
}
