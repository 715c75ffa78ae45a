import type { HistoryQuery } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** The releases to an environment, newest first. */
export async function history(ports: CommandPorts, filter: HistoryQuery): Promise<Outcome> {
  return { kind: 'history', releases: await ports.releases.history(filter) }
}
