import { renameSync } from 'node:fs'
import { openDatabase } from '../../src/store/client.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/list.ts'
import { type Flow, post, release } from './flows.ts'
import type { Place } from './place.ts'

/** The schema of the first servers that knew several GitOps servers: eight migrations ago. */
const oldSchema = 12

/** A server of today opens a database of an older one, and goes on with it. */
export const migrationFlow: Flow = {
  name: 'migration',
  rows: ['F39', 'F2'],
  prepare: async (server, memory) => {
    // Nothing is released yet: a commit of before would name a record that the older schema had not.
    await post('web', 1)(server, memory)
    await post('web', 2)(server, memory)
  },
  age,
  run: async (server, memory) => {
    await release('web', 2)(server, memory)
  },
  ends: [{ 'production/web': 'web-2' }],
}

/** Puts what a database holds into one of the older schema: every table that both have. */
async function age({ database: file }: Place): Promise<void> {
  const newer = `${file}.newer`
  const database = await openDatabase(`file:${file}`)
  await database.read('vacuum into ?', [newer])
  database.close()
  for (const end of ['', '-wal', '-shm']) renameSync(`${file}${end}`, `${file}${end}.gone`)
  const old = await openDatabase(`file:${file}`)
  const from = await openDatabase(`file:${newer}`)
  await migrate(
    old,
    migrations.filter(({ number }) => number <= oldSchema),
  )
  const tables = await old.read(
    `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'
       and name <> 'migrations'`,
  )
  for (const { name } of tables) await copy({ from, to: old, name: String(name) })
  from.close()
  old.close()
}

type Copied = {
  readonly from: Awaited<ReturnType<typeof openDatabase>>
  readonly to: Awaited<ReturnType<typeof openDatabase>>
  readonly name: string
}

async function copy({ from, to, name }: Copied): Promise<void> {
  const columns = async (of: Copied['from']) =>
    (await of.read('select name from pragma_table_info(?)', [name])).map((row) => String(row.name))
  const [here, there] = [await columns(from), await columns(to)]
  const both = there.filter((column) => here.includes(column))
  if (both.length === 0) return
  // A new database has rows of its own, such as its one version of controls.
  await to.write([`delete from ${name}`])
  const rows = await from.read(`select ${both.join(', ')} from ${name}`)
  const sql = `insert or replace into ${name} (${both.join(', ')}) values (${both.map(() => '?').join(', ')})`
  for (const row of rows)
    await to.write([{ sql, args: both.map((column) => row[column] as string) }])
}
