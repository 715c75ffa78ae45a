import type { Actor } from '../domain/actor.ts'
import { isOver, isTargeted, type TargetedEvent } from '../domain/event.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'
import { requesterOf } from './requester.ts'

/** Approves a request, or every part of one that is of several apps. Who asked may not. */
export async function approve(
  ports: CommandPorts,
  actor: Actor,
  { id }: { id: string },
): Promise<Outcome> {
  const parts = await openParts(ports, id)
  if (isRefusal(parts)) return parts
  if ((await requestersOf(ports, parts)).includes(actor.login))
    return refuse(
      'forbidden',
      `${actor.login} asked for ${id} and may not approve it, but withdraw it: reject ${id}`,
    )
  for (const part of parts)
    await ports.controls.approve({
      eventId: part.id,
      login: actor.login,
      createdUnix: nowUnix(ports),
    })
  ports.wake()
  return { kind: 'approved', id, by: actor.login }
}

/** Ends a request with a no, or withdraws one's own. */
export async function reject(
  ports: CommandPorts,
  actor: Actor,
  { id, reason }: { id: string; reason?: string },
): Promise<Outcome> {
  const parts = await openParts(ports, id)
  if (isRefusal(parts)) return parts
  const isOwn = (await requestersOf(ports, parts)).every((login) => login === actor.login)
  const what = isOwn ? 'withdrawn' : 'rejected'
  const statusDesc = `${what} by ${actor.login}${reason ? `: ${reason}` : ''}`
  for (const part of parts)
    if (!(await ports.controls.reject(part.id, statusDesc, actor.login)))
      return refuse(
        'conflict',
        `${part.id} is being written to the GitOps repository; roll it back instead`,
      )
  ports.wake()
  return { kind: 'rejected', id, by: actor.login, what }
}

const requestersOf = (ports: CommandPorts, parts: readonly TargetedEvent[]) =>
  Promise.all(parts.map((part) => requesterOf(ports, part)))

/** What a request consists of and is not over. */
export async function openParts(
  { events }: CommandPorts,
  id: string,
): Promise<TargetedEvent[] | Refusal> {
  const found = await events.find(id)
  if (!found) return refuse('not_found', `There is no request ${id}`)
  if (!isTargeted(found) && !isOver(found.status))
    return refuse('conflict', `${id} is not looked at yet; try again in a moment`)
  const all = isTargeted(found) ? [found] : (await events.children(id)).filter(isTargeted)
  const open = all.filter(({ status }) => !isOver(status))
  return open.length > 0
    ? open
    : refuse(
        'conflict',
        `${id} is over: ${found.status}${found.statusDesc ? `, ${found.statusDesc}` : ''}`,
      )
}
