import type { AuditQuery, AuditRecord } from '../domain/audit.ts'
import { type Call, get, timeOf } from './call.ts'

type RecordJson = Omit<AuditRecord, 'detail'> & { readonly detail: object }

/** The HTTP call that asks for the record of changes. */
export const auditCallOf = ({ sinceUnix, untilUnix, ...rest }: AuditQuery): Call => ({
  ...get('/api/audit', { ...rest, since: timeOf(sinceUnix), until: timeOf(untilUnix) }),
  read: (records: readonly RecordJson[]) => ({
    kind: 'audit',
    records: records.map(({ detail, ...one }) => ({ ...one, detail: JSON.stringify(detail) })),
  }),
})
