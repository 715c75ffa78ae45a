import { describe, expect, test } from 'vitest'
import { askedOnGithub } from '../support/asked-on-github.ts'
import { settableClock } from '../support/clock.ts'
import { put } from '../support/direct.ts'
import type { GithubFault } from '../support/github.ts'
import { onGithub } from '../support/on-github.ts'

const nothing = () => Promise.resolve(true)
const moving = /^\/graphql$/

describe('F24/F10: GitHub’s limits', () => {
  test.each<{ name: string; method: string; path: RegExp; fault: GithubFault }>([
    {
      name: 'all calls',
      method: 'POST',
      path: moving,
      fault: { status: 403, rateLimit: true, retryAfter: 30 },
    },
    {
      name: 'calls at once',
      method: 'POST',
      path: moving,
      fault: { status: 403, secondary: true, retryAfter: 30 },
    },
    {
      name: 'content',
      method: 'POST',
      path: /\/git\/trees$/,
      fault: { status: 429, retryAfter: 30 },
    },
    {
      name: 'a read',
      method: 'GET',
      path: /\/git\/commits\//,
      fault: { status: 429, retryAfter: 30 },
    },
  ])('on $name are a fault that says how long, and nothing is asked meanwhile', async (given) => {
    const place = await onGithub({ clock: settableClock() })
    const tip = await place.writer.tip()
    place.github.fail(given.method, given.path, given.fault, 9)
    const before = place.github.callsOf(given.method, given.path).length
    await expect(place.writer.commit(tip, [put('1')], nothing)).rejects.toMatchObject({
      code: 'gitops_unreachable',
      afterMs: 30_000,
      message: expect.stringMatching(/asks to wait 30 s/),
    })
    expect(place.github.callsOf(given.method, given.path)).toHaveLength(before + 1)
    expect(await place.tipOfRemote()).toBe(tip)
    const calls = place.github.calls.length
    await expect(place.writer.refresh()).rejects.toMatchObject({ afterMs: 30_000 })
    expect(place.github.calls).toHaveLength(calls)
  })
})

describe('F24/F10: a release that waits for GitHub', () => {
  test('waits as long as GitHub asks, and says so', async () => {
    const { releaser, github, events, clock, gitops } = await askedOnGithub(1)
    github.fail('POST', /\/git\/trees$/, { status: 403, secondary: true, retryAfter: 90 })
    const askedMs = clock.nowMs()
    await releaser.step()
    expect(await events.find('r-app-000')).toMatchObject({
      status: 'new',
      dueMs: askedMs + 90_000,
      statusDesc: expect.stringMatching(/^waits: .* GitHub .* asks to wait 90 s$/),
      attempts: 0,
    })
    const calls = github.calls.length
    expect(await releaser.step()).toBe(0)
    expect(github.calls).toHaveLength(calls)
    clock.moveMs(90_000)
    await releaser.step()
    expect(await gitops.log()).toHaveLength(2)
  })

  test('F42: in a flood of 200 lands in its order, and GitHub never says that it is too much', async () => {
    const { releaser, github, events, clock, gitops, names, ports } = await askedOnGithub(200)
    Object.assign(github, { limitPerMinute: 80, limitPerContentHour: 500, pointsPerMinute: 900 })
    const next = () => events.nextTargetedMs(ports.environments)
    for (let dueMs = await next(); dueMs !== undefined; dueMs = await next()) {
      clock.moveMs(Math.max(0, dueMs - clock.nowMs()))
      await releaser.step()
    }
    expect(github.calls.filter(({ status }) => [403, 429].includes(status))).toEqual([])
    const landed = (await gitops.log('--reverse')).slice(1)
    expect(landed).toEqual(names.map((app) => `[Gimlet] production/${app} release web-1`))
    expect(github.createdMax()).toBeLessThanOrEqual(75)
    expect(github.createdMax(3_600_000)).toBeLessThanOrEqual(480)
  })
})
