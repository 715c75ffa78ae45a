import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { endPrograms, git, type Program, startProgram, until } from '../support/program.ts'
import { apps, isLeader, leads, leaseSeconds, post, said, someServers } from '../support/servers.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

type Servers = Awaited<ReturnType<typeof someServers>>

/** Waits until every artifact was released, once each, and answers them in the branch's order. */
async function allReleased(servers: Servers, ids: readonly string[]): Promise<string[]> {
  await until(async () => {
    const [open] = await servers.rows(
      `select count(*) as n from events where status in ('new', 'held')`,
    )
    return open?.n === 0
  })
  const released = await servers.released()
  expect([...released].sort()).toEqual([...ids].sort())
  const indexed = await servers.rows('select artifact_id, gitops_ref from releases order by seq')
  // What a killed server pushed is taken in one by one, while other apps go on.
  const ofApp = (app: string, all: readonly unknown[]) =>
    all.map(String).filter((id) => id.startsWith(`${app}-`))
  for (const app of apps)
    expect(
      ofApp(
        app,
        indexed.map(({ artifact_id }) => artifact_id),
      ),
    ).toEqual(ofApp(app, released))
  expect(indexed).toHaveLength(released.length)
  for (const { gitops_ref } of indexed)
    await git(servers.remote, 'merge-base', '--is-ancestor', String(gitops_ref), 'main')
  expect(await git(servers.remote, 'rev-list', '--merges', '--count', 'main')).toBe('0')
  return released
}

/** What a slow machine may add to what takes a second at most. */
const slowMs = 20_000
/** A lease that does not run out in a test, however slow its machine is. */
const lastingSeconds = 300

/** Starts two servers, the first of which leads. */
async function two(seconds = leaseSeconds) {
  const servers = await someServers()
  const lease = { GIMLET_LEASE_SECONDS: String(seconds) }
  const first = await servers.start('first', lease)
  await leads(first)
  return { servers, first, second: await servers.start('second', lease) }
}

