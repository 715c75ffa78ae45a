import { describe, expect, test } from 'vitest'
import type { Decision } from '../../src/domain/decision.ts'
import type { NewEvent, ReleaseEvent } from '../../src/domain/event.ts'
import type { Release } from '../../src/domain/release.ts'
import { EventStore } from '../../src/store/events.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { artifact, event } from '../support/builders.ts'
import { tempDatabase } from '../support/temp.ts'

async function store() {
  const { database } = await tempDatabase()
  const events = new EventStore(database)
  const add = async (id: string, given: Partial<NewEvent> = {}) => {
    await events.add(event({ id, ...given }))
    return (await events.find(id)) as ReleaseEvent
  }
  return {
    database,
    events,
    releases: new ReleaseStore(database),
    add,
    next: async (nowMs = 0) => (await events.claimTargeted(nowMs, 1))[0]?.id,
    status: async (id: string) => (await events.find(id))?.status,
    done: (one: ReleaseEvent) => events.close(one, { status: 'processed', statusDesc: 'done' }),
    hold: (one: ReleaseEvent, dueMs = 100) =>
      events.close(one, { status: 'held', statusDesc: 'waits', dueMs, expiresMs: 1_000 }),
  }
}

const decision = (id: string): Decision => ({
  id,
  eventId: 'r-1',
  app: 'web',
  env: 'production',
  verdict: 'allow',
  policy: null,
  message: '',
  warnings: [],
  forced: [],
  expiresInMs: null,
  newer: 'supersedes',
  policyVersion: 'v1',
  tip: '0'.repeat(40),
  facts: {},
  trace: [],
  created: 0,
})

const wide = { env: null, app: null }

describe('events of one target', () => {
  test('are taken in the order of their arrival', async () => {
    const { add, next, done } = await store()
    const [first, second] = [await add('r-1'), await add('r-2')]
    expect(await next()).toBe('r-1')
    expect(await next()).toBe('r-1')
    await done(first)
    expect(await next()).toBe('r-2')
    await done(second)
    expect(await next()).toBeUndefined()
  })

  test('wait behind a postponed older one, those of another target do not', async () => {
    const { events, add, next } = await store()
    const first = await add('r-1')
    await add('r-2')
    await add('r-3', { env: 'staging' })
    await add('r-4', { app: 'api' })
    await events.postpone(first, { statusDesc: 'waits', dueMs: 500, forgive: false })
    expect(await next()).toBe('r-3')
    expect(await next(499)).toBe('r-3')
    expect(await next(500)).toBe('r-1')
  })

  test('pass one that is held and not due, but not one that is due', async () => {
    const { add, next, hold } = await store()
    await hold(await add('r-1'), 100)
    await add('r-2')
    expect(await next(99)).toBe('r-2')
    expect(await next(100)).toBe('r-1')
  })
})

describe('an attempt', () => {
  test('F37: is counted before the work', async () => {
    const { events, add, next } = await store()
    await add('r-1')
    await next()
    await next()
    expect((await events.find('r-1'))?.attempts).toBe(2)
  })

  test('that only waited for the world outside is forgiven', async () => {
    const { events, add } = await store()
    await add('r-1')
    const claimed = (await events.claimTargeted(0, 1))[0] as ReleaseEvent
    await events.postpone(claimed, { statusDesc: 'waits', dueMs: 1, forgive: true })
    expect(await events.find('r-1')).toMatchObject({ attempts: 0, statusDesc: 'waits' })
  })

  test('counts anew after a hold', async () => {
    const { events, add, hold } = await store()
    await add('r-1')
    await hold((await events.claimTargeted(0, 1))[0] as ReleaseEvent)
    expect((await events.find('r-1'))?.attempts).toBe(0)
  })
})

describe('a held event whose push may have landed', () => {
  test('F2, F31: is looked for before a newer one goes by, which would take its place', async () => {
    const { database, events, releases, add, next, hold } = await store()
    const held = await add('r-1')
    await hold(held)
    const intent = { event: held, decision: decision('d-1'), controlVersion: 0 }
    await database.write(['update control_version set version = 0'])
    await releases.intend([{ ...intent, ref: 'a'.repeat(40) }])
    await add('r-2')
    expect(await next(99)).toBeUndefined()
    expect(await next(100)).toBe('r-1')
    // What was decided last is not to push it: that push has lost its race.
    await database.write([`update events set decision_id = 'd-2' where id = 'r-1'`])
    expect([await next(99), await events.find('r-1')]).toMatchObject(['r-2', { status: 'held' }])
  })
})

