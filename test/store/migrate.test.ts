import { expect, test } from 'vitest'
import type { Database } from '../../src/store/client.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrations } from '../../src/store/migrations/list.ts'
import { emptyDatabase, tempDatabase } from '../support/temp.ts'

const schemaOf = (database: Database) =>
  database.read('select name, sql from sqlite_schema order by name')
const applied = async (database: Database) =>
  (await database.read('select number from migrations order by number')).map((row) => row.number)

const empty = async (): Promise<Database> => (await emptyDatabase()).database

test('F39: a fresh database gets the whole schema', async () => {
  const database = await empty()
  await migrate(database)
  expect(await applied(database)).toEqual(migrations.map(({ number }) => number))
  const names = (await schemaOf(database)).map((row) => row.name)
  for (const name of ['artifacts', 'events', 'decisions', 'commits', 'releases', 'users'])
    expect(names).toContain(name)
})

test('F39: a repeated migration changes nothing', async () => {
  const { database } = await tempDatabase()
  const before = await schemaOf(database)
  await migrate(database)
  expect(await schemaOf(database)).toEqual(before)
  expect(await applied(database)).toEqual(migrations.map(({ number }) => number))
})

test('F39: only what is new is applied', async () => {
  const { database } = await tempDatabase()
  const next = {
    number: (migrations.at(-1)?.number ?? 0) + 1,
    statements: ['create table more (a text) strict'],
  }
  await migrate(database, [...migrations, next])
  await migrate(database, [...migrations, next])
  expect(await applied(database)).toEqual([...migrations, next].map(({ number }) => number))
})

test('F39: a newer schema is refused and not touched', async () => {
  const { database } = await tempDatabase()
  await database.write(['insert into migrations values (99, 0)'])
  const before = await schemaOf(database)
  await expect(migrate(database)).rejects.toMatchObject({ code: 'database_newer' })
  await expect(migrate(database)).rejects.toThrow(/schema 99.*start the newer gimletd/)
  expect(await schemaOf(database)).toEqual(before)
})

test('F39: a migration that breaks leaves the schema as it was', async () => {
  const { database } = await tempDatabase()
  const before = await schemaOf(database)
  const bad = {
    number: (migrations.at(-1)?.number ?? 0) + 1,
    statements: ['create table more (a text) strict', 'alter table users add column x', 'nonsense'],
  }
  await expect(migrate(database, [...migrations, bad])).rejects.toThrow()
  expect(await schemaOf(database)).toEqual(before)
  expect(await applied(database)).not.toContain(bad.number)
})

test('F39: one that works before one that breaks is kept, and the broken one can be mended', async () => {
  const { database } = await tempDatabase()
  const number = (migrations.at(-1)?.number ?? 0) + 1
  const good = { number, statements: ['create table more (a text) strict'] }
  const bad = { number: number + 1, statements: ['nonsense'] }
  await expect(migrate(database, [...migrations, good, bad])).rejects.toThrow()
  const mended = { ...bad, statements: ['create table mended (a text) strict'] }
  await migrate(database, [...migrations, good, mended])
  expect(await applied(database)).toContain(number + 1)
})

test('what refers to a release is found by an index, or each one that is deleted looks through all of it', async () => {
  const { database } = await tempDatabase()
  const unindexed = await database.read(
    `select t.name as "table", k."from" as "column" from sqlite_schema t, pragma_foreign_key_list(t.name) k
     where t.type = 'table' and k."table" = 'releases' and not exists (
       select 1 from pragma_index_list(t.name) i, pragma_index_info(i.name) c
       where c.seqno = 0 and c.name = k."from")`,
  )
  expect(unindexed).toEqual([])
})

test('what a cluster said before is of the release’s own commit', async () => {
  const database = await empty()
  await migrate(
    database,
    migrations.filter(({ number }) => number < 16),
  )
  const known = '{"state":"healthy","since":5,"reported":6,"message":""}'
  for (const [id, health] of Object.entries({ 'r-1': known, 'r-2': null }))
    await database.write([
      {
        sql: `insert into releases (id, env, app, artifact_id, triggered_by, version, gitops_ref,
                gitops_repo, created, decision_id, policy_version, health)
              values (?, 'staging', 'web', '', '', '{}', 'abc', '', 0, '', '', ?)`,
        args: [id, health],
      },
    ])
  await migrate(database)
  const rows = await database.read('select health from releases order by id')
  expect(rows.map(({ health }) => JSON.parse(String(health)))).toEqual([
    {
      ...{ state: 'healthy', since: 5, reported: 6, message: '' },
      commit: 'abc',
      basis: 'own',
      reason: '',
    },
    null,
  ])
})
