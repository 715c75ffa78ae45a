import { writeFile } from 'node:fs/promises'
import { createClient } from '@libsql/client'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { eventually } from '../support/eventually.ts'
import { isRemote, tempDatabase } from '../support/temp.ts'

const table = 'create table things (name text not null unique) strict'
const insert = (name: string) => ({ sql: 'insert into things values (?)', args: [name] })

/** What somebody who opens the file now finds in it. */
async function namesIn(url: string): Promise<unknown[]> {
  const client = createClient({ url })
  const { rows } = await client.execute('select name from things order by name')
  client.close()
  return rows.map((row) => row.name)
}

/** Another program that holds the write lock until it is told to let go. */
async function lock(url: string): Promise<{ release(): Promise<void> }> {
  const client = createClient({ url })
  const transaction = await client.transaction('write')
  return {
    async release() {
      await transaction.rollback()
      client.close()
    },
  }
}

const inSome = (ms: number, work: () => Promise<void>): Promise<void> =>
  new Promise((done, failed) => setTimeout(() => work().then(done, failed), ms))

describe.skipIf(isRemote)('a locked file', () => {
  test('F19: a write waits for the lock, commits, and later writes are durable too', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    const other = await lock(url)
    const released = inSome(300, () => other.release())
    await database.write([insert('during')])
    await released
    expect(await namesIn(url)).toEqual(['during'])
    await database.write([insert('later')])
    expect(await namesIn(url)).toEqual(['during', 'later'])
    expect(await database.read('select count(*) as n from things')).toMatchObject([{ n: 2 }])
  })

  test('F19: ten locks in a row lose nothing', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    for (let round = 0; round < 10; round++) {
      const other = await lock(url)
      const released = inSome(40, () => other.release())
      await database.write([insert(`round ${round}`)])
      await released
    }
    expect(await namesIn(url)).toHaveLength(10)
  })

  test('F19: the event loop goes on while a write waits', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    const other = await lock(url)
    let ticks = 0
    const timer = setInterval(() => ticks++, 10)
    // A write that held the loop up would keep the lock from ever being let go.
    const released = eventually(() => expect(ticks).toBeGreaterThan(4)).then(other.release)
    await database.write([insert('during')])
    clearInterval(timer)
    await released
  })

  test('F19: a lock that never ends is a fault that says so, and stores nothing', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    const other = await lock(url)
    await expect(database.write([insert('never')])).rejects.toMatchObject({ code: 'database_busy' })
    await other.release()
    expect(await namesIn(url)).toEqual([])
    await database.write([insert('afterwards')])
    expect(await namesIn(url)).toEqual(['afterwards'])
  })

  test('F19: writes that came during a wait are committed in the order of their arrival', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    const other = await lock(url)
    const writes = ['0', '1', '2', '3'].map((name, at) =>
      inSome(30 * at, async () => void (await database.write([insert(name)]))),
    )
    await inSome(150, () => other.release())
    await Promise.all(writes)
    await database.write([insert('last')])
    const rows = await database.read('select name from things order by rowid')
    expect(rows.map(({ name }) => name)).toEqual(['0', '1', '2', '3', 'last'])
  })

  test('F19: another program’s commit is read after a wait for its lock', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    const client = createClient({ url })
    const transaction = await client.transaction('write')
    await transaction.execute(insert('theirs'))
    const released = inSome(100, () => transaction.commit())
    await database.write([insert('ours')])
    await released
    client.close()
    expect(await database.read('select name from things order by name')).toMatchObject([
      { name: 'ours' },
      { name: 'theirs' },
    ])
  })
})

describe('writes', () => {
  test('of one turn share one transaction', async () => {
    const { database } = await tempDatabase()
    await database.write([table])
    const changes = async () =>
      (await database.write(['select total_changes() as n']))[0]?.rows[0]?.n as number
    const before = await changes()
    // Each sees how many rows the whole transaction has written so far: none starts anew.
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        database.write([insert(name), 'select count(*) as n from things']),
      ),
    )
    expect(results.map(([, counted]) => counted?.rows[0]?.n)).toEqual([1, 2, 3])
    // A server gives each transaction a connection of its own, which begins to count anew.
    if (!isRemote) expect((await changes()) - before).toBe(3)
  })

  test('are answered each with their own results', async () => {
    const { database } = await tempDatabase()
    await database.write([table])
    const [one, two] = await Promise.all([
      database.write([insert('a'), `select 'first' as said`]),
      database.write([`select 'second' as said`]),
    ])
    expect(one).toHaveLength(2)
    expect(one?.[1]?.rows[0]?.said).toBe('first')
    expect(two?.[0]?.rows[0]?.said).toBe('second')
  })

  test('that are bad fail alone', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table, insert('taken')])
    const results = await Promise.allSettled([
      database.write([insert('a')]),
      database.write([insert('b'), insert('taken')]),
      database.write([insert('c')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await namesIn(url)).toEqual(['a', 'c', 'taken'])
  })

  test('of one transaction are all done or none', async () => {
    const { database, url } = await tempDatabase()
    await database.write([table])
    await expect(database.write([insert('a'), 'insert into nothing values (1)'])).rejects.toThrow()
    expect(await namesIn(url)).toEqual([])
  })
})

test.skipIf(isRemote)(
  'F20/F22: every commit is synced in full, in a write-ahead journal',
  async () => {
    const { database, url } = await tempDatabase()
    const pragmas = async () => [
      (await database.read('pragma journal_mode'))[0]?.journal_mode,
      (await database.read('pragma synchronous'))[0]?.synchronous,
    ]
    expect(await pragmas()).toEqual(['wal', 2])
    const other = await lock(url)
    const released = inSome(60, () => other.release())
    await database.write(['select 1'])
    await released
    // The connection that was opened anew after the lock is as careful as the first.
    expect(await pragmas()).toEqual(['wal', 2])
  },
)

test('a text that looks like SQL stays a text', async () => {
  const { database, url } = await tempDatabase()
  await database.write([table])
  const hostile = `'); drop table things; --`
  await database.write([insert(hostile)])
  expect(await namesIn(url)).toEqual([hostile])
})

test('F21: a file that is no database is not opened', async () => {
  const { file } = await tempDatabase()
  const broken = `${file}.broken`
  await writeFile(broken, 'x'.repeat(8192))
  await expect(openDatabase(`file:${broken}`)).rejects.toMatchObject({ code: 'database_broken' })
})