describe('events without a target', () => {
  test('are taken together, oldest first, up to the limit', async () => {
    const { events, add, done } = await store()
    for (const id of ['r-1', 'r-2', 'r-3']) await add(id, wide)
    await add('r-4')
    const taken = await events.claimWide(0, 2)
    expect(taken.map(({ id }) => id)).toEqual(['r-1', 'r-2'])
    for (const one of taken) await done(one)
    expect((await events.claimWide(0, 2)).map(({ id }) => id)).toEqual(['r-3'])
  })

  test('F16: are not overtaken by newer ones while they wait to be tried again', async () => {
    const { events, add, done } = await store()
    const [first] = [await add('r-1', wide), await add('r-2', wide)]
    await events.postpone(first, { statusDesc: 'waits', dueMs: 500, forgive: false })
    expect(await events.claimWide(499, 32)).toEqual([])
    expect((await events.claimWide(500, 32)).map(({ id }) => id)).toContain('r-1')
    await done(first)
    expect((await events.claimWide(500, 32)).map(({ id }) => id)).toEqual(['r-2'])
  })

  test('F37: are taken alone once they were taken before', async () => {
    const { events, add } = await store()
    for (const id of ['r-1', 'r-2']) await add(id, wide)
    await events.claimWide(0, 32)
    const again = await events.claimWide(0, 32)
    expect(again.map(({ id, attempts }) => [id, attempts])).toEqual([['r-1', 2]])
  })

  test('F37: whose row cannot be read is set aside, and the others are taken', async () => {
    const { database, events, add, status } = await store()
    for (const id of ['r-1', 'r-2', 'r-3']) await add(id, wide)
    await database.write([`update events set actor = 'not json' where id = 'r-2'`])
    expect((await events.claimWide(0, 32)).map(({ id }) => id)).toEqual(['r-1', 'r-3'])
    const [row] = await database.read(`select status from events where id = 'r-2'`)
    expect([row?.status, await status('r-1')]).toEqual(['error', 'new'])
  })

  test('are left alone before they are due', async () => {
    const { events, add } = await store()
    const waits = await add('r-1', wide)
    await events.postpone(waits, { statusDesc: 'waits', dueMs: 50, forgive: false })
    expect(await events.claimWide(49, 32)).toEqual([])
    expect(await events.nextWideMs()).toBe(50)
  })

  test('F23: are due at once, however far ahead the clock of the server is that took them', async () => {
    const { events, add } = await store()
    await add('r-1', { ...wide, createdMs: 1e12 })
    await add('r-2', { createdMs: 1e12 })
    expect(await events.claimWide(0, 32)).toMatchObject([{ id: 'r-1', createdMs: 1e12 }])
    expect(await events.claimTargeted(0, 1)).toMatchObject([{ id: 'r-2', createdMs: 1e12 }])
  })

  test('F23: that wait are not kept waiting by a clock that goes back a day; what is held is', async () => {
    const { events, add } = await store()
    const dayMs = 24 * 60 * 60_000
    const wait = { statusDesc: 'waits', dueMs: dayMs + 2_000, forgive: true }
    await events.postpone(await add('r-1', wide), wait)
    await events.postpone(await add('r-2'), wait)
    expect(await events.claimWide(dayMs, 32)).toEqual([])
    expect(await events.claimTargeted(dayMs, 1)).toEqual([])
    expect(await events.claimWide(0, 32)).toMatchObject([{ id: 'r-1' }])
    const [claimed] = await events.claimTargeted(0, 1)
    expect(claimed).toMatchObject({ id: 'r-2' })
    if (!claimed) return
    await events.close(claimed, { status: 'held', statusDesc: 'held', dueMs: 2 * dayMs })
    expect(await events.claimTargeted(0, 1)).toEqual([])
  })

  test('end with the events that they ask for, in one transaction', async () => {
    const { events, add } = await store()
    const parent = await add('r-1', wide)
    await add('r-taken')
    const child = (id: string) => event({ id, parentId: 'r-1' })
    const closing = { status: 'processed', statusDesc: 'asked' } as const
    await expect(
      events.closeAll([[parent, { ...closing, children: [child('r-2'), child('r-taken')] }]]),
    ).rejects.toThrow()
    expect(await events.children('r-1')).toEqual([])
    expect((await events.find('r-1'))?.status).toBe('new')
    await events.closeAll([[parent, { ...closing, children: [child('r-2')] }]])
    expect((await events.children('r-1')).map(({ id }) => id)).toEqual(['r-2'])
  })
})

