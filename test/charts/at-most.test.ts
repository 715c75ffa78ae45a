import { expect, test } from 'vitest'
import { atMost } from '../../src/charts/at-most.ts'

test('no more than so many run, all come to their turn, and what breaks frees its place', async () => {
  const turn = atMost(2)
  const gates: (() => void)[] = []
  let running = 0
  const most: number[] = []
  const work = (at: number) => async () => {
    most.push(++running)
    await new Promise<void>((go) => gates.push(go))
    running--
    if (at === 0) throw new Error('broken')
    return at
  }
  const all = Promise.allSettled([0, 1, 2, 3, 4].map((at) => turn(work(at))))
  let open = gates.shift()
  for (let at = 0; at < 5; at++) {
    while (!open) {
      await Promise.resolve()
      open = gates.shift()
    }
    open()
    open = undefined
  }
  const ends = await all
  expect(ends.map(({ status }) => status)).toEqual(['rejected', ...Array(4).fill('fulfilled')])
  expect(Math.max(...most)).toBe(2)
})
