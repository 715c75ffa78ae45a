import type { AuditQuery } from '../domain/audit.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** What was changed by whom, newest first. */
export async function audit(ports: CommandPorts, query: AuditQuery): Promise<Outcome> {
  return { kind: 'audit', records: await ports.audit.list(query) }
}
