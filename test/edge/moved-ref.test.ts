import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { manifest } from '../support/builders.ts'
import { askingOf } from '../support/edge-asking.ts'
import { atRest, holds } from '../support/edge-judge.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import type { GithubFault } from '../support/github.ts'

let [world, asking] = [] as unknown as [EdgeWorld, ReturnType<typeof askingOf>]
const work: (() => unknown)[] = []
/** What somebody else committed. */
const seen: string[] = []
let number = 0

beforeAll(async () => {
  const settings = { GIMLET_LEASE_SECONDS: '3' }
  world = await edgeWorld({ manifests: { 'web.yaml': manifest() }, settings }, (one) => {
    work.push(one)
  })
  asking = askingOf(world)
  await landed()
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

/** Releases the next artifact of web, and waits until everything is done. */
async function landed(): Promise<void> {
  const id = await asking.release('web', ++number)
  await atRest(world)
  expect(await world.ended(id)).toMatchObject({ status: 'processed' })
  expect(await shown()).toContain(`v${number}`)
  await holds(world, asking.accepted, seen)
}

const shown = () => world.gitops.git('show', 'main:production/web/configmap-web.yaml')
/** Somebody commits by hand, and again where the server was faster. */
const someoneCommits = async (): Promise<void> => {
  const commit = () => world.gitops.commit({ 'notes.md': `by hand, before ${number}` })
  seen.push(await commit().catch(commit))
}

describe('a branch that somebody else moves', () => {
  const steps = [/git\/trees/, /git\/commits/, /\/graphql$/]
  test.each(steps)('as %s is asked is decided on again (F8, F9)', async (step) => {
    let committing: Promise<void> | undefined
    world.github.fault = ({ method, path }) => {
      if (method === 'POST' && step.test(path)) committing ??= someoneCommits()
      return undefined
    }
    await landed()
    await committing
    world.github.fault = () => undefined
    await holds(world, asking.accepted, seen)
  })

  it('between the intent and the move is decided on again (F8)', async () => {
    world.repository.beforeMove = async () => {
      world.repository.beforeMove = undefined
      await someoneCommits()
    }
    const moves = () => world.github.calls.filter(isMove).length
    const before = moves()
    await landed()
    expect(moves()).toBeGreaterThanOrEqual(before + 2)
  })
})

const isMove = ({ path, body }: { path: string; body: Readonly<Record<string, unknown>> }) =>
  path === '/graphql' && String(body.query).includes('updateRefs')

type Trouble = { readonly name: string; readonly answer: GithubFault; readonly times?: number }

describe('GitHub in trouble, with a release on its way', () => {
  const everywhere: readonly Trouble[] = [
    { name: 'answers slowly', answer: { hang: 300 }, times: 20 },
    { name: 'answers 500', answer: { status: 500 }, times: 3 },
    { name: 'answers 502', answer: { status: 502 }, times: 3 },
    { name: 'loses answers', answer: { lost: true }, times: 2 },
    { name: 'asks to wait', answer: { status: 403, secondary: true, retryAfter: 4 } },
  ]
  test.each(everywhere)('$name: it lands once (F10, F24)', async ({ answer, times = 1 }) => {
    world.github.fail('POST', /gitops\/git\/|graphql/, answer, times)
    const [asked, from] = [performance.now(), world.github.calls.length]
    await landed()
    if (!('retryAfter' in answer) || !answer.retryAfter) return
    // It was left alone as long as it asked to be.
    const calls = world.github.calls.slice(from).filter(({ path }) => path.includes('gitops/git/'))
    const at = calls.findIndex(({ status }) => status === 403)
    const [limited, next] = calls.slice(at)
    expect((next?.atMs ?? 0) - (limited?.atMs ?? 0)).toBeGreaterThanOrEqual(answer.retryAfter * 1000 - 50) // biome-ignore format: one line
    expect(performance.now() - asked).toBeGreaterThan(4_000)
  })

  it('loses the answer to the move: it is found, and not made twice (F7)', async () => {
    world.github.fail('POST', /graphql/, { lost: true })
    await landed()
  })

  it('takes its token back: it asks for another one (F32)', async () => {
    world.github.expireTokens()
    await landed()
  })

  it('suspends the installation: it waits, says so, and goes on afterwards (F32)', async () => {
    const [installation] = world.github.installations
    if (!installation) throw new Error('there is no installation')
    installation.isSuspended = true
    const id = await asking.release('web', ++number)
    await eventually(async () => {
      const { body } = await world.call(`/api/event?id=${id}`)
      expect(body).toMatchObject({ status: 'new', statusDesc: expect.stringMatching(/^waits: /) })
    })
    installation.isSuspended = false
    expect(await world.ended(id)).toMatchObject({ status: 'processed' })
  })

  it('loses the app and gets it anew under another number (F32)', async () => {
    const [installation] = world.github.installations
    world.github.installations.length = 0
    world.github.expireTokens()
    // What CI says is taken all the same; who asks for a release is told what is wrong.
    await asking.artifact('web', ++number)
    const release = { env: 'production', app: 'web', artifactId: `web-${number}` }
    const answer = await world.post('/api/releases', release)
    expect(answer).toMatchObject({ status: 503, text: expect.stringContaining('is not installed') })
    world.github.installations.push({ id: 43, account: installation?.account ?? '', isSuspended: false }) // biome-ignore format: one line
    world.repository.installationId = 43
    await landed()
  })
})

// The last: what it takes away is missed by whoever looks afterwards.
describe('a branch that somebody moves', () => {
  it('back is told, and nothing is written until a person lets it go on (F27)', async () => {
    const last = (await world.gitops.git('rev-parse', 'main')).trim()
    await world.gitops.git('update-ref', 'refs/heads/main', 'main~1')
    const foundTip = await world.gitops.git('rev-parse', 'main')
    const made = world.github.calls.length
    const id = await asking.release('web', ++number)
    await eventually(async () => {
      const { body } = await world.call('/api/gitops')
      expect(body).toMatchObject({ halt: { seenTip: last, foundTip } })
    })
    expect(await world.call('/readyz')).toMatchObject({ status: 503 })
    await world.worker.tick()
    await eventually(async () => {
      const event = (await world.call(`/api/event?id=${id}`)).body
      expect(event).toMatchObject({ status: 'new', statusDesc: expect.stringMatching(/^waits: /) })
    })
    expect(await world.gitops.git('rev-parse', 'main')).toBe(foundTip)
    expect(world.github.calls.slice(made).some(isMove)).toBe(false)
    expect(await world.post('/api/gitops/resume', { tip: foundTip })).toMatchObject({ status: 200 })
    expect(await world.ended(id)).toMatchObject({ status: 'processed' })
    expect(await shown()).toContain(`v${number}`)
  })
})