describe('a held event', () => {
  test('is due when it said and keeps its first expiry', async () => {
    const { events, add, next, hold } = await store()
    const first = await add('r-1')
    await hold(first, 100)
    expect(await next(99)).toBeUndefined()
    expect(await next(100)).toBe('r-1')
    const held = (await events.find('r-1')) as ReleaseEvent
    await events.close(held, {
      status: 'held',
      statusDesc: 'waits',
      dueMs: 200,
      expiresMs: 99_999,
    })
    expect(await events.find('r-1')).toMatchObject({ status: 'held', expiresMs: 1_000 })
    expect(await events.nextTargetedMs()).toBe(200)
  })

  test('is superseded by a newer one of its target that is held', async () => {
    const { events, add, status, hold } = await store()
    const [first, second] = [await add('r-1'), await add('r-2')]
    const elsewhere = await add('r-3', { env: 'staging' })
    await hold(first)
    await hold(elsewhere)
    await hold(second)
    expect(await status('r-1')).toBe('superseded')
    expect((await events.find('r-1'))?.statusDesc).toBe('superseded by r-2')
    expect([await status('r-2'), await status('r-3')]).toEqual(['held', 'held'])
  })

  test('is superseded by a newer one of its target that is done, not by one that is denied', async () => {
    const { events, add, status, hold, done } = await store()
    const [first, second, third] = [await add('r-1'), await add('r-2'), await add('r-3')]
    await hold(first)
    await events.close(second, { status: 'denied', statusDesc: 'no' })
    expect(await status('r-1')).toBe('held')
    await done(third)
    expect(await status('r-1')).toBe('superseded')
  })

  test('is not superseded by an older one', async () => {
    const { add, status, hold, done } = await store()
    const [first, second] = [await add('r-1'), await add('r-2')]
    await hold(second)
    await done(first)
    expect(await status('r-2')).toBe('held')
  })

  test('is due at once when a release landed somewhere', async () => {
    const { add, next, hold, releases } = await store()
    await hold(await add('r-1'), 500)
    const other = await add('r-2', { env: 'staging' })
    const ref = 'a'.repeat(40)
    await releases.intend([{ event: other, ref, decision: decision('d-1'), controlVersion: 0 }])
    const release: Release = {
      id: 'r-2',
      app: 'web',
      env: 'staging',
      artifactId: 'web-1',
      triggeredBy: 'alice',
      version: { ...artifact().version, created: 0 },
      gitopsRef: 'a'.repeat(40),
      gitopsRepo: 'x',
      created: 0,
      status: 'pushed',
      rolledBack: false,
      decisionId: 'd-1',
      policyVersion: 'v1',
    }
    await releases.land([{ event: other, ref, statusDesc: 'released', release }])
    expect(await next(1)).toBe('r-1')
  })
})

describe('an event that is over', () => {
  const ends = ['processed', 'denied', 'superseded', 'error'] as const
  test.each(ends)('cannot be moved from %s', async (end) => {
    const { events, add, next } = await store()
    const first = await add('r-1')
    await events.close(first, { status: end, statusDesc: 'over' })
    const over = (await events.find('r-1')) as ReleaseEvent
    for (const status of ['held', ...ends] as const) {
      await expect(events.close(over, { status, statusDesc: 'moved' }), status).rejects.toThrow()
      // One who still holds the event as it was before is stopped by the database.
      await events.close(first, { status, statusDesc: 'moved' })
    }
    await events.postpone(first, { statusDesc: 'moved', dueMs: 0, forgive: false })
    expect(await events.find('r-1')).toMatchObject({ status: end, statusDesc: 'over' })
    expect(await next(9_999)).toBeUndefined()
    expect(await events.nextTargetedMs()).toBeUndefined()
  })
})
