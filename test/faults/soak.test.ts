import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { figure } from '../support/figures.ts'
import { endPrograms } from '../support/program.ts'
import { goal } from './load/goal.ts'
import { place } from './load/place.ts'
import { slopePerMinute } from './load/slope.ts'
import { endLoad, run, start } from './load/start.ts'
import { useOf, watch } from './load/watch.ts'

afterEach(endPrograms)
afterEach(endLoad)

const minutes = Number(process.env.GIMLET_TEST_SOAK_MINUTES ?? 0)
const perSecond = 20
const sampleMs = 5_000
/** Code is compiled and caches fill at first: that is not what grows for ever. */
const warmUpShare = 0.25

it.skipIf(minutes === 0)(
  'I8, F35: memory and handles do not grow in an hour of usual work',
  async () => {
    const here = await place()
    const server = await here.start()
    const { port } = server
    const before = useOf(server.pid)
    const watching = watch(server)
    const accepted: string[] = []
    const points: { minute: number; mib: number }[] = []
    const beganMs = performance.now()
    const minuteNow = () => (performance.now() - beganMs) / 60_000
    const unsigned = await start('send', {
      ...{ port, connections: 4, perSecond: perSecond, forMs: minutes * 60_000 },
      mix: here.mix({ kind: 'unsigned', count: 100 }),
    })
    const sampling = new AbortController()
    const sample = async () => {
      while (!sampling.signal.aborted) {
        points.push({ minute: minuteNow(), mib: useOf(server.pid).rssMiB ?? 0 })
        await pause(sampleMs, undefined, { signal: sampling.signal }).catch(() => undefined)
      }
    }
    const sampled = sample()
    while (minuteNow() < minutes) {
      const mix = here.mix({ kind: 'mixed', count: perSecond * 30, releasedOneIn: 10 })
      accepted.push(...(await run('send', { port, connections: 8, perSecond, mix })).accepted)
    }
    await unsigned.result
    sampling.abort()
    await sampled
    await watching.stop(`${minutes} minutes of usual work`)
    expect(await here.missing(accepted)).toEqual([])
    await here.settled()
    await here.holds(accepted)
    const warm = points.filter(({ minute }) => minute > minutes * warmUpShare)
    const is = slopePerMinute(warm) * 10
    const what = `growth of memory over ${minutes} minutes`
    figure({ rows: ['I8'], what: 'requests in that time', is: String(accepted.length) })
    goal({ rows: ['I8'], what, is, most: 1, unit: 'MiB in 10 minutes' })
    await expect.poll(() => useOf(server.pid).handles).toBeLessThan((before.handles ?? 0) + 20)
    expect(await server.stop()).toBe(0)
  },
  (minutes + 10) * 60_000,
)
