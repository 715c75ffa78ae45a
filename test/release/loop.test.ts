import { rename } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { gate, manifest } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { startLoop, type TestParts, type TestPorts, testParts } from '../support/parts.ts'
import { putScript } from '../support/temp.ts'

/** Moves the clock and wakes the loop until the event is as wanted. */
async function until(
  parts: TestParts,
  want: { id: string; status: string; stepMs?: number },
  ports: TestPorts = parts.ports,
) {
  const loop = startLoop(ports)
  await eventually(async () => {
    parts.clock.moveMs(want.stepMs ?? 0)
    loop.wake()
    expect((await parts.events.find(want.id))?.status).toBe(want.status)
  })
  await loop.stop()
}

test('F6: a landing that is not kept once is finished with exactly one commit', async () => {
  const parts = await testParts()
  await parts.push()
  await parts.ask()
  let failures = 1
  const landings: TestPorts['landings'] = {
    intend: (intents) => parts.releases.intend(intents),
    land: (landing) =>
      failures-- > 0 ? Promise.reject(new Error('disk full')) : parts.releases.land(landing),
  }
  await until(parts, { id: 'r-1', status: 'processed', stepMs: 500 }, { ...parts.ports, landings })
  expect(await parts.gitops.log()).toHaveLength(2)
  expect(parts.logged).toContainEqual({
    level: 'warn',
    text: 'an event broke after its push, which counts',
  })
})

describe('F37: a poison event', () => {
  const poisoned = (parts: TestParts): TestPorts => ({
    ...parts.ports,
    artifacts: {
      ofCommit: (of) => parts.artifacts.ofCommit(of),
      ofBranch: (of) => parts.artifacts.ofBranch(of),
      find: (id) =>
        id === 'poison' ? Promise.reject(new Error('poison')) : parts.artifacts.find(id),
      findAll: (ids) =>
        ids.includes('poison') ? Promise.reject(new Error('poison')) : parts.artifacts.findAll(ids),
    },
    many: {
      ...parts.ports.many,
      artifacts: (ids) =>
        ids.includes('poison') ? Promise.reject(new Error('poison')) : parts.artifacts.inOrder(ids),
    },
  })

  test('is set aside after five attempts, and others go on meanwhile', async () => {
    const parts = await testParts({ manifests: { 'a.yaml': manifest(), 'b.yaml': manifest({ env: 'staging' }) } }) // biome-ignore format: one call
    await parts.push()
    await parts.ask({ id: 'r-bad', artifactId: 'poison' })
    await parts.ask({ id: 'r-good', env: 'staging' })
    const ports = poisoned(parts)
    await until(parts, { id: 'r-good', status: 'processed' }, ports)
    expect((await parts.events.find('r-bad'))?.status).toBe('new')
    await until(parts, { id: 'r-bad', status: 'error', stepMs: 1_000 }, ports)
    expect(await parts.events.find('r-bad')).toMatchObject({
      statusDesc: 'set aside after 5 attempts: poison',
    })
    expect(parts.logged).toContainEqual({ level: 'error', text: 'event set aside' })
  })

  test('without a target is set aside, and those that were taken with it are carried out', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask({ id: 'r-bad', artifactId: 'poison', app: null })
    await parts.ask({ id: 'r-good', app: null })
    const ports = poisoned(parts)
    await until(parts, { id: 'r-bad', status: 'error', stepMs: 1_000 }, ports)
    await until(parts, { id: 'r-good', status: 'processed', stepMs: 1_000 }, ports)
    expect(await parts.gitops.log()).toHaveLength(2)
  })

  test('that ended the process each time is set aside without another try', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    for (let crash = 0; crash < 10; crash++)
      await parts.events.claimTargeted(parts.clock.nowMs(), 1)
    await until(parts, { id: 'r-1', status: 'error' })
    expect((await parts.events.find('r-1'))?.statusDesc).toContain('the server stopped')
    expect(await parts.gitops.log()).toHaveLength(1)
  })

  test('whose row cannot be read does not stop the others', async () => {
    const parts = await testParts({ manifests: { 'a.yaml': manifest(), 'b.yaml': manifest({ env: 'staging' }) } }) // biome-ignore format: one call
    await parts.push()
    await parts.ask({ id: 'r-bad' })
    await parts.ask({ id: 'r-good', env: 'staging' })
    await parts.database.write([`update events set actor = 'not json' where id = 'r-bad'`])
    await until(parts, { id: 'r-good', status: 'processed', stepMs: 1_000 })
  })
})

