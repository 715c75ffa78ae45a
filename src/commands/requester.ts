import type { ReleaseEvent } from '../domain/event.ts'
import type { CommandPorts } from './ports.ts'

/** Who made a request, by the name that they have now: two logins may be one person since. */
export async function requesterOf(
  { sources, gitops }: CommandPorts,
  { actor }: ReleaseEvent,
): Promise<string> {
  const { people } = await sources.policies(await gitops.lastTip())
  return people.ofToken(actor.login)?.login ?? actor.login
}
