import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lease } from '../../src/domain/lease.ts'
import { Candidate, HeldLease } from '../../src/servers/candidate.ts'
import type { Database } from '../../src/store/client.ts'
import { fenced } from '../../src/store/fenced.ts'
import { LeaseStore } from '../../src/store/leases.ts'
import { tempDatabase } from '../support/temp.ts'

const lengthMs = 1_000
const name = 'leader'

/** A server's attempts, by a clock that is told: `start` counts its starts. */
function server(
  database: Database,
  { place, start = 0, nowMs = () => 0 }: { place: string; start?: number; nowMs?: () => number },
) {
  // biome-ignore format: one line
  const by = { holder: `${place} ${start}`, place, lengthMs }
  const ports = { leases: new LeaseStore(database), monotonicMs: nowMs }
  return new Candidate(ports, { name, by })
}

const taken = (found: unknown): HeldLease => {
  if (!(found instanceof HeldLease)) throw new Error('the lease was not taken')
  return found
}

const put = (value: string) => ({ sql: 'insert into known values (?, ?)', args: [value, ''] })
const valuesIn = async (database: Database) =>
  (await database.read('select name from known order by name')).map(({ name }) => name)

/** A lease that believes that it is held for ever: of a process that slept and does not know. */
const asleep = ({ name, fence }: HeldLease): Lease & { ended: number } => ({
  ...{ name, fence, ended: 0, isHeld: () => true },
  end() {
    this.ended++
  },
})

