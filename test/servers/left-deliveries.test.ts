import { expect, test } from 'vitest'
import { LeftDeliveries } from '../../src/servers/left-deliveries.ts'
import { DeliveryStore, type LeftDelivery } from '../../src/store/deliveries.ts'
import { tempDatabase } from '../support/temp.ts'

const minuteMs = 60_000

/** What one server took, and another that leads and looks after it. */
async function oneTaken() {
  const { database } = await tempDatabase()
  const [gone, own] = [new DeliveryStore(database, 'gone'), new DeliveryStore(database, 'own')]
  const delivery = { key: 'k', surface: 'github', requestId: 'r-1', body: '{}' }
  // Its clock is years ahead, which must not matter.
  await gone.accept({ ...delivery, receivedMs: 9e12 })
  let nowMs = 0
  const carried: LeftDelivery[] = []
  const left = new LeftDeliveries(
    {
      deliveries: own,
      monotonicMs: () => nowMs,
      carryOn: (one: LeftDelivery) => void carried.push(one),
      log: { info: () => undefined, warn: () => undefined },
    },
    'github',
  )
  const lookIn = async (minutes: number) => {
    nowMs += minutes * minuteMs
    await left.look()
    return carried.length
  }
  return { gone, own, carried, lookIn }
}

test('F18: what another server has in hand is its for three minutes, and then taken over once', async () => {
  const { own, carried, lookIn } = await oneTaken()
  expect([await lookIn(0), await lookIn(1), await lookIn(1.9)]).toEqual([0, 0, 0])
  expect([await lookIn(0.1), await lookIn(1), await lookIn(5)]).toEqual([1, 1, 1])
  expect(carried[0]).toMatchObject({ key: 'k', requestId: 'r-1', body: '{}' })
  // From now on it is this server's: its next start carries it out if it dies meanwhile.
  expect(await own.open('github')).toMatchObject([{ key: 'k' }])
})

test('F18: what the other server carries out by then is left alone', async () => {
  const { gone, lookIn } = await oneTaken()
  await lookIn(0)
  await gone.done('k', '')
  expect(await lookIn(4)).toBe(0)
})

test('F18: of two that look after it one takes it over', async () => {
  const { own, lookIn, gone } = await oneTaken()
  const [seen] = await own.openElsewhere('github')
  await lookIn(0)
  expect(seen && (await own.takeOver(seen))).toBe(true)
  expect(seen && (await own.takeOver(seen))).toBe(false)
  expect([await gone.open('github'), await lookIn(4)]).toEqual([[], 0])
})

test('F2: a server that starts carries out what it took itself, and what is older than several servers', async () => {
  const { database } = await tempDatabase()
  const delivery = { surface: 'slack', requestId: 'r-1', body: '{}', receivedMs: 0 }
  for (const server of ['', 'own', 'other'])
    await new DeliveryStore(database, server).accept({ ...delivery, key: `of ${server}` })
  const open = await new DeliveryStore(database, 'own').open('slack')
  expect(open.map(({ key }) => key)).toEqual(['of ', 'of own'])
})
