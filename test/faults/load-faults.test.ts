import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createRepository } from '../../src/gitops/clone.ts'
import { effort, figure } from '../support/figures.ts'
import { backend, gitHost } from '../support/git-host.ts'
import { endPrograms } from '../support/program.ts'
import { goal } from './load/goal.ts'
import { type Loaded, type Place, place } from './load/place.ts'
import { endLoad, run, start } from './load/start.ts'
import { watch } from './load/watch.ts'

afterEach(endPrograms)
afterEach(endLoad)

const usualPerSecond = 100
/** Each commit holds the server up for as long as the sync takes: this is what a slow disk is asked. */
const onSlowDiskPerSecond = 20
const seconds = Math.ceil((effort >= 3 ? 60 : 8) * Math.min(1, effort))
const ackMsMost = 250

/** Artifacts and deliveries at a modest rate, and how long they took to be acknowledged. */
async function steady(here: Place, { port }: Loaded, perSecond = usualPerSecond) {
  const count = perSecond * seconds
  const mix = here.mix({ kind: 'mixed', count, releasedOneIn: 10 })
  const sent = await run('send', { port, connections: 64, perSecond, mix })
  expect(sent.accepted).toHaveLength(count)
  return sent
}

const told = (rows: readonly string[], what: string, p99Ms: number) =>
  figure({ rows, what: `acknowledgement ${what}, p99`, is: `${p99Ms.toFixed(0)} ms` })

it('F10, F11, I1: what is accepted while the git host hangs is acknowledged as fast, and released later', async () => {
  const here = await place()
  const hosted = join(here.folder, 'hosted')
  await createRepository(join(hosted, 'gitops.git'), 'main', process.env)
  let isHanging = false
  const held: (() => void)[] = []
  const host = await gitHost(hosted, async ({ request, response }) => {
    if (isHanging) await new Promise<void>((done) => held.push(done))
    await backend(hosted, { request, response })
    return true
  })
  const server = await here.start({ GITOPS_REPO: `${host.url}/gitops.git` })
  const before = await steady(here, server)
  const watching = watch(server)
  isHanging = true
  const during = await steady(here, server)
  await watching.stop('a git host that hangs')
  isHanging = false
  for (const answer of held) answer()
  const accepted = [...before.accepted, ...during.accepted]
  expect(await here.missing(accepted)).toEqual([])
  await here.settled()
  await here.holds(accepted, join(hosted, 'gitops.git'))
  const rows = ['F10', 'F11']
  told(rows, 'while git answers', before.p99Ms)
  const what = 'acknowledgement while git hangs, p99'
  goal({ rows, what, is: during.p99Ms, most: ackMsMost, unit: 'ms' })
  expect(await server.stop()).toBe(0)
})

/** What holds the database: shortly without a rest, and for a second, again and again. */
const locks = [
  { name: 'for 100 ms', heldMs: 100, freeMs: 100 },
  { name: 'for a second', heldMs: 1_000, freeMs: 1_000 },
] as const

it.each(locks)(
  'F19, I1: while another process holds the database $name, again and again, nothing is refused or lost',
  async ({ name, heldMs, freeMs }) => {
    const here = await place()
    const server = await here.start()
    const before = await steady(here, server)
    const watching = watch(server)
    const lock = await start('lock', { file: here.database, heldMs, freeMs })
    const during = await steady(here, server)
    const times = await lock.stop()
    const seen = await watching.stop(`a database that is held ${name}`)
    expect(times).toBeGreaterThan(0)
    const accepted = [...before.accepted, ...during.accepted]
    expect(await here.missing(accepted)).toEqual([])
    await here.settled()
    await here.holds(accepted)
    const rows = ['F19']
    told(rows, 'while the database is free', before.p99Ms)
    // Nobody can keep anything while another has the file: what counts is what comes on top.
    const most = Math.max(0, heldMs - 100) + ackMsMost
    const what = `acknowledgement while another process holds the database ${name}, p99`
    goal({ rows, what, is: during.p99Ms, most, unit: 'ms' })
    const delay = `event-loop delay while it does, p99`
    goal({ rows, what: delay, is: seen.delayP99Ms, most: 100, unit: 'ms' })
    expect(await server.stop()).toBe(0)
  },
)

const strace = ['/usr/bin/strace', '/bin/strace'].find((file) => existsSync(file))
const syncs = 'fsync,fdatasync'

/** Looks at all syncs of a process and those that it starts, and holds up each. */
async function tracing(pid: number, delayMs: number): Promise<ChildProcess> {
  const delay = delayMs > 0 ? ['-e', `inject=${syncs}:delay_exit=${delayMs * 1_000}`] : []
  const args = ['-f', '-e', `trace=${syncs}`, ...delay, '-o', '/dev/null', '-p', String(pid)]
  const tracer = spawn(strace ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  // It says when it has taken hold.
  await once(tracer.stderr, 'data')
  return tracer
}

it.skipIf(strace === undefined)(
  'I1: on a disk whose every sync takes 50 ms more, nothing that was acknowledged is lost',
  async () => {
    const here = await place()
    const server = await here.start()
    await steady(here, server)
    // What looking alone costs is in both of them.
    const looking = await tracing(server.pid, 0)
    const before = await steady(here, server, onSlowDiskPerSecond)
    looking.kill('SIGINT')
    await once(looking, 'exit')
    const watching = watch(server)
    const slowing = await tracing(server.pid, 50)
    const during = await steady(here, server, onSlowDiskPerSecond)
    await watching.stop('a slow disk')
    slowing.kill('SIGINT')
    await once(slowing, 'exit')
    expect(await here.missing([...before.accepted, ...during.accepted])).toEqual([])
    await here.settled()
    await here.holds([...before.accepted, ...during.accepted])
    told(['I1'], 'on this disk', before.p99Ms)
    // Told and not held to a goal: whoever traces a server holds it up more than the disk does.
    told(['I1'], 'on a disk whose every sync takes 50 ms more', during.p99Ms)
    expect(await server.stop()).toBe(0)
  },
)
