import type { AuditFinding } from '../domain/audit.ts'
import type { Database } from './client.ts'
import { migrations } from './migrations/list.ts'

/** The triggers of the record as the newest schema has them, by their names. */
const made = new Map<string, string>()
for (const sql of migrations.flatMap(({ statements }) => statements)) {
  const [, verb, name = ''] = /^(create|drop) trigger (audit_\w+)/.exec(sql) ?? []
  if (verb === 'create') made.set(name, sql)
  if (verb === 'drop') made.delete(name)
}

/** Triggers that are gone or were changed: what happened since may not have been recorded. */
export async function changedTriggers({ read }: Pick<Database, 'read'>): Promise<AuditFinding[]> {
  const rows = await read(`select name, sql from sqlite_master where type = 'trigger'`)
  const found = new Map(rows.map(({ name, sql }) => [String(name), plain(String(sql))]))
  return [...made].flatMap(([name, sql]): AuditFinding[] => {
    const is = found.get(name)
    if (is === plain(sql)) return []
    const what = is === undefined ? 'is missing' : 'is another one than the server made'
    const message = `The trigger ${name} ${what}: what happened since may not stand in the record.`
    return [{ what: 'trigger', name, message }]
  })
}

/** SQLite keeps the text, but for how its first words are written. */
const plain = (sql: string): string => sql.replace(/^create trigger/i, 'create trigger')
