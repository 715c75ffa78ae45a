import { describe, expect, it } from 'vitest'
import { shas } from '../../support/github-server.ts'
import { githubSurface } from '../../support/github-surface.ts'

type Json = Record<string, unknown>

/** Every order of some things. */
function orders<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]]
  return all.flatMap((first, at) => orders(all.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}

/** What GitHub tells of a pull request's life, a few seconds apart, in the order in which it happened. */
async function lifeOf({ sender, pull, change, host }: Awaited<ReturnType<typeof githubSurface>>) {
  const steps = [
    ['opened', () => undefined],
    ['labeled', () => pull.labels.push('preview')],
    ['synchronize', () => pull.push(shas.two)],
    ['closed', () => pull.close()],
    ['reopened', () => pull.reopen()],
    ['closed', () => pull.close()],
  ] as const
  const told: Json[] = []
  for (const [action, step] of steps) {
    await change(() => void step())
    await sender.pullRequest(pull, action, { isLost: true })
    const { payload } = host.deliveries.at(-1)!.request
    const shown = { ...(payload.pull_request as Json), updated_at: host.now() }
    told.push({ ...payload, pull_request: shown })
  }
  return told
}

describe('F16: the life of a pull request, told in any order and with repeats', () => {
  it('comes to the same end', async () => {
    const here = await githubSurface()
    const { sender, settled, pulls, pull, requests } = here
    const life = await lifeOf(here)
    const all = orders([0, 1, 2, 3, 4, 5])
    for (const [at, order] of all.entries()) {
      const number = 1_000 + at
      // One of them comes twice, each in its turn.
      for (const step of [...order, order[at % 6]!]) {
        const { pull_request: shown, ...rest } = life[step]!
        const told = { ...rest, number, pull_request: { ...(shown as Json), number } }
        expect((await sender.event('pull_request', told)).status).toBe(202)
      }
    }
    await settled()
    const wrong: unknown[] = []
    const end = { repositoryId: 7, headSha: shas.two, headBranch: 'faster', baseBranch: pull.baseRef, isFork: false, isOpen: false, labels: ['preview'] } // biome-ignore format: one value
    for (const [at, order] of all.entries()) {
      const found = await pulls.find(7, 1_000 + at)
      if (JSON.stringify(found, keys) !== JSON.stringify({ ...end, number: 1_000 + at }, keys))
        wrong.push({ order, found })
    }
    expect(all).toHaveLength(720)
    expect(wrong).toEqual([])
    expect(await requests()).toBe(0)
  })
})

const keys = ['repositoryId', 'number', 'headSha', 'headBranch', 'baseBranch', 'isFork', 'isOpen', 'labels'] // biome-ignore format: one list
