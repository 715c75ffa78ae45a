import { Fault } from '../domain/fault.ts'
import type { Database } from './client.ts'
import { schemaOf } from './migrate.ts'

/** The name under which a backup knows when it was made. */
const stampName = 'backup'

/** What is counted of a database, so that a person can tell whether it is theirs. */
export const counted = {
  artifacts: 'artifacts',
  events: 'events',
  decisions: 'decisions',
  releases: 'releases',
  users: 'users',
  locks: 'locks where ended is null',
} as const
export type Counts = Readonly<Record<keyof typeof counted, number>>

/** What a backup holds. */
export type Held = {
  readonly schema: number
  /** When it was made, in Unix milliseconds; `null` when another program copied it. */
  readonly madeMs: number | null
  readonly counts: Counts
}

/** So many bytes a copy of the database takes at most. */
export async function bytesOf(database: Database): Promise<number> {
  const [row] = await database.read(
    'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
  )
  return Number(row?.bytes)
}

/** Copies all that is committed at this moment into a file that is empty, beside whoever writes. */
export async function copyInto(database: Database, file: string): Promise<void> {
  await database.read('vacuum into ?', [file])
}

/** Keeps in a backup when it was made. */
export async function stampWith(database: Database, madeMs: number): Promise<void> {
  await database.write([
    {
      sql: 'insert into known values (?, ?) on conflict (name) do update set value = excluded.value',
      args: [stampName, String(madeMs)],
    },
  ])
}

/** Looks whether a file is whole, is a database of ours, and is none of a newer program's. */
export async function lookInto(database: Database): Promise<Held | { readonly problem: string }> {
  try {
    const [found] = await database.read('pragma integrity_check(1)')
    if (found?.integrity_check !== 'ok') return { problem: damaged(String(found?.integrity_check)) }
    const schema = await schemaOf(database)
    if (schema === undefined) return { problem: 'it is no database of gimletd' }
    const { reached, newest } = schema
    if (reached > newest)
      return {
        problem: `a newer gimletd made it (schema ${reached}, and this one knows ${newest}); use that one`,
      }
    const [loose] = await database.read('pragma foreign_key_check')
    if (loose) return { problem: damaged(`a row of ${loose.table} names one that is not there`) }
    return { schema: reached, madeMs: await madeMs(database), counts: await counts(database) }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'database_broken') throw error
    return { problem: damaged('it cannot be read to its end') }
  }
}

const damaged = (how: string): string => `it is damaged: ${how}`

async function madeMs(database: Database): Promise<number | null> {
  const [row] = await database.read('select value from known where name = ?', [stampName])
  return row ? Number(row.value) : null
}

async function counts(database: Database): Promise<Counts> {
  const columns = Object.entries(counted).map(
    ([name, from]) => `(select count(*) from ${from}) as ${name}`,
  )
  const [row] = await database.read(`select ${columns.join(', ')}`)
  return Object.fromEntries(
    Object.keys(counted).map((name) => [name, Number(row?.[name])]),
  ) as Counts
}
