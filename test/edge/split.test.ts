import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiClient } from '../support/api-client.ts'
import { gate, manifest } from '../support/builders.ts'
import { askingOf } from '../support/edge-asking.ts'
import { Cutter } from '../support/edge-cut.ts'
import { asleep, atRest, holds, rowsOf } from '../support/edge-judge.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'

const apps = Array.from({ length: 12 }, (_, at) => `app-${at}`)
const names = [...apps, 'shut', 'asleep', 'slow', 'killed']
/** Longer than a busy machine keeps a leader from renewing it: who loses it builds in vain. */
const leaseSeconds = 6

/** Two objects of one name, each in a runtime of its own, on one database and one repository. */
let [world, other] = [] as unknown as [EdgeWorld, Workerd]
let [first, second] = [] as unknown as ReturnType<typeof askingOf>[]
const work: (() => unknown)[] = []

beforeAll(async () => {
  const later = (one: () => unknown) => void work.push(one)
  const settings = { GIMLET_LEASE_SECONDS: String(leaseSeconds) }
  world = await edgeWorld(
    {
      policies: { 'shut.json': gate({ app: 'shut' }) },
      manifests: Object.fromEntries(names.map((app) => [`${app}.yaml`, manifest({ app })])),
      settings,
    },
    later,
  )
  other = await startWorkerd('ships', { vars: world.vars }, later)
  first = askingOf(world)
  second = askingOf(apiClient({ url: other.url, adminToken: world.vars.GIMLET_ADMIN_TOKEN }))
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

const accepted = () => [first, second].flatMap((one) => one?.accepted ?? [])

/** Who led, by the log of both: each number is given once. */
const fences = () =>
  [world.worker, other].map((one) =>
    one.lines().flatMap(({ msg, fence }) => (msg === 'this server leads' ? [fence] : [])),
  )

describe('two objects of one name', () => {
  it('carry out sixty requests as one, each once (F18)', async () => {
    const ways = [first, second].flatMap((one) => one ?? [])
    await Promise.all([
      ...apps.map((app, at) => ways[at % 2]?.release(app, 1)),
      ...apps.map((_, at) => ways[at % 2]?.release('shut', at)),
      // Again, by the other one.
      ...apps.map((app, at) => ways[(at + 1) % 2]?.artifact(app, 1)),
      world.worker.tick(),
      other.tick(),
    ])
    await atRest(world)
    await holds(world, accepted())
    for (const app of apps) expect(await world.gitops.commits(`production/${app}`)).toHaveLength(1)
    expect(await world.gitops.commits('production/shut')).toHaveLength(0)
    const led = fences().flat()
    expect(new Set(led).size).toBe(led.length)
  })

  it('go on with one when the other one is killed after its move (F6, F18)', async () => {
    const done = new Cutter(world).cut({ at: /graphql/, where: 'after' })
    await leads(world.worker)
    await first?.release('killed', 1)
    await done
    await other.tick()
    await atRest(world)
    await holds(world, accepted())
    expect(await world.gitops.commits('production/killed')).toHaveLength(1)
    world.libsql.fault = () => undefined
    world.github.fault = () => undefined
    await world.worker.restart()
  })

  it('decide otherwise while one sleeps after its intent, which then lands nothing (F18, F30)', async () => {
    let isAsleep = false
    world.libsql.fault = ({ sql }) => {
      if (isAsleep || !sql.some((text) => text.includes('into commits'))) return undefined
      isAsleep = true
      world.worker.freeze()
      return undefined
    }
    await decideOtherwise('asleep', () => isAsleep)
    world.worker.thaw()
    await world.worker.tick()
    await noReleaseOf('asleep')
  })

  it('decide otherwise while a move is on its way, which then misses (F18)', async () => {
    let isOnItsWay = false
    let go: () => void = () => undefined
    const decided = new Promise<void>((done) => {
      go = done
    })
    world.repository.beforeMove = async () => {
      world.repository.beforeMove = undefined
      isOnItsWay = true
      world.worker.freeze()
      await decided
    }
    await decideOtherwise('slow', () => isOnItsWay)
    go()
    world.worker.thaw()
    await world.worker.tick()
    await noReleaseOf('slow')
  })
})

/** Sees to it that this one leads, and goes on to lead for as long as there is something to do. */
async function leads(worker: Workerd): Promise<void> {
  await asleep(world)
  await worker.tick()
}

/** The first one begins to release an app; the second one refuses that before it wakes up. */
async function decideOtherwise(app: string, isBegun: () => boolean): Promise<void> {
  await leads(world.worker)
  const id = await first?.release(app, 1)
  await eventually(() => expect(isBegun()).toBe(true))
  const blocking = { reason: 'it loses orders' }
  expect(await second?.post(`/api/artifacts/${app}-1/block`, blocking)).toMatchObject({
    status: 201,
  })
  await other.tick()
  await eventually(async () => {
    const [event] = await rowsOf(world.file, `select status from events where id = '${id}'`)
    expect(event?.status).toBe('denied')
  })
}

async function noReleaseOf(app: string): Promise<void> {
  // The one that slept has something to do afterwards, and has looked.
  await first?.release('shut', 100 + app.length)
  await atRest(world)
  expect(await world.gitops.commits(`production/${app}`)).toEqual([])
  await holds(world, accepted())
}
