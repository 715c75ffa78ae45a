import { describe, expect, test } from 'vitest'
import type { BatchFigures } from '../../src/domain/batch.ts'
import { Fault } from '../../src/domain/fault.ts'
import { Stopwatch } from '../../src/release/stopwatch.ts'
import { manifest } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { startLoop, type TestParts, type TestPorts, testParts } from '../support/parts.ts'

const slow = { decide: 2, build: 30, intend: 4, push: 500, land: 6 }
const whole = ['look', 'render', 'decide', 'build', 'intend', 'push', 'land']

/** Parts on which each step takes its time by the clock, and what is told of their batches. */
async function timed(given: Parameters<typeof testParts>[0] = {}) {
  const parts = await testParts(given)
  const { clock } = parts
  const { writer } = parts.gitops
  const told: BatchFigures[] = []
  const commit: typeof writer.commit = async (tip, commits, intend) => {
    clock.moveMs(slow.build)
    const result = await writer.commit(tip, commits, intend)
    clock.moveMs(slow.push)
    return result
  }
  const ports: TestPorts = {
    ...parts.ports,
    many: {
      ...parts.ports.many,
      async drift(...asked) {
        clock.moveMs(slow.decide)
        return parts.ports.many.drift(...asked)
      },
    },
    gitops: boundTo(writer, commit),
    landings: {
      async intend(intents) {
        clock.moveMs(slow.intend)
        return parts.releases.intend(intents)
      },
      async land(landings) {
        await parts.releases.land(landings)
        clock.moveMs(slow.land)
      },
    },
    async pause() {
      clock.moveMs(40)
    },
    batchEnded: (batch) => void told.push(batch),
  }
  await parts.push()
  return { ...parts, parts, ports, told, commit }
}

const boundTo = (
  writer: TestParts['gitops']['writer'],
  commit: typeof writer.commit,
): TestPorts['gitops'] => ({
  url: writer.url,
  tip: () => writer.tip(),
  lastTip: () => writer.tip(),
  landed: writer.landed.bind(writer),
  commit,
})

/** Runs the loop until so many batches were told of. */
async function carriedOut(ports: TestPorts, told: readonly BatchFigures[], many = 1) {
  const loop = startLoop(ports)
  await eventually(() => expect(told.length).toBeGreaterThanOrEqual(many))
  await loop.stop()
}

const namesOf = ({ steps }: BatchFigures) => steps.map(({ step }) => step)
const msOf = ({ steps }: BatchFigures) =>
  Object.fromEntries(steps.map(({ step, ms }) => [step, ms]))
const sum = ({ steps }: BatchFigures) => steps.reduce((all, { ms }) => all + ms, 0)

describe('the steps of a batch', () => {
  test('are told, and are all of the time from when it was taken to its landing', async () => {
    const { clock, ask, ports, told } = await timed()
    await ask()
    clock.moveMs(70)
    await carriedOut(ports, told)
    const [batch] = told
    if (!batch) throw new Error('nothing was told')
    expect(batch).toMatchObject({ eventId: 'r-1', size: 1, races: 0, queuedMs: [70] })
    expect(namesOf(batch)).toEqual(whole)
    expect(msOf(batch)).toEqual({ look: 0, render: 0, ...slow })
    expect(batch.landed).toEqual([{ ms: 70 + sum(batch), wasHeld: false }])
  })

  test('are told once for all of it, the queue for each', async () => {
    const own = { extra: 'repository: owner/web\n' }
    const manifests = { 'web.yaml': manifest(), 'shop.yaml': manifest({ app: 'shop', ...own }) }
    const { clock, ask, ports, told } = await timed({ manifests })
    await ask()
    clock.moveMs(20)
    await ask({ id: 'r-2', app: 'shop' })
    await carriedOut(ports, told)
    expect(told).toMatchObject([{ size: 2, queuedMs: [20, 0] }])
    expect(told.map(namesOf)).toEqual([whole])
  })

  test('F8: what loses a race to somebody’s push counts as one retry, with all its time', async () => {
    const { parts, ask, commit, ports, told } = await timed()
    const { writer } = parts.gitops
    let isFirst = true
    const gitops = boundTo(writer, async (...given) => {
      if (isFirst) await parts.gitops.someoneCommits({ 'README.md': 'theirs' })
      isFirst = false
      return commit(...given)
    })
    await ask()
    await carriedOut({ ...ports, gitops }, told)
    const [batch] = told
    if (!batch) throw new Error('nothing was told')
    expect(batch).toMatchObject({ races: 1, landed: [{ ms: sum(batch) }] })
    expect(namesOf(batch)).toEqual(['retry', ...whole])
    const lost = slow.decide + slow.build + slow.intend + slow.push + 40
    expect(msOf(batch)).toEqual({ retry: lost, look: 0, render: 0, ...slow })
  })

  test('F10: when the host is away, the push that came to nothing is told, and nothing landed', async () => {
    const { parts, clock, ask, ports, told } = await timed()
    const { writer } = parts.gitops
    const gitops = boundTo(writer, (tip, commits, intend) =>
      writer.commit(tip, commits, async (refs) => {
        await intend(refs)
        clock.moveMs(30_000)
        throw new Fault('gitops_unreachable', 'pushing: timed out')
      }),
    )
    await ask()
    await carriedOut({ ...ports, gitops }, told)
    const [batch] = told
    if (!batch) throw new Error('nothing was told')
    expect(batch).toMatchObject({ size: 1, landed: [] })
    expect(batch.steps.at(-1)).toEqual({ step: 'push', ms: 30_000 })
    // It waits from when it may be tried again, not from when it was asked.
    clock.moveMs(2_000)
    told.length = 0
    await carriedOut(ports, told)
    expect(told[0]?.queuedMs[0]).toBeLessThanOrEqual(1_000)
    expect(told[0]?.landed[0]?.ms).toBeGreaterThan(32_000)
  })
})

test('a batch with a slow release is a line of its own at info', async () => {
  const { clock, ask, push, ports, told, logged } = await timed()
  await ask()
  await carriedOut(ports, told)
  expect(logged).toContainEqual({ level: 'debug', text: 'a batch ended' })
  await push({ id: 'web-2' })
  await ask({ id: 'r-2', artifactId: 'web-2' })
  clock.moveMs(11_000)
  await carriedOut(ports, told, 2)
  expect(logged).toContainEqual({ level: 'info', text: 'a batch with a slow release ended' })
})

test('a stopwatch that was never started tells nothing, and ends once', () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs }
  const stopwatch = new Stopwatch(clock)
  expect(stopwatch.stop()).toEqual({ steps: [], races: 0 })
  stopwatch.enter('look')
  clock.nowMs = 5
  stopwatch.stop()
  expect(stopwatch.stop()).toEqual({ steps: [{ step: 'look', ms: 5 }], races: 0 })
})
