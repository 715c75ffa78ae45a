import type { Sha } from '../domain/names.ts'
import type { Database } from './client.ts'

/** Whether a commit on this tip was meant to be pushed and is not known to have landed. */
export async function isIntendedOn(database: Database, tip: Sha): Promise<boolean> {
  const rows = await database.read(
    `select 1 from commits where tip = ? and state = 'intended' limit 1`,
    [tip],
  )
  return rows.length > 0
}
