import { join } from 'node:path'
import { createClient } from '@libsql/client'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase, openForRequests } from '../../src/store/client.ts'
import { migrate } from '../../src/store/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { startLibsqlChild } from '../support/libsql-child.ts'
import type { HostFault, LibsqlHost } from '../support/libsql-host.ts'
import { remoteDatabase, tempFolder } from '../support/temp.ts'

/** A migrated database of a libSQL server, with a table in which each name may be once. */
async function things() {
  const remote = await remoteDatabase()
  await migrate(remote.database)
  await remote.database.write(['create table things (name text not null unique) strict'])
  return remote
}

const insert = (name: string) => ({ sql: 'insert into things values (?)', args: [name] })
const count = 'select count(*) as n from things'
const inSome = <T>(ms: number, work: () => Promise<T>): Promise<T> =>
  new Promise((done, failed) => setTimeout(() => work().then(done, failed), ms))
const namesIn = async (database: Database) =>
  (await database.read('select name from things order by rowid')).map(({ name }) => name)

/** The next calls go wrong like this, the others go well. */
function next(host: LibsqlHost, ...faults: readonly (HostFault | undefined)[]): void {
  const from = host.calls.length
  host.fault = (_, at) => faults[at - from]
}

describe('a write to a libSQL server', () => {
  test.each<{ faults: readonly HostFault[] }>([
    { faults: ['dropped'] },
    { faults: ['cut'] },
    { faults: [{ status: 502 }] },
    { faults: [{ status: 429 }] },
    { faults: ['busy'] },
    // What became of it is asked for, and that answer is lost as well.
    { faults: ['dropped', 'dropped'] },
    { faults: ['dropped', 'cut', 'dropped'] },
    // It was not taken, and what is written instead loses its answer.
    { faults: ['cut', 'dropped', 'dropped'] },
    { faults: ['busy', { status: 503 }, 'dropped', { status: 429 }] },
  ])('F19: comes about once and is answered as it was, after $faults', async ({ faults }) => {
    const { database, host } = await things()
    next(host, ...faults)
    const results = await database.write([insert('a'), 'delete from things where false', count])
    expect(results.map(({ rowsAffected }) => rowsAffected).slice(0, 2)).toEqual([1, 0])
    expect(results[2]?.rows[0]?.n).toBe(1)
    expect(await namesIn(database)).toEqual(['a'])
  })

  test('F19: comes about once, in its order, and is answered so, whatever is lost', async () => {
    const fault = fc.constantFrom<HostFault | undefined>(
      ...([undefined, undefined, 'dropped', 'cut', 'busy', { status: 500 }] as const),
    )
    const { database, host } = await things()
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 5 }), fc.nat(3), async (faults, others) => {
        const mine = Array.from({ length: 1 + others }, (_, at) => `${round} ${at}`)
        round++
        await database.write(['delete from things'])
        next(host, ...faults)
        const all = await Promise.all(mine.map((name) => database.write([insert(name), count])))
        expect(all.map(([, counted]) => counted?.rows[0]?.n)).toHaveLength(mine.length)
        expect(all.every(([inserted]) => inserted?.rowsAffected === 1)).toBe(true)
        expect(await namesIn(database)).toEqual(mine)
      }),
      { numRuns: 40 },
    )
  })

  test('F19: that is late and comes about after it was repeated changes nothing', async () => {
    const { database, host, url } = await things()
    const held = createClient({ url })
    const other = await held.transaction('write')
    await other.execute('select 1')
    const from = host.calls.length
    // The first attempt waits for the lock at the server, and its answer is not waited for.
    host.fault = (_, at) => (at === from ? 'forsaken' : undefined)
    const written = database.write([insert('a')])
    await eventually(() => expect(host.calls.length).toBeGreaterThan(from + 1))
    await other.rollback()
    await written
    await eventually(() => expect(host.openCalls).toBe(0))
    expect(await namesIn(database)).toEqual(['a'])
    held.close()
  })

  test('is a fault that says so when the server takes nothing for long', async () => {
    const { database, host } = await things()
    host.fault = ({ isWrite }) => (isWrite ? { status: 503 } : undefined)
    await expect(database.write([insert('never')])).rejects.toMatchObject({ code: 'database_busy' })
    host.fault = () => undefined
    await database.write([insert('afterwards')])
    expect(await namesIn(database)).toEqual(['afterwards'])
  })

  test('F32: is refused at once, by the name of the setting, when the token is not valid', async () => {
    const { database, host } = await things()
    host.fault = () => ({ status: 401 })
    const from = host.calls.length
    await expect(database.write([insert('never')])).rejects.toMatchObject({
      code: 'database_broken',
      message: expect.stringContaining('GIMLET_DB_TOKEN'),
    })
    expect(host.calls.length - from).toBe(1)
  })

  test('waits for the transaction of another, which does not hold it up for ever', async () => {
    const { database, url } = await things()
    const client = createClient({ url })
    const other = await client.transaction('write')
    await other.execute(insert('theirs'))
    await database.write([insert('ours')])
    expect(await namesIn(database)).toEqual(['ours'])
    await expect(other.execute(insert('late'))).rejects.toMatchObject({
      code: 'TRANSACTION_TIMEOUT',
    })
    client.close()
  })

  test('keeps what is no error of the database as it is', async () => {
    const { database, host } = await things()
    const from = host.calls.length
    await expect(database.write(['insert into missing values (1)'])).rejects.toThrow(
      /no such table/,
    )
    expect(host.calls.length - from).toBe(1)
  })
})

