import type { TargetedEvent } from '../domain/event.ts'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { markOf } from './outrun.ts'
import type { RunPorts } from './ports.ts'
import { settlePushed } from './settle-pushed.ts'

/** How often a lost race is run again. */
const racesMax = 10

/**
 * Moves the tip, so that no push that was begun before a crash can land any more: only then may the
 * event that it was of end otherwise (row F6). If it lands first, the tip has moved as well.
 */
export async function outdate(ports: RunPorts, tip: Sha): Promise<'moved'> {
  const mark = markOf(ports.clock, 'what was begun before does not land any more')
  const result = await ports.gitops.commit(tip, [mark], async () => true)
  if (result.kind === 'refused' || result.kind === 'blocked')
    throw new Fault('gitops_unreachable', result.reason)
  return 'moved'
}

/** Whether an event was pushed after all; if not, it is not pushed later either. */
export async function wasPushed(ports: RunPorts, event: TargetedEvent): Promise<boolean> {
  for (let race = 0; race < racesMax; race++) {
    if ((await settlePushed(ports, [event])).length > 0) return true
    const tip = await ports.gitops.tip()
    const begun = await ports.events.commitsOf([event.id])
    if (!begun.some((commit) => commit.tip === tip)) return false
    await outdate(ports, tip)
  }
  throw new Fault('gitops_unreachable', `ending a request: ${racesMax} other commits came first`)
}
