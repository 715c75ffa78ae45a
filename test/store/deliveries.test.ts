import { describe, expect, test } from 'vitest'
import { DeliveryStore } from '../../src/store/deliveries.ts'
import { tempDatabase } from '../support/temp.ts'

const delivery = (key: string, more: { requestId?: string; alias?: string } = {}) => ({
  ...{ key, surface: 'github', requestId: `r-${key}`, body: `{"said":"${key}"}`, receivedMs: 1 },
  ...more,
})

async function store() {
  const { database } = await tempDatabase()
  return new DeliveryStore(database, 'this server')
}

describe('deliveries of one transaction', () => {
  test('are each answered whether they are new', async () => {
    const deliveries = await store()
    expect(await deliveries.accept(delivery('b'))).toBe(true)
    const again = { requestId: 'r-again' }
    const all = [delivery('a'), delivery('b', again), delivery('c'), delivery('a', again)]
    expect(await deliveries.acceptAll(all)).toEqual([true, false, true, false])
    expect((await deliveries.open('github')).map(({ requestId }) => requestId).sort()).toEqual([
      'r-a',
      'r-b',
      'r-c',
    ])
  })

  test('are known under their other names, too', async () => {
    const deliveries = await store()
    await deliveries.acceptAll([delivery('a', { alias: 'one' }), delivery('b', { alias: 'two' })])
    const again = { requestId: 'r-again' }
    expect(
      await deliveries.acceptAll([
        delivery('c', { ...again, alias: 'one' }),
        delivery('two', { ...again, requestId: 'r-2' }),
        delivery('d', { requestId: 'r-3', alias: 'a' }),
        delivery('e', { requestId: 'r-4', alias: 'three' }),
        delivery('f', { requestId: 'r-5', alias: 'three' }),
      ]),
    ).toEqual([false, false, false, true, false])
    expect(await Promise.all(['one', 'two', 'three'].map((key) => deliveries.has(key)))).toEqual([
      true,
      true,
      true,
    ])
    expect((await deliveries.open('github')).map(({ key }) => key)).toEqual(['a', 'b', 'e'])
  })

  test('keep what they hold and who took them; none is none', async () => {
    const deliveries = await store()
    expect(await deliveries.acceptAll([])).toEqual([])
    const hundred = Array.from({ length: 100 }, (_, at) => delivery(`n ${at}`))
    expect(await deliveries.acceptAll(hundred)).toEqual(hundred.map(() => true))
    const open = await deliveries.open('github')
    expect(open).toHaveLength(100)
    expect(open).toContainEqual(delivery('n 7'))
    expect(await deliveries.openElsewhere('github')).toEqual([])
  })
})
