import { afterEach, expect, it } from 'vitest'
import { effort, figure } from '../support/figures.ts'
import { endPrograms, until } from '../support/program.ts'
import { goal, scaled } from './load/goal.ts'
import { place } from './load/place.ts'
import { endLoad, run } from './load/start.ts'
import { watch } from './load/watch.ts'

afterEach(endPrograms)
afterEach(endLoad)

const perSecond = 500
const seconds = effort >= 3 ? 60 : 20

it('I1, I8: 500 signed requests a second are kept before they are answered, and none is lost', async () => {
  const here = await place()
  const server = await here.start()
  const watching = watch(server)
  const mix = here.mix({ kind: 'mixed', count: scaled(perSecond * seconds), releasedOneIn: 10 })
  const sent = await run('send', { port: server.port, connections: 64, mix, perSecond })
  const seen = await watching.stop(`${perSecond} signed requests a second`)
  expect(sent.accepted).toHaveLength(mix.count)
  expect(await here.missing(sent.accepted)).toEqual([])
  await here.settled()
  await here.holds(sent.accepted)
  const what = `${perSecond} signed requests a second for ${Math.round(mix.count / perSecond)} s`
  figure({
    rows: ['I1'],
    what,
    is: `${sent.perSecond.toFixed(0)} a second, 0 of ${mix.count} lost`,
  })
  goal({
    rows: ['I1'],
    what: `acknowledgement, p99, at that rate`,
    is: sent.p99Ms,
    most: 250,
    unit: 'ms',
  })
  goal({ rows: ['I8'], what: 'memory at that rate', is: seen.rssMiB, most: 300, unit: 'MiB' })
  expect(await server.stop()).toBe(0)
})

it('I1, A35: a burst of 10,000 artifacts is kept whole, and carried out to the last', async () => {
  const here = await place({ apps: 100 })
  const server = await here.start()
  const watching = watch(server)
  const mix = here.mix({ kind: 'artifacts', count: scaled(10_000), releasedOneIn: 1 })
  const beganMs = performance.now()
  const sent = await run('send', { port: server.port, connections: 64, mix, perSecond: null })
  expect(sent.accepted).toHaveLength(mix.count)
  expect(await here.missing(sent.accepted)).toEqual([])
  await here.settled()
  const drainedSeconds = (performance.now() - beganMs) / 1000
  await watching.stop('a burst of 10,000 releases')
  await here.holds(sent.accepted)
  figure({
    rows: ['I1', 'A35'],
    what: `a burst of ${mix.count} artifacts, each a release`,
    is: `accepted at ${sent.perSecond.toFixed(0)} a second, all released after ${drainedSeconds.toFixed(0)} s, 0 lost`,
  })
  expect(await server.stop()).toBe(0)
})

it('F42, A35: an app that floods the queue does not keep another one waiting', async () => {
  const here = await place()
  const server = await here.start()
  const noisy = { kind: 'artifacts', releasedOneIn: 1, apps: ['app-0'] } as const
  const flood = here.mix({ ...noisy, count: scaled(10_000) })
  const port = { port: server.port, perSecond: null }
  const flooded = await run('send', { ...port, connections: 64, mix: flood })
  expect(flooded.accepted).toHaveLength(flood.count)
  const quiet = here.mix({ ...noisy, count: 10, apps: ['app-1'] })
  const beganMs = performance.now()
  await run('send', { ...port, connections: 1, mix: quiet })
  await until(async () => {
    const [done] = await here.rows(
      `select count(*) as n from releases where artifact_id like '${quiet.run}-%'`,
    )
    return done?.n === quiet.count
  })
  const is = (performance.now() - beganMs) / 1000
  goal({
    rows: ['F42'],
    what: 'ten releases behind 10,000 of another app',
    is,
    most: 30,
    unit: 's',
  })
  await server.kill()
  expect(await here.missing([...flooded.accepted])).toEqual([])
})
