import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shas } from '../../support/github-server.ts'
import type { Pull } from '../../support/github-state.ts'
import { githubSurface } from '../../support/github-surface.ts'

describe('F17: a pull request of which nothing was told', () => {
  it('whose head moved is repaired, so that a comment is of the right head', async () => {
    const { sender, pull, surface, push, requests, settled, change, record } = await githubSurface()
    await push({ id: 'web-2', version: { repositoryName: 'example/web', sha: shas.two, branch: 'faster' } }) // biome-ignore format: one line
    await sender.pullRequest(pull, 'opened')
    await settled()
    await change(() => pull.push(shas.two))
    await surface.sweep()
    expect(await record()).toMatchObject({ headSha: shas.two })
    await change(() => undefined)
    await sender.comment(pull, '/gimlet release staging')
    await settled()
    expect(await requests()).toBe(1)
  })

  it('is told of on the pull request, although its artifact was there before', async () => {
    const { push, surface, pull, change, database } = await githubSurface()
    await push({ id: 'web-1', version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } }) // biome-ignore format: one line
    await surface.sweep()
    const due = async () =>
      (await database.read('select key from messages where changed > sent order by key')).map(({ key }) => key) // biome-ignore format: one value
    expect(await due()).toEqual(['github artifact 7 12', 'github check 7 12', 'github sticky 7 12'])
    await database.write(['update messages set sent = changed'])
    await surface.sweep()
    expect(await due()).toEqual([])
    await change(() => pull.push(shas.two))
    await surface.sweep()
    expect(await due()).toHaveLength(3)
  })

  it('is found when it was opened, closed, or opened again', async () => {
    const { sender, pull, surface, settled, change, record, host, repository } =
      await githubSurface()
    await surface.sweep()
    expect(await record()).toMatchObject({ headSha: shas.one, isOpen: true, isFork: false })
    await change(() => pull.close())
    await surface.sweep()
    expect(await record()).toMatchObject({ isOpen: false })
    await change(() => pull.reopen())
    await surface.sweep()
    expect(await record()).toMatchObject({ isOpen: true })
    const other = host.pull({ repository, number: 13 })
    await sender.pullRequest(other, 'opened', { isLost: true })
    await surface.sweep()
    await settled()
    expect(await record(13)).toMatchObject({ isOpen: true })
  })

  it('F15: is told as it is in the end when 30 % of all deliveries are dropped', async () => {
    const { sender, pull, surface, settled, change, record, host, repository } =
      await githubSurface()
    const other = host.pull({ repository, number: 13 })
    const shape = fc.record({
      of: fc.constantFrom(pull, other),
      does: fc.constantFrom('push', 'close', 'reopen', 'nothing'),
      isLost: fc.integer({ min: 0, max: 99 }).map((value) => value < 30),
      times: fc.integer({ min: 1, max: 3 }),
    })
    let count = 0
    const run = async (life: { of: Pull; does: string; isLost: boolean; times: number }[]) => {
      for (const { of, does, isLost, times } of life) {
        if (does === 'close') await change(() => of.close(), of)
        else if (does === 'reopen') await change(() => of.reopen(), of)
        else if (does === 'push') await change(() => of.push(String(++count).padStart(40, '0')), of)
        const action =
          { push: 'synchronize', close: 'closed', reopen: 'reopened' }[does] ?? 'edited'
        for (let time = 0; time < times; time++) await sender.pullRequest(of, action, { isLost })
      }
      await settled()
      await surface.sweep()
      await settled()
      for (const of of [pull, other])
        expect(await record(of.number)).toMatchObject({
          ...{ headSha: of.headSha, isOpen: of.state === 'open' },
        })
    }
    await fc.assert(fc.asyncProperty(fc.array(shape, { maxLength: 12 }), run), {
      seed: 17,
      numRuns: 30,
    })
  })
})

describe('F16: what happened to a pull request, in any order and several times', () => {
  it('is the same record in the end', async () => {
    const { sender, settled, record, database, host, repository, clock } = await githubSurface()
    const pull = host.pull({ repository, number: 20, headSha: shas.one })
    const made: Record<string, unknown>[] = []
    const tell = async (action: string, change: () => void) => {
      clock.moveMs(1_000)
      change()
      Object.assign(pull, { createdAt: host.now() })
      await sender.pullRequest(pull, action, { isLost: true })
      made.push(host.deliveries.at(-1)!.request.payload)
    }
    await tell('opened', () => undefined)
    await tell('synchronize', () => pull.push(shas.two))
    await tell('synchronize', () => pull.push(shas.three))
    await tell('closed', () => pull.close())
    await tell('reopened', () => pull.reopen())
    const want = { headSha: shas.three, isOpen: true, isFork: false, number: 20 }
    for (const order of permutations(made)) {
      await database.write([{ sql: 'delete from pulls' }, { sql: 'delete from deliveries' }].map((one) => ({ ...one, args: [] }))) // biome-ignore format: one line
      // Each comes again at once, and the first once more in the end.
      const sent = [...order.flatMap((one) => [one, one]), order[0]!]
      await Promise.all(sent.map((one) => sender.event('pull_request', one)))
      await settled()
      expect(await record(20)).toMatchObject(want)
    }
  })
})

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length <= 1) return [[...all]]
  return all.flatMap((one, at) =>
    permutations([...all.slice(0, at), ...all.slice(at + 1)]).map((rest) => [one, ...rest]),
  )
}
