import { describe, expect, it } from 'vitest'
import { GithubPace } from '../../src/notify/github-pace.ts'
import { settableClock } from '../support/clock.ts'

describe('F24: the pace', () => {
  it('is at most 80 texts in a minute, over all places together', async () => {
    const clock = settableClock()
    const writes: number[] = []
    const pace = new GithubPace(clock)
    const call = async (_: number, route: string) => {
      if (!route.startsWith('GET ')) writes.push(clock.nowMs())
      return { kind: 'ok', status: 200, data: null } as const
    }
    const api = pace.counting({ call, callAsApp: (route) => call(0, route) })
    for (let step = 0; step < 4_000; step++) {
      if (pace.waitMs === 0) {
        await api.call(42, 'GET /anything', {})
        // A message takes up to three of them: what is new, its state, and a reaction.
        for (let at = 0; at < 3; at++) await api.call(42, 'POST /anything', {})
      }
      clock.moveMs(100)
    }
    const most = Math.max(...writes.map((from) => writes.filter((at) => at >= from && at < from + 60_000).length)) // biome-ignore format: one value
    expect(most).toBeLessThanOrEqual(80)
    expect(writes.length).toBeGreaterThan(350)
  })

  it('lets a few messages go at once, and keeps a place from getting two', () => {
    const clock = settableClock()
    const pace = new GithubPace(clock)
    expect(pace.waitMs).toBe(0)
    expect(pace.pauseMs).toBe(800)
  })
})
