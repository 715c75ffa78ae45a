import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GithubAnswer } from '../../src/gitops/github-git.ts'
import { PacedGithub, waitOf } from '../../src/gitops/github-pace.ts'
import { settableClock } from '../support/clock.ts'

const write = ['POST /repos/{owner}/{repo}/git/trees', {}] as const
const read = ['GET /repos/{owner}/{repo}', {}] as const

/** A way to GitHub that is asked through its pace, and what came through. */
function paced(answer: () => GithubAnswer = () => ({ kind: 'ok', data: {} })) {
  const clock = settableClock()
  const asked: { readonly route: string; readonly atMs: number }[] = []
  const github = new PacedGithub((route) => {
    asked.push({ route, atMs: clock.nowMs() })
    return Promise.resolve(answer())
  }, clock)
  return { clock, asked, github }
}

describe('how long to wait', () => {
  const limits = [
    { windowMs: 1_000, most: 5 },
    { windowMs: 10_000, most: 12 },
  ]

  test('never lets more through than any of the limits, and no longer than it must', () => {
    const asks = fc.array(
      fc.record({ pauseMs: fc.nat({ max: 3_000 }), more: fc.integer({ min: 1, max: 5 }) }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(asks, (all) => {
        let nowMs = 1_000_000
        const made: number[] = []
        for (const { pauseMs, more } of all) {
          nowMs += pauseMs
          const waitMs = waitOf(made, limits, { more, nowMs })
          if (waitMs > 1) expect(fits(made, more, nowMs + waitMs - 1)).toBe(false)
          nowMs += waitMs
          expect(fits(made, more, nowMs)).toBe(true)
          made.push(...Array<number>(more).fill(nowMs))
        }
      }),
    )
  })

  const fits = (made: readonly number[], more: number, nowMs: number) =>
    limits.every(
      ({ windowMs, most }) => made.filter((atMs) => atMs > nowMs - windowMs).length + more <= most,
    )
})

describe('F24: GitHub in its pace', () => {
  test('is asked nothing while it asks to wait, and again afterwards', async () => {
    let answer: GithubAnswer = { kind: 'limited', afterMs: 30_000 }
    const { github, clock, asked } = paced(() => answer)
    expect(await github.call(...read)).toEqual({ kind: 'limited', afterMs: 30_000 })
    answer = { kind: 'ok', data: {} }
    clock.moveMs(29_000)
    expect(await github.call(...read)).toEqual({ kind: 'limited', afterMs: 1_000 })
    const work = () => Promise.resolve('done')
    await expect(github.making(1, work)).rejects.toMatchObject({ afterMs: 1_000 })
    expect(asked).toHaveLength(1)
    clock.moveMs(1_000)
    expect(await github.call(...read)).toMatchObject({ kind: 'ok' })
  })

  test('begins no work that does not fit, and says when it does', async () => {
    const { github, clock, asked } = paced()
    const make = (calls: number) =>
      github.making(calls, async () => {
        for (let count = 0; count < calls; count++) await github.call(...write)
      })
    await make(62)
    await expect(make(62)).rejects.toMatchObject({ code: 'gitops_unreachable', afterMs: 60_000 })
    await make(13)
    await expect(make(1)).rejects.toMatchObject({ afterMs: 60_000 })
    clock.moveMs(60_000)
    await make(62)
    expect(asked).toHaveLength(62 + 13 + 62)
  })

  test('keeps room for what another repository has begun', async () => {
    const { github } = paced()
    let end = () => {}
    const first = github.making(
      62,
      () =>
        new Promise<void>((done) => {
          end = done
        }),
    )
    await expect(github.making(62, () => Promise.resolve())).rejects.toMatchObject({
      name: 'Fault',
    })
    end()
    await first
    await expect(github.making(62, () => Promise.resolve())).resolves.toBeUndefined()
  })

  test('is asked less than 900 points a minute', async () => {
    const { github, clock, asked } = paced()
    for (let count = 0; count < 1_000; count++) await github.call(...read)
    expect(asked).toHaveLength(850)
    expect(await github.call(...read)).toEqual({ kind: 'limited', afterMs: 60_000 })
    clock.moveMs(60_000)
    expect(await github.call(...read)).toMatchObject({ kind: 'ok' })
  })

  test('forgets what was asked at a time to come, when the clock was set back', async () => {
    const { github, clock } = paced()
    for (let count = 0; count < 850; count++) await github.call(...read)
    clock.moveMs(-3_600_000)
    expect(await github.call(...read)).toMatchObject({ kind: 'ok' })
  })
})
