import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Halt } from '../../src/domain/halt.ts'
import { BranchMemory } from '../../src/gitops/memory.ts'
import { type BranchPlace, SeenBranches, seenTip } from '../../src/store/seen-branches.ts'
import { tempDatabase, tempFolder } from '../support/temp.ts'

const place = { repository: '', url: 'https://host.example.com/gitops.git', branch: 'main' }
const shas = Array.from({ length: 4 }, (_, at) => String(at).repeat(40))
const [one = '', two = '', three = ''] = shas

/** What a start finds of what the ones before it kept, each way of keeping it. */
const ways = {
  async file() {
    const file = join(await tempFolder(), 'clone.git.seen')
    return (at: Partial<BranchPlace> = {}) =>
      Promise.resolve(new BranchMemory({ file, ...place, ...at }))
  },
  async database() {
    const { database } = await tempDatabase()
    return (at: Partial<BranchPlace> = {}) =>
      SeenBranches.load({ database, fence: () => 1 }, { ...place, ...at })
  },
}

describe.each(Object.entries(ways))('what was seen of the branch, in a %s', (_, way) => {
  test('outlives the process: the tip, and a halt', async () => {
    const start = await way()
    const first = await start()
    expect([first.tip, first.halt, first.isOfAnother]).toEqual([undefined, null, false])
    first.sees(one)
    first.sees(two)
    await first.kept()
    const second = await start()
    expect(second.tip).toBe(two)
    const halt = second.loses({ seenTip: two, foundTip: three })
    await second.kept()
    const third = await start()
    expect([third.tip, third.halt]).toEqual([two, halt])
    third.sees(three, 'alice')
    await third.kept()
    const fourth = await start()
    expect([fourth.tip, fourth.halt]).toEqual([three, null])
  })

  test('is not taken for that of another branch or repository', async () => {
    const start = await way()
    const memory = await start()
    memory.sees(one)
    await memory.kept()
    for (const at of [{ branch: 'other' }, { url: 'https://host.example.com/other.git' }]) {
      const other = await start(at)
      expect([other.tip, other.isOfAnother]).toEqual([undefined, true])
    }
    const other = await start({ branch: 'other' })
    other.sees(two)
    await other.kept()
    expect([(await start({ branch: 'other' })).tip, (await start()).tip]).toEqual([two, undefined])
  })

  test('tells a halt and its end once, by whom, and at once of one that stands', async () => {
    const start = await way()
    const memory = await start()
    const told: { halt: Halt | null; by: string | null }[] = []
    memory.sees(one)
    memory.tell((change) => void told.push(change))
    const halt = memory.loses({ seenTip: one, foundTip: two })
    memory.loses({ seenTip: one, foundTip: two })
    await memory.kept()
    const next = await start()
    next.tell((change) => void told.push(change))
    next.sees(two, 'alice')
    next.sees(two)
    expect(told).toEqual([
      { halt, by: null },
      { halt, by: null },
      { halt: null, by: 'alice' },
    ])
  })

  test('is what was seen last, however often the process was begun anew', async () => {
    const start = await way()
    const tip = fc.constantFrom(...shas)
    const step = fc.oneof(
      fc.record({ kind: fc.constant('sees' as const), tip }),
      fc.record({ kind: fc.constant('loses' as const), tip }),
      fc.record({ kind: fc.constant('restart' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let memory = await start()
        let [seen, found] = [memory.tip, memory.halt?.foundTip]
        for (const one of steps) {
          if (one.kind === 'sees') {
            memory.sees(one.tip)
            seen = one.tip
            found = undefined
          } else if (one.kind === 'loses') {
            memory.loses({ seenTip: String(memory.tip), foundTip: one.tip })
            found = one.tip
          } else {
            await memory.kept()
            memory = await start()
          }
          // Nothing was seen yet that could be kept of a file.
          if (seen === undefined) {
            memory.sees(three)
            return memory.kept()
          }
          expect([memory.tip, memory.halt?.foundTip]).toEqual([seen, found])
        }
        await memory.kept()
      }),
      { numRuns: 40 },
    )
  })
})

describe('what several servers saw of the branch', () => {
  test('F18: an older leader puts nothing over what a newer one saw, and follows it', async () => {
    const { database } = await tempDatabase()
    const older = await SeenBranches.load({ database, fence: () => 1 }, place)
    const newer = await SeenBranches.load({ database, fence: () => 2 }, place)
    older.sees(one)
    await older.kept()
    newer.sees(two)
    await newer.kept()
    older.sees(three)
    await older.kept()
    expect([older.tip, await seenTip(database, place)]).toEqual([two, two])
  })

  test('F18: one that does not lead keeps nothing, and keeps what it saw when it leads', async () => {
    const { database } = await tempDatabase()
    let fence: number | undefined
    const memory = await SeenBranches.load({ database, fence: () => fence }, place)
    memory.sees(one)
    await memory.kept()
    expect([memory.tip, await seenTip(database, place)]).toEqual([one, undefined])
    fence = 3
    memory.sees(one)
    await memory.kept()
    expect(await seenTip(database, place)).toBe(one)
  })

  test('what could not be kept is kept with the next look', async () => {
    const { database } = await tempDatabase()
    let isAway = true
    const write: typeof database.write = (...given) =>
      isAway ? Promise.reject(new Error('away')) : database.write(...given)
    const ports = { database: { ...database, write }, fence: () => 1 }
    const memory = await SeenBranches.load(ports, place)
    memory.sees(one)
    await memory.kept()
    isAway = false
    memory.sees(one)
    await memory.kept()
    expect(await seenTip(database, place)).toBe(one)
    expect(await seenTip(database, { ...place, branch: 'other' })).toBeUndefined()
  })
})
