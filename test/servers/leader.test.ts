import { expect, onTestFinished, test } from 'vitest'
import { Leader, type LeaderPorts } from '../../src/servers/leader.ts'
import type { Database } from '../../src/store/client.ts'
import { LeaseStore } from '../../src/store/leases.ts'
import { settableClock, type TestClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { tempDatabase } from '../support/temp.ts'

const lengthMs = 300

type Place = { readonly database: Database; readonly clock: TestClock }

/** Servers whose leases run out when the test says so. */
async function servers() {
  const { database } = await tempDatabase()
  const clock = settableClock()
  const named = (name: string, given: Partial<LeaderPorts> = {}) =>
    server({ database, clock }, name, given)
  return { database, clock, named }
}

/** A server whose terms say when they begin, and end when they may. */
function server({ database, clock }: Place, name: string, given: Partial<LeaderPorts> = {}) {
  const logged: string[] = []
  const log = (_: object, text: string) => void logged.push(text)
  const terms: { isAskedToEnd: boolean; end: () => void }[] = []
  let isSlow = false
  const ports: LeaderPorts = {
    leases: new LeaseStore(database),
    monotonicMs: clock.monotonicMs,
    follow: () => Promise.resolve(),
    log: { info: log, warn: log, error: log },
    lead() {
      let end = () => {}
      const ended = new Promise<void>((done) => {
        end = done
      })
      const term = { isAskedToEnd: false, end }
      terms.push(term)
      return {
        stop() {
          term.isAskedToEnd = true
          return isSlow ? ended : Promise.resolve()
        },
      }
    },
    ...given,
  }
  const leader = new Leader(ports, { name: 'leader', by: { holder: name, place: name, lengthMs } })
  onTestFinished(async () => {
    for (const { end } of terms) end()
    await leader.stop()
  })
  const endSlowly = () => {
    isSlow = true
  }
  return { leader, terms, logged, endSlowly }
}

const leads = ({ leader }: ReturnType<typeof server>) =>
  eventually(() => expect(leader.isLeading).toBe(true))

test('F18: one that stops hands over though a step of its own hangs', async () => {
  const { named } = await servers()
  const [first, second] = [named('first'), named('second')]
  first.leader.start()
  await leads(first)
  second.leader.start()
  first.endSlowly()
  const stopped = first.leader.stop()
  await leads(second)
  expect([first.leader.isLeading, first.terms[0]?.isAskedToEnd]).toEqual([false, true])
  first.terms[0]?.end()
  await stopped
})

test('one that does not lead keeps up with what the leader writes, and says once who that is', async () => {
  const { named } = await servers()
  const first = named('first')
  first.leader.start()
  await leads(first)
  let followed = 0
  const follow = () => Promise.reject(new Error(`the git host is away ${followed++}`))
  const second = named('second', { follow })
  second.leader.start()
  await eventually(() => expect(followed).toBe(1))
  await first.leader.stop()
  await leads(second)
  expect(second.logged).toEqual([
    'another server leads; this one accepts and answers',
    'what the leader wrote could not be fetched',
    'this server leads',
  ])
})

test('F23: one whose database does not answer ends its term by its own clock', async () => {
  const { database, clock, named } = await servers()
  const store = new LeaseStore(database)
  const leases = {
    look: store.look.bind(store),
    take: store.take.bind(store),
    giveBack: store.giveBack.bind(store),
    renew: () => new Promise<never>(() => undefined),
  }
  const alone = named('alone', { leases })
  alone.leader.start()
  await leads(alone)
  clock.moveMs(lengthMs)
  await eventually(() => expect(alone.terms[0]?.isAskedToEnd).toBe(true))
  expect(alone.logged.filter((text) => text.includes('leads no more'))).not.toHaveLength(0)
})

test('F18: one that lost its lease begins no other term before its last one has ended', async () => {
  const { database, clock, named } = await servers()
  const first = named('first')
  first.endSlowly()
  first.leader.start()
  await leads(first)
  const leases = new LeaseStore(database)
  await leases.take('leader', await leases.look('leader'), {
    holder: 'second',
    place: 'second',
    lengthMs,
  })
  // Time to renew it.
  clock.moveMs(lengthMs / 2)
  await eventually(() => expect(first.terms[0]?.isAskedToEnd).toBe(true))
  // The other one is silent and its lease runs out: it could be taken now.
  const third = named('third')
  third.leader.start()
  await eventually(() => {
    if (!third.leader.isLeading) clock.moveMs(lengthMs / 4)
    expect(third.leader.isLeading).toBe(true)
  })
  expect(first.terms).toHaveLength(1)
  first.terms[0]?.end()
  await third.leader.stop()
  await leads(first)
  expect(first.terms).toHaveLength(2)
})

test('F19: one that cannot look at the lease goes on trying', async () => {
  const { database, named } = await servers()
  const store = new LeaseStore(database)
  let looks = 0
  const look = (name: string) =>
    looks++ < 2 ? Promise.reject(new Error('the database is away')) : store.look(name)
  const leases = { look, take: store.take.bind(store), renew: store.renew.bind(store), giveBack: store.giveBack.bind(store) } // biome-ignore format: one value
  const alone = named('alone', { leases })
  alone.leader.start()
  await leads(alone)
  expect(alone.logged.slice(0, 2)).toEqual(Array(2).fill('who leads could not be looked at'))
})
