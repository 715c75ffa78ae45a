import { expect, test } from 'vitest'
import { Fault } from '../../src/domain/fault.ts'
import type { Database } from '../../src/store/client.ts'
import { watched } from '../../src/store/last-write.ts'
import { settableClock } from '../support/clock.ts'
import { tempDatabase } from '../support/temp.ts'

const good = ['select 1'] as const

/** A database whose writes break when the test wants it; it can be read from all the time. */
async function breaking() {
  const { database } = await tempDatabase()
  const clock = settableClock()
  const state: { error?: Error | undefined } = {}
  const write: Database['write'] = (...given) =>
    state.error ? Promise.reject(state.error) : database.write(...given)
  return { state, clock, ...watched({ ...database, write }, clock.monotonicMs) }
}

const full = () => new Fault('database_broken', 'using the database')

test('F20: a database that takes no writes is not sound, though it can be read, until one comes about', async () => {
  const { state, database, check } = await breaking()
  await check()
  state.error = full()
  await expect(database.write(good)).rejects.toMatchObject({ code: 'database_broken' })
  await expect(check()).rejects.toThrow('look at the room on its disk')
  expect(await database.read('select 1 as one')).toEqual([{ one: 1 }])
  state.error = undefined
  await database.write(good)
  await check()
})

test('a write that broke long ago says nothing about now', async () => {
  const { state, clock, database, check } = await breaking()
  state.error = full()
  await expect(database.write(good)).rejects.toThrow()
  clock.moveMs(31_000)
  await check()
})

test('a write that is refused for another reason says nothing about the disk', async () => {
  const { state, database, check } = await breaking()
  state.error = new Fault('lease_lost', 'writing as the leader')
  await expect(database.write(good)).rejects.toMatchObject({ code: 'lease_lost' })
  await check()
})
