import type { AuditLook, AuditRecord } from '../domain/audit.ts'
import { clean, type Paint } from './paint.ts'
import { nothing, type Style } from './style.ts'
import { table } from './table.ts'

/** What was changed by whom, a line each. */
export function auditText(records: readonly AuditRecord[], style: Style): string {
  if (records.length === 0) return nothing('No record fits.', style)
  const rows = records.map(({ seq, atMs, actor, action, env, app, subject, detail }) => [
    ...[String(seq), new Date(atMs).toISOString(), actor, action],
    ...[[env, app].filter(Boolean).join('/'), subject, detailText(detail)],
  ])
  return table(['', 'WHEN', 'ACTOR', 'ACTION', 'WHERE', 'WHAT', 'DETAIL'], rows, style.paint)
}

/** `kind=release artifact=web-1`: what is empty says nothing. */
const detailText = (detail: string): string =>
  Object.entries(JSON.parse(detail) as Record<string, unknown>)
    .filter(([, value]) => value !== null && value !== '' && value !== 0 && value !== '[]')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')

/** What a look at the whole record came to, in sentences. */
export function auditLookText(look: AuditLook, paint: Paint): string {
  const { records, seals, anchors, unsealed, head, findings } = look
  const lines = [
    head
      ? `${seals} seals fit, up to record ${head.seq} of ${records}: ${head.hash}`
      : `Nothing is sealed yet of ${records} records.`,
    `${anchors} commits of the GitOps repositories say where the record stood.`,
    ...(unsealed > 0
      ? [`${unsealed} records are not sealed yet: they could still be changed unnoticed.`]
      : []),
    ...(findings.length > 0
      ? findings.map(({ message }) => paint.red(clean(message)))
      : [paint.green('All of it fits.')]),
  ]
  return lines.join('\n')
}
