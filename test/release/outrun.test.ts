import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openClone } from '../../src/gitops/clone.ts'
import { streamIn } from '../../src/gitops/git.ts'
import { runBatch } from '../../src/release/batch.ts'
import { outrun } from '../../src/release/outrun.ts'
import { Stopwatch } from '../../src/release/stopwatch.ts'
import { EventStore } from '../../src/store/events.ts'
import { fenced } from '../../src/store/fenced.ts'
import { isIntendedOn } from '../../src/store/late-pushes.ts'
import { LeaseStore } from '../../src/store/leases.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { drain, type TestParts, type TestPorts, testParts } from '../support/parts.ts'
import { newWriter } from '../support/temp.ts'

/** A moment at which a server sleeps, and the call that wakes it. */
function sleep() {
  let wake = () => {}
  let fallAsleep = () => {}
  const awake = new Promise<void>((done) => {
    wake = done
  })
  const asleep = new Promise<void>((done) => {
    fallAsleep = done
  })
  const here = () => {
    fallAsleep()
    return awake
  }
  return { wake, asleep, here }
}

/** A server that has just come to lead, with a clone of its own. It does not know when it leads no more. */
async function leading(parts: TestParts, name: string) {
  const leases = new LeaseStore(parts.database)
  const fence = await leases.take('leader', await leases.look('leader'), { holder: name, place: name, lengthMs: 1 }) // biome-ignore format: one call
  const lease = { name: 'leader', fence: fence ?? -1, isHeld: () => true, end: () => undefined }
  const own = fenced(parts.database, lease)
  const remote = { url: parts.gitops.remote, branch: 'main' }
  const folder = join(parts.gitops.folder, name)
  const clone = await openClone(folder, remote, process.env)
  const writer = newWriter(clone, remote.url)
  const [events, releases] = [new EventStore(own), new ReleaseStore(own)]
  const seen = parts.seenBy(writer, { git: clone, stream: streamIn(folder, process.env) })
  const stores = { events, releases, landings: releases }
  const ports: TestPorts = { ...parts.ports, ...stores, gitops: writer, ...seen }
  const takeOver = () =>
    outrun({
      ...{ clock: parts.clock, gitops: writer, isHeld: () => true },
      isIntendedOn: (tip) => isIntendedOn(parts.database, tip),
    })
  return { ports, takeOver, writer }
}

/** One that leads, and sleeps between what it intends to push and the push. */
async function asleepBeforeItsPush(parts: TestParts) {
  const { ports, writer } = await leading(parts, 'first')
  const { wake, asleep, here } = sleep()
  const commit: typeof writer.commit = (tip, commits, intend) =>
    writer.commit(tip, commits, async (refs) => {
      const isIntended = await intend(refs)
      await here()
      return isIntended
    })
  await parts.push()
  const stopwatch = new Stopwatch(parts.clock)
  const bare = { ...ports, stopwatch, gitops: bound(writer, commit) }
  const running = runBatch(bare, [await parts.ask()])
  await asleep
  return { wake, running }
}

const bound = (writer: TestParts['gitops']['writer'], commit: typeof writer.commit) => ({
  url: writer.url,
  tip: () => writer.tip(),
  landed: writer.landed.bind(writer),
  commit,
})

test('F18: what a server intended before it slept cannot land after another said no', async () => {
  const parts = await testParts()
  const { wake, running } = await asleepBeforeItsPush(parts)
  const next = await leading(parts, 'next')
  expect(await next.takeOver()).toBe(true)
  const block = { artifactId: 'web-1', reason: 'is broken', by: 'bob', createdUnix: 0 }
  await parts.controls.addBlock(block)
  await drain(next.ports)
  const ended = await parts.events.find('r-1')
  expect(ended?.status).toBe('denied')
  wake()
  expect(await running).toEqual({ landed: [], failed: [] })
  expect(await parts.gitops.log('-1')).toEqual(['[Gimlet] another server writes from here on'])
  expect(Object.keys(await parts.gitops.files())).toEqual([])
  expect(await parts.events.find('r-1')).toEqual(ended)
})

test('F18: what a server intended is carried out once by the next, whenever it wakes up', async () => {
  const parts = await testParts()
  const { wake, running } = await asleepBeforeItsPush(parts)
  const next = await leading(parts, 'next')
  await next.takeOver()
  await drain(next.ports)
  const landed = await parts.releases.running({})
  wake()
  expect(await running.catch((error: unknown) => error)).not.toMatchObject({ landed: [{}] })
  expect(await parts.releases.running({})).toEqual(landed)
  expect(await parts.gitops.log('--', 'production/web')).toHaveLength(1)
})

test('F18: a push that comes before the takeover counts, and is indexed by the next', async () => {
  const parts = await testParts()
  const { wake, running } = await asleepBeforeItsPush(parts)
  const next = await leading(parts, 'next')
  wake()
  await expect(running).rejects.toMatchObject({ code: 'lease_lost' })
  expect(await parts.releases.running({})).toEqual([])
  expect(await next.takeOver()).toBe(false)
  await drain(next.ports)
  const tip = await parts.gitops.tipOfRemote()
  expect(await parts.releases.running({})).toMatchObject([{ id: 'r-1', gitopsRef: tip }])
})

test('takes over without a commit where nothing was begun', async () => {
  const parts = await testParts()
  const before = await parts.gitops.tipOfRemote()
  await (await leading(parts, 'first')).takeOver()
  expect(await parts.gitops.tipOfRemote()).toBe(before)
})