describe('two servers on one database and one repository', () => {
  it('F18: one leads; the other accepts, answers and says that it does not lead', async () => {
    const { servers, first, second } = await two(lastingSeconds)
    const ids = [await post(second, 'one'), await post(first, 'two'), await post(second, 'one')]
    await allReleased(servers, ids)
    expect([await isLeader(first), await isLeader(second)]).toEqual([true, false])
    const metrics = async ({ url }: Program) => (await fetch(`${url}/metrics`)).text()
    expect(await metrics(first)).toContain('gimletd_leader 1')
    expect(await metrics(second)).toContain('gimletd_leader 0')
    const { json } = await second.call('GET', '/api/status?env=staging&app=one')
    expect(json).toMatchObject({ one: { artifactId: ids[2] } })
    expect(said(second, 'another server leads')).toHaveLength(1)
    expect([await second.stop(), await first.stop()]).toEqual([0, 0])
  })

  it('F18: when the one that leads is killed, the other goes on within the lease’s length', async () => {
    const { servers, first, second } = await two()
    const ids = []
    for (const app of apps) ids.push(await post(first, app), await post(second, app))
    await first.kill()
    const startMs = performance.now()
    await leads(second)
    // A look of the other and a slow machine come on top; a lease of the usual length would be longer.
    expect(performance.now() - startMs).toBeLessThan(leaseSeconds * 1000 + 7_000)
    await allReleased(servers, ids)
    expect(await second.stop()).toBe(0)
  })

  it('F18: one that sleeps past its lease and wakes up changes nothing, says so, and can lead again', async () => {
    const { servers, first, second } = await two(2 * leaseSeconds)
    const ids = []
    for (const app of apps) ids.push(await post(first, app))
    // Somewhere in the middle of its work.
    await until(async () => (await servers.released()).length >= 2)
    await servers.sleep(first)
    await leads(second)
    for (const app of apps) ids.push(await post(second, app))
    await allReleased(servers, ids)
    const before = await servers.everything()
    first.signal('SIGCONT')
    await until(async () => said(first, 'this server leads no more').length > 0)
    await until(async () => said(first, 'another server leads').length > 0)
    expect(await servers.everything()).toEqual(before)
    expect([await isLeader(first), await isLeader(second)]).toEqual([false, true])

    await second.kill()
    await leads(first)
    ids.push(await post(first, 'one'))
    await allReleased(servers, ids)
    expect(await first.stop()).toBe(0)
  })

  it('F36: one that is stopped hands over at once: nobody waits for the end of its lease', async () => {
    const { servers, first, second } = await two(lastingSeconds)
    const ids = [await post(first, 'one')]
    const stopped = first.stop()
    const startMs = performance.now()
    await leads(second)
    expect(performance.now() - startMs).toBeLessThan(slowMs)
    expect(await stopped).toBe(0)
    ids.push(await post(second, 'two'))
    await allReleased(servers, ids)
    expect(await second.stop()).toBe(0)
  })

  it('F23: clocks that are a day apart, or jump, change nothing', async () => {
    const servers = await someServers()
    const seconds = 2 * leaseSeconds
    const shifted = (hours: string) => ({
      GIMLET_LEASE_SECONDS: String(seconds),
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
        `const now = Date.now; Date.now = () => now() + 3600e3 * (${hours})`,
      )}`,
    })
    // One that stands a day ahead for two seconds, and a day behind for two.
    const jumping = shifted('performance.now() % 4000 < 2000 ? 24 : -24')
    const first = await servers.start('first', jumping)
    await leads(first)
    const second = await servers.start('second', shifted('24'))
    const ids: string[] = []
    const endMs = performance.now() + 2 * seconds * 1000
    while (performance.now() < endMs) {
      ids.push(await post(second, 'one'), await post(first, 'two'))
      await pause(300)
    }
    await allReleased(servers, ids)
    expect([await isLeader(first), await isLeader(second)]).toEqual([true, false])
    expect(said(second, 'this server leads')).toEqual([])
    expect(said(first, 'this server leads')).toHaveLength(1)
  })

  it('F12, F18: a data folder has one server; killed, it leaves it to the next', async () => {
    const dataDir = tempFolder()
    const lease = { GIMLET_LEASE_SECONDS: String(lastingSeconds) }
    const first = await startProgram(dataDir, lease)
    await expect(startProgram(dataDir)).rejects.toThrow(
      /another gimletd runs on the data folder .*GIMLET_DATA_DIR/,
    )
    await first.kill()
    const next = await startProgram(dataDir, lease)
    const startMs = performance.now()
    // The one that had the folder is surely dead: its lease is not waited for.
    await leads(next)
    expect(performance.now() - startMs).toBeLessThan(slowMs)
    expect(await next.stop()).toBe(0)
  })
})

it('F18: three servers that are killed and put to sleep again and again release everything once, in one line', async () => {
  const servers = await someServers()
  const names = ['first', 'second', 'third'] as const
  const running = new Map<string, Program>()
  // At once: one of them makes the schema.
  for (const [at, program] of (
    await Promise.all(names.map((name) => servers.start(name)))
  ).entries())
    running.set(names[at] ?? '', program)
  const ids: string[] = []
  const asleep = new Set<string>()
  const awake = () => names.filter((name) => !asleep.has(name))
  const any = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)] as T
  const disturb = async () => {
    const name = any(names)
    const program = running.get(name) as Program
    if (asleep.delete(name)) program.signal('SIGCONT')
    else if (awake().length < 2) return
    else if (Math.random() < 0.5) {
      await program.kill()
      running.set(name, await servers.start(name))
    } else {
      asleep.add(name)
      await servers.sleep(program)
    }
  }
  for (let round = 0; round < 10; round++) {
    for (const app of apps) ids.push(await post(running.get(any(awake())) as Program, app))
    await pause(Math.random() * 400)
    await disturb()
    await pause(Math.random() * 1_500)
  }
  for (const name of asleep) running.get(name)?.signal('SIGCONT')
  const released = await allReleased(servers, ids)
  for (const app of apps) {
    const of = (all: readonly string[]) => all.filter((id) => id.startsWith(`${app}-`))
    expect(of(released)).toEqual(of(ids))
  }
  await git(servers.remote, 'fsck', '--strict')
  for (const program of running.values()) expect(await program.stop()).toBe(0)
})