test('F1: a server that is killed in the middle of writes, and is back, has each of them once', async () => {
  const file = join(await tempFolder(), 'gimlet.db')
  const first = await startLibsqlChild({ file, token: 'a-token' })
  const database = await openDatabase(first.url, 'a-token')
  await migrate(database)
  await database.write(['create table things (name text not null unique) strict'])
  const names = Array.from({ length: 200 }, (_, at) => String(at).padStart(3, '0'))
  const write = (name: string) => inSome(Number(name), () => database.write([insert(name)]))
  const writing = Promise.all(names.map(write))
  await eventually(async () => expect((await database.read(count))[0]?.n).toBeGreaterThan(20))
  await first.kill()
  const second = await startLibsqlChild({ file, token: 'a-token', port: first.port })
  onTestFinished(() => second.kill())
  const results = await writing
  expect(results.every(([inserted]) => inserted?.rowsAffected === 1)).toBe(true)
  expect((await namesIn(database)).sort()).toEqual(names)
})

test('a read is asked again until it is answered', async () => {
  const { database, host } = await things()
  await database.write([insert('a')])
  next(host, 'dropped', { status: 500 }, 'cut', { status: 429 })
  expect(await namesIn(database)).toEqual(['a'])
})

test('values come back as they were written', async () => {
  const { database } = await things()
  await database.write(['create table every (whole integer, real real, said text, no any) strict'])
  const args = [2 ** 53 - 1, 0.5, 'a “text”', null]
  await database.write([{ sql: 'insert into every values (?, ?, ?, ?)', args }])
  const [row] = await database.read('select * from every')
  expect([row?.whole, row?.real, row?.said, row?.no]).toEqual(args)
})

describe('a database for requests', () => {
  test('shares no transaction between two writes, and asks nothing when it is opened', async () => {
    const { url, host } = await things()
    const from = host.calls.length
    const database = openForRequests(url)
    expect(host.calls.length).toBe(from)
    await Promise.all(['a', 'b', 'c'].map((name) => database.write([insert(name)])))
    expect(host.calls.length - from).toBe(3)
  })

  test('holds no request up for another, however many there are', async () => {
    const { url, host } = await things()
    const from = host.calls.length
    host.fault = (_, at) => (at < from + 40 ? { slowMs: 600 } : undefined)
    const database = openForRequests(url)
    const slow = Array.from({ length: 40 }, () => database.read(count))
    await eventually(() => expect(host.calls.length - from).toBe(40))
    let ended = 0
    for (const one of slow) void one.then(() => ended++)
    await database.read(count)
    expect(ended).toBe(0)
    await Promise.all(slow)
  })

  test('F19: writes once what is lost, too', async () => {
    const { url, host } = await things()
    const database = openForRequests(url)
    next(host, 'dropped', 'dropped')
    expect((await database.write([insert('a')]))[0]?.rowsAffected).toBe(1)
    expect(await namesIn(await openDatabase(url))).toEqual(['a'])
  })
})