test('F10: an outage keeps the queue and is no attempt; when it is over all land in order', async () => {
  const parts = await testParts()
  await parts.push()
  await parts.push({ id: 'web-2' })
  await parts.gitops.writer.tip()
  await parts.ask()
  await parts.ask({ id: 'r-2', artifactId: 'web-2' })
  await rename(parts.gitops.remote, `${parts.gitops.remote}.away`)
  const loop = startLoop(parts.ports)
  await eventually(async () => {
    parts.clock.moveMs(2_000)
    loop.wake()
    expect(parts.logged.length).toBeGreaterThan(7)
  })
  await loop.stop()
  expect(await parts.events.find('r-1')).toMatchObject({
    status: 'new',
    statusDesc: 'waits: fetching the GitOps repository',
  })
  await rename(`${parts.gitops.remote}.away`, parts.gitops.remote)
  await until(parts, { id: 'r-2', status: 'processed', stepMs: 2_000 })
  expect(await parts.gitops.log('--reverse')).toEqual([
    'The GitOps repository begins',
    '[Gimlet] production/web release web-1',
    '[Gimlet] production/web release web-2',
  ])
})

test('F23: what waits for the git host waits no longer when the clock is set back ten minutes', async () => {
  const parts = await testParts()
  await parts.push()
  await parts.gitops.writer.tip()
  await parts.ask()
  const { remote } = parts.gitops
  await rename(remote, `${remote}.away`)
  let backMs = 0
  const clock = { ...parts.clock, nowMs: () => parts.clock.nowMs() - backMs }
  startLoop({ ...parts.ports, clock })
  await eventually(async () => expect((await parts.events.find('r-1'))?.dueMs).toBeGreaterThan(0))
  await rename(`${remote}.away`, remote)
  backMs = 600_000
  await eventually(async () =>
    expect(await parts.events.find('r-1')).toMatchObject({ status: 'processed' }),
  )
})

test('F28: a push that the host refuses ends with the host’s words, without a storm', async () => {
  const parts = await testParts()
  await parts.push()
  await parts.ask()
  const script = '#!/bin/sh\necho "GH013: branch is protected" >&2\nexit 1\n'
  await putScript(parts.gitops.remote, 'hooks/pre-receive', script)
  await until(parts, { id: 'r-1', status: 'error', stepMs: 1_000 })
  expect((await parts.events.find('r-1'))?.statusDesc).toContain('GH013: branch is protected')
  expect(await parts.events.commits('r-1')).toHaveLength(1)
})

test('a hold is looked at again by itself when time passes', async () => {
  const require = { '>=': [{ var: 'now.hour' }, 10] }
  const parts = await testParts({ policies: { 'late.json': gate({ require, otherwise: 'hold' }) } })
  await parts.push()
  await parts.ask()
  await until(parts, { id: 'r-1', status: 'held' })
  parts.clock.moveMs(29 * 60_000)
  await until(parts, { id: 'r-1', status: 'held' })
  parts.clock.moveMs(60_000)
  await until(parts, { id: 'r-1', status: 'processed' })
})

test('F36: a stopped loop takes nothing new', async () => {
  const parts = await testParts()
  const loop = startLoop(parts.ports)
  await loop.stop()
  await parts.push()
  await parts.ask()
  loop.wake()
  expect(await parts.events.find('r-1')).toMatchObject({ status: 'new', attempts: 0 })
})
