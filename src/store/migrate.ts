import { Fault } from '../domain/fault.ts'
import type { Database } from './client.ts'
import { type Migration, migrations as shipped } from './migrations/list.ts'

/** What every write may need, the first migration's as well. */
const beforeAll: readonly string[] = [
  'create table if not exists migrations (number integer primary key, applied integer not null) strict',
  // A write whose answer was lost is looked up here before it is written again.
  `create table if not exists write_receipts (
     id text primary key,
     written integer not null,
     changes text not null default ''
   ) strict, without rowid`,
]

/**
 * Brings the schema up to this program's, each migration in one transaction with its own record.
 * Throws `database_newer` when a newer program wrote the database: this one must not touch it.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = shipped,
): Promise<void> {
  await database.write(beforeAll, { isRepeatable: true })
  const current = await reached(database)
  const newest = newestOf(migrations)
  if (current > newest)
    throw new Fault(
      'database_newer',
      `opening a database of schema ${current} with a program that knows ${newest}; start the newer gimletd`,
    )
  for (const migration of migrations.filter((one) => one.number > current))
    await apply(database, migration)
}

/** The schema of a database that a gimletd made, and the newest that this program knows. */
export async function schemaOf(
  database: Database,
): Promise<{ readonly reached: number; readonly newest: number } | undefined> {
  const [table] = await database.read("select 1 from sqlite_master where name = 'migrations'")
  return table && { reached: await reached(database), newest: newestOf(shipped) }
}

/** True when the schema is this program's. */
export async function isMigrated(database: Database): Promise<boolean> {
  const schema = await schemaOf(database)
  return schema !== undefined && schema.reached === schema.newest
}

const newestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.number ?? 0

async function apply(database: Database, { number, statements }: Migration): Promise<void> {
  try {
    await database.write([
      ...statements,
      { sql: 'insert into migrations values (?, unixepoch())', args: [number] },
    ])
  } catch (error) {
    // Another server that starts at this moment may have been first.
    if ((await reached(database)) < number) throw error
  }
}

async function reached(database: Database): Promise<number> {
  const [row] = await database.read('select coalesce(max(number), 0) as number from migrations')
  return Number(row?.number)
}
