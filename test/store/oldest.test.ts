import { describe, expect, test } from 'vitest'
import type { Closing, ReleaseEvent } from '../../src/domain/event.ts'
import { EventStore } from '../../src/store/events.ts'
import { event } from '../support/builders.ts'
import { tempDatabase } from '../support/temp.ts'

const wide = { env: null, app: null }
const held: Closing = { status: 'held', statusDesc: 'waits', dueMs: 0, expiresMs: 9_000 }

async function store() {
  const { database } = await tempDatabase()
  const events = new EventStore(database)
  const add = async (id: string, createdMs: number, given: Partial<ReleaseEvent> = {}) => {
    await events.add(event({ id, createdMs, ...given }))
    return (await events.find(id)) as ReleaseEvent
  }
  return { database, events, add, age: () => events.oldestNewMs(1_000) }
}

describe('the oldest that nothing holds', () => {
  test('is as old as the first of those that are not over', async () => {
    const { events, add, age } = await store()
    expect(await age()).toBe(0)
    const first = await add('r-1', 100)
    const second = await add('r-2', 300, { app: 'shop' })
    expect(await age()).toBe(900)
    await events.close(first, { status: 'denied', statusDesc: 'no' })
    expect(await age()).toBe(700)
    await events.close(second, { status: 'processed', statusDesc: 'done' })
    expect(await age()).toBe(0)
  })

  test('may be an arrival that the triggers were not asked about yet', async () => {
    const { add, age } = await store()
    await add('e-1', 400, wide)
    expect(await age()).toBe(600)
  })

  test('is none that is held, nor one that waits behind it', async () => {
    const { events, add, age } = await store()
    await events.close(await add('r-1', 100), { ...held, queues: true })
    await add('r-2', 200)
    expect(await age()).toBe(0)
    await add('r-3', 300, { app: 'shop' })
    expect(await age()).toBe(700)
  })

  test('F10: may be one that is tried again later, and F23: is never younger than now', async () => {
    const { events, add, age } = await store()
    const first = await add('r-1', 100)
    await events.postpone(first, { statusDesc: 'waits', dueMs: 5_000, forgive: true })
    expect(await age()).toBe(900)
    await events.close(first, { status: 'processed', statusDesc: 'done' })
    await add('r-2', 2_000)
    expect(await age()).toBe(0)
  })

  test('is found by the index of what is open, however much is over', async () => {
    const { database, add, age } = await store()
    await add('r-1', 100)
    let asked = ''
    const events = new EventStore({
      ...database,
      read(sql, args) {
        asked = sql
        return database.read(sql, args)
      },
    })
    await events.oldestNewMs(1_000)
    const plan = await database.read(`explain query plan ${asked}`)
    const steps = plan.map(({ detail }) => String(detail))
    expect(steps[0]).toMatch(/SCAN e USING INDEX events_open$/)
    expect(steps.at(-1)).toMatch(/SEARCH older USING .*INDEX events_open_by/)
    expect(await age()).toBe(900)
  })
})
