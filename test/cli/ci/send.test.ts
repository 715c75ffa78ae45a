import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, sendSurely } from '../../../src/cli/ci/send.ts'
import { type Reply, Unreachable } from '../../../src/cli/client.ts'
import { refuse } from '../../../src/domain/fault.ts'

const answer = (status: number, retryAfterMs: number | null = null): Reply => ({
  json: null,
  outcome: refuse('overloaded', 'later'),
  ...{ status, retryAfterMs },
})

/** Sends with these answers, one after the other; the last one is repeated. */
async function send(answers: readonly (Reply | Error)[]) {
  const pauses: number[] = []
  let tries = 0
  const post = async () => {
    const next = answers[Math.min(tries++, answers.length - 1)]
    if (next instanceof Error || next === undefined) throw next
    return next
  }
  const wait = async (ms: number) => void pauses.push(ms)
  const ended = await sendSurely({ post, wait, told: () => undefined }).catch((error) => error)
  return { ended, pauses, tries }
}

describe('sending', () => {
  it('ends after seven tries, and says what came last', async () => {
    expect(await send([answer(503)])).toMatchObject({ tries: 7, ended: { status: 503 } })
    const gone = await send([new Unreachable('nobody')])
    expect([gone.tries, gone.ended]).toEqual([7, expect.any(Unreachable)])
  })

  it('waits as long as the server says, and no less than it would have', async () => {
    const { pauses } = await send([answer(429, 20_000), answer(503, 1), answer(201)])
    expect(pauses[0]).toBe(20_000)
    expect(pauses[1]).toBeGreaterThanOrEqual(500)
  })

  it('does not wait for what may never pass, nor for a bug', async () => {
    for (const status of [200, 201, 400, 401, 403, 404, 409, 413, 422])
      expect((await send([answer(status)])).tries).toBe(1)
    expect((await send([answer(503, 60_001)])).tries).toBe(1)
    expect(await send([new Error('bug')])).toMatchObject({ tries: 1, ended: new Error('bug') })
  })

  it('grows its pauses to 16 s, and half of each is chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, chance) => {
          const whole = Math.min(16_000, 500 * 2 ** (attempt - 1))
          expect(backoffMs(attempt, chance)).toBeGreaterThanOrEqual(whole / 2)
          expect(backoffMs(attempt, chance)).toBeLessThanOrEqual(whole)
        },
      ),
    )
  })
})