describe('a lease', () => {
  test('F18: of many servers that try at once one gets it', async () => {
    const { database } = await tempDatabase()
    const all = Array.from({ length: 10 }, (_, at) => server(database, { place: `p${at}` }))
    const found = await Promise.all(all.map((one) => one.try()))
    expect(found.filter((one) => one instanceof HeldLease)).toHaveLength(1)
  })

  test('F18: is taken from a holder that is silent for its length, and from no other', async () => {
    const { database } = await tempDatabase()
    let nowMs = 0
    const first = taken(await server(database, { place: 'a', nowMs: () => nowMs }).try())
    const other = server(database, { place: 'b', nowMs: () => nowMs })
    for (let renewal = 0; renewal < 5; renewal++) {
      nowMs += lengthMs * 0.8
      await first.renew()
      expect(await other.try()).toMatchObject({ holder: 'a 0' })
    }
    nowMs += lengthMs - 1
    expect(await other.try()).toMatchObject({ holder: 'a 0' })
    expect(first.isHeld()).toBe(false)
    nowMs += 1
    expect(taken(await other.try()).fence).toBe(first.fence + 1)
  })

  test('F18: is not taken on a look that is old: its holder was heard of since', async () => {
    const { database } = await tempDatabase()
    const lease = taken(await server(database, { place: 'a' }).try())
    const leases = new LeaseStore(database)
    const seen = await leases.look(name)
    await lease.renew()
    expect(await leases.take(name, seen, { holder: 'b 0', place: 'b', lengthMs })).toBeUndefined()
    expect(await leases.look(name)).toMatchObject({ holder: 'a 0', fence: lease.fence })
  })

  test('F18: is waited for as long as its holder was told, whatever the one who waits was told', async () => {
    const { database } = await tempDatabase()
    let nowMs = 0
    const monotonicMs = () => nowMs
    const ports = { leases: new LeaseStore(database), monotonicMs }
    const by = { holder: 'a 0', place: 'a', lengthMs: 5 * lengthMs }
    taken(await new Candidate(ports, { name, by }).try())
    const other = server(database, { place: 'b', nowMs: monotonicMs })
    await other.try()
    nowMs += 5 * lengthMs - 1
    expect(await other.try()).toMatchObject({ holder: 'a 0' })
    nowMs += 1
    expect(taken(await other.try()).fence).toBe(2)
  })

  test('is had by the next at once when it was given back', async () => {
    const { database } = await tempDatabase()
    const first = taken(await server(database, { place: 'a' }).try())
    await first.giveBack()
    expect(taken(await server(database, { place: 'b' }).try()).isOfAnother).toBe(true)
  })

  test('is had at once by the next start on the same data folder, and only at its first look', async () => {
    const { database } = await tempDatabase()
    const dead = taken(await server(database, { place: 'a' }).try())
    const next = taken(await server(database, { place: 'a', start: 1 }).try())
    expect([next.fence, next.isOfAnother]).toEqual([dead.fence + 1, false])
    // Someone copied the data folder: they do not take it from each other for ever.
    const copy = server(database, { place: 'a', start: 2 })
    expect(taken(await copy.try()).fence).toBe(next.fence + 1)
    const again = server(database, { place: 'a', start: 3 })
    await again.try()
    await copy.try()
    expect(await copy.try()).toMatchObject({ holder: 'a 3' })
  })

  test('F23: that was renewed too late by the holder’s own clock is over, and is taken anew', async () => {
    const { database } = await tempDatabase()
    let nowMs = 0
    const own = server(database, { place: 'a', nowMs: () => nowMs })
    const lease = taken(await own.try())
    nowMs += lengthMs
    await lease.renew()
    expect(lease.isHeld()).toBe(false)
    expect(taken(await own.try()).fence).toBe(lease.fence + 1)
  })

  test('F18, F23: has one holder at most at any moment, and its fence numbers only grow', async () => {
    const { database } = await tempDatabase()
    const who = fc.nat(2)
    const step = fc.oneof(
      fc.record({ kind: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 1_300 }) }),
      fc.record({ kind: fc.constant('try' as const), who, slowMs: fc.nat(300) }),
      fc.record({ kind: fc.constant('try all' as const) }),
      fc.record({ kind: fc.constant('renew' as const), who }),
      fc.record({ kind: fc.constant('give back' as const), who }),
      fc.record({ kind: fc.constant('restart' as const), who }),
    )
    const rates = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: 0.96, max: 1.04, noNaN: true })))
    await fc.assert(
      fc.asyncProperty(rates, fc.array(step, { maxLength: 40 }), async (speeds, steps) => {
        await database.write([`update leases set holder = null, place = '', fence = fence + 1`])
        let nowMs = 0
        const clock = (at: number) => () => 1e6 * at + nowMs * (speeds[at] ?? 1)
        let starts = 0
        const started = (at: number) =>
          server(database, { place: `p${at}`, start: starts++, nowMs: clock(at) })
        const servers = [0, 1, 2].map(started)
        const held: (HeldLease | undefined)[] = [undefined, undefined, undefined]
        let fence = -1
        const attempt = async (at: number) => {
          if (held[at]?.isHeld()) return
          const found = await servers[at]?.try()
          if (found instanceof HeldLease) {
            expect(found.fence).toBeGreaterThan(fence)
            fence = found.fence
            held[at] = found
          }
        }
        for (const one of steps) {
          if (one.kind === 'tick') nowMs += one.ms
          if (one.kind === 'try') {
            const trying = attempt(one.who)
            // Time passes, too, while the database is asked.
            nowMs += one.slowMs
            await trying
          }
          if (one.kind === 'try all') await Promise.all([0, 1, 2].map(attempt))
          if (one.kind === 'renew') await held[one.who]?.renew()
          if (one.kind === 'give back') await held[one.who]?.giveBack()
          if (one.kind === 'restart') {
            held[one.who] = undefined
            servers[one.who] = started(one.who)
          }
          const holders = held.filter((lease) => lease?.isHeld())
          expect(holders.length).toBeLessThanOrEqual(1)
          if (holders[0]) expect(holders[0].fence).toBe(fence)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a database behind a lease', () => {
  test('F18: writes what its holder writes, and answers the results of that', async () => {
    const { database } = await tempDatabase()
    const own = fenced(database, taken(await server(database, { place: 'a' }).try()))
    const results = await own.write([put('one'), 'select count(*) as n from known'])
    expect(results.map(({ rows }) => rows[0]?.n)).toEqual([undefined, 1])
  })

  test.each([
    { of: 'another took it', lose: (by: Candidate) => by.try() },
    { of: 'it was given back', lose: (_: Candidate, lease: HeldLease) => lease.giveBack() },
  ])('F18: refuses a late holder’s write whole, when $of', async ({ lose }) => {
    const { database } = await tempDatabase()
    let nowMs = 0
    const lease = taken(await server(database, { place: 'a', nowMs: () => nowMs }).try())
    const other = server(database, { place: 'b', nowMs: () => nowMs })
    await other.try()
    nowMs += lengthMs
    await lose(other, lease)
    const late = asleep(lease)
    const own = fenced(database, late)
    await expect(own.write([put('one'), put('two')])).rejects.toMatchObject({ code: 'lease_lost' })
    expect([await valuesIn(database), late.ended]).toEqual([[], 1])
  })

  test('F18: a lost lease fails only its own writes of those that share a flush', async () => {
    const { database } = await tempDatabase()
    const late = asleep(taken(await server(database, { place: 'a' }).try()))
    const next = taken(await server(database, { place: 'a', start: 1 }).try())
    const writes = [
      database.write([put('event 1')]),
      fenced(database, late).write([put('late')]),
      fenced(database, next).write([put('leader')]),
      database.write([put('event 2')]),
    ]
    const ends = (await Promise.allSettled(writes)).map(({ status }) => status)
    expect(ends).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(await valuesIn(database)).toEqual(['event 1', 'event 2', 'leader'])
  })

  test('F23: asks nobody when the holder’s own clock says that it is over', async () => {
    const { database } = await tempDatabase()
    let nowMs = 0
    const lease = taken(await server(database, { place: 'a', nowMs: () => nowMs }).try())
    nowMs += lengthMs * 0.9
    await expect(fenced(database, lease).write([put('late')])).rejects.toMatchObject({ code: 'lease_lost' }) // biome-ignore format: one claim
    expect(await valuesIn(database)).toEqual([])
  })
})
