import type { Actor } from '../domain/actor.ts'
import type { ControlCommand } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import { approve, reject } from './approvals.ts'
import { block, unblock } from './blocks.ts'
import { lock, locks, unlock } from './locks.ts'
import type { CommandPorts } from './ports.ts'

/** Carries out what people put in the way of releases, or out of it. */
export function control(
  ports: CommandPorts,
  actor: Actor,
  command: ControlCommand,
): Promise<Outcome> {
  switch (command.verb) {
    case 'approve':
      return approve(ports, actor, command)
    case 'reject':
      return reject(ports, actor, command)
    case 'block':
      return block(ports, actor, command)
    case 'unblock':
      return unblock(ports, actor, command)
    case 'lock':
      return lock(ports, actor, command)
    case 'unlock':
      return unlock(ports, actor, command)
    case 'locks':
      return locks(ports)
  }
}
