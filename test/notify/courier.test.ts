import { expect, it, onTestFinished } from 'vitest'
import { Courier } from '../../src/notify/courier.ts'
import { MessageStore } from '../../src/store/messages.ts'
import { settableClock } from '../support/clock.ts'
import { tempDatabase } from '../support/temp.ts'

it('a message that cannot be made keeps no other from being sent, and is made when it can be', async () => {
  const { database } = await tempDatabase(onTestFinished)
  const messages = new MessageStore(database)
  const clock = settableClock()
  const sent: string[] = []
  let isBroken = true
  const warned: unknown[] = []
  const log = { warn: (fields: object) => void warned.push(fields) }
  const courier = new Courier(
    { clock, messages, log },
    {
      ...{ surface: 'github', name: 'GitHub', pauseMs: () => 0, isLookedUp: false },
      async send({ key, place }) {
        if (isBroken && key.startsWith('broken')) throw new Error('the policies cannot be read')
        sent.push(key)
        return { kind: 'sent', sent: { ts: key, place, shown: null, told: [] }, isCalled: true }
      },
    },
  )
  // More of them than are sent at once.
  const keys = [...Array.from({ length: 20 }, (_, at) => `broken ${at}`), 'whole']
  const nowMs = clock.nowMs()
  const message = { surface: 'github', kind: 'post', subject: null, thread: null, body: {} } as const // biome-ignore format: one value
  await messages.put(
    keys.map((key) => ({ ...message, key, place: key, dueMs: nowMs, untilMs: null })),
    nowMs,
  )
  await courier.deliver(() => false)
  expect(sent).toEqual(['whole'])
  expect((await messages.problems('github')).map(({ problem }) => problem)).toEqual(
    Array(20).fill('the policies cannot be read'),
  )
  isBroken = false
  clock.moveMs(60_000)
  await courier.deliver(() => false)
  expect(sent.sort()).toEqual(keys.sort())
})
