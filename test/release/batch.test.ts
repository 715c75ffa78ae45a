import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { CommitResult } from '../../src/domain/change.ts'
import { Fault } from '../../src/domain/fault.ts'
import { gate, manifest } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { drain, startLoop, type TestParts, type TestPorts, testParts } from '../support/parts.ts'
import { putScript } from '../support/temp.ts'

const apps = ['api', 'mail', 'shop', 'web']
const own = { extra: 'repository: owner/web\n' }
const manifests = Object.fromEntries(apps.map((app) => [`${app}.yaml`, manifest({ app, ...own })]))

/** Four apps, each asked for; the remote keeps how many commits each push had. */
async function asked(given: Parameters<typeof testParts>[0] = {}) {
  const parts = await testParts({ manifests, ...given })
  const script = '#!/bin/sh\nread old new ref\ngit rev-list --count $old..$new >> pushes\n'
  await putScript(parts.gitops.remote, 'hooks/post-receive', script)
  await parts.push()
  for (const app of apps) await parts.ask({ id: `r-${app}`, app })
  return {
    ...parts,
    parts,
    pushes: async () =>
      (await readFile(join(parts.gitops.remote, 'pushes'), 'utf8')).trim().split('\n').map(Number),
    status: async (app: string) => (await parts.events.find(`r-${app}`))?.status,
  }
}

const released = (app: string) => `[Gimlet] production/${app} release web-1`

/** A writer that commits in another way. */
const committing = (
  writer: TestPorts['gitops'],
  commit: TestPorts['gitops']['commit'],
): TestPorts['gitops'] => ({
  ...{ url: writer.url, commit },
  tip: () => writer.tip(),
  lastTip: () => writer.lastTip(),
  landed: (refs) => writer.landed(refs),
})

/** The landings of the parts, which end the process before they are kept. */
const killed = (parts: TestParts): TestPorts => ({
  ...parts.ports,
  landings: {
    intend: (intents) => parts.releases.intend(intents),
    land: () => Promise.reject(new Error('killed')),
  },
})

describe('what is ready', () => {
  test('goes out in one push: a commit each, in the order it was asked for', async () => {
    const { ports, gitops, pushes, releases } = await asked()
    await drain(ports)
    await eventually(async () => expect(await pushes()).toEqual([4]))
    expect((await gitops.log('--reverse')).slice(1)).toEqual(apps.map(released))
    expect(await releases.running({})).toHaveLength(4)
  })

  test('is at most one request of an app: the next is decided on what that one changed', async () => {
    const { ports, pushes, ask, push } = await asked()
    await push({ id: 'web-2' })
    await ask({ id: 'r-again', app: 'web', artifactId: 'web-2' })
    await drain(ports)
    await eventually(async () => expect(await pushes()).toEqual([4, 1]))
  })

  test('F42: of one app with very many requests holds up no other', async () => {
    const { events, ask, clock, push } = await asked()
    await push({ id: 'web-2' })
    for (let at = 0; at < 300; at++) await ask({ id: `r-flood-${at}`, app: 'flood' })
    await ask({ id: 'r-zoo', app: 'zoo' })
    const claimed = await events.claimTargeted(clock.nowMs(), 100)
    expect(claimed.map(({ app }) => app)).toEqual([...apps, 'flood', 'zoo'])
  })
})

describe('one that fails', () => {
  test('fails alone: because it cannot be rendered', async () => {
    const broken = { ...manifests, 'shop.yaml': manifest({ app: 'shop', ...own }).replace('.image.tag', '.nothing') } // biome-ignore format: one value
    const { ports, pushes, status } = await asked({ manifests: broken })
    await drain(ports)
    await eventually(async () => expect(await pushes()).toEqual([3]))
    expect(await status('shop')).toBe('denied')
  })

  test('fails alone: because a file stands where its folder should', async () => {
    const { ports, pushes, gitops, ask, status, putManifests, events } = await asked()
    await gitops.someoneCommits({ staging: 'someone’s notes' })
    await gitops.writer.refresh()
    await putManifests({ 'cron.yaml': manifest({ app: 'cron', env: 'staging', ...own }) })
    await ask({ id: 'r-cron', app: 'cron', env: 'staging' })
    await drain(ports)
    await eventually(async () => expect((await pushes()).at(-1)).toBe(4))
    expect(await status('cron')).toBe('error')
    expect((await events.find('r-cron'))?.statusDesc).toContain('below staging')
  })

  test('F28: fails alone and for good, with the host’s words, when the host refuses the push for it', async () => {
    const { ports, gitops, status, events } = await asked()
    const script = `#!/bin/sh
read old new ref
if git diff --name-only $old $new | grep -q shop; then echo "GH013: not shop" >&2; exit 1; fi
`
    await putScript(gitops.remote, 'hooks/pre-receive', script)
    await drain(ports)
    expect(await status('shop')).toBe('error')
    expect((await events.find('r-shop'))?.statusDesc).toContain('GH013: not shop')
    for (const app of ['api', 'mail', 'web']) expect(await status(app)).toBe('processed')
    expect((await gitops.log()).slice(0, -1).sort()).toEqual(['api', 'mail', 'web'].map(released))
  })

  test('F37: that broke before is tried alone, so that it cannot take others with it', async () => {
    const { events, clock } = await asked()
    await events.claimTargeted(clock.nowMs(), 1)
    const first = await events.claimTargeted(clock.nowMs(), 100)
    expect(first.map(({ app }) => app)).toEqual(['api'])
  })
})

describe('a push', () => {
  test('that comes to nothing is tried again with fewer, until it goes', async () => {
    const { parts, pushes } = await asked()
    const { writer } = parts.gitops
    const sizes: number[] = []
    const commit = async (...args: Parameters<typeof writer.commit>): Promise<CommitResult> => {
      sizes.push(args[1].length)
      if (args[1].length > 1) throw new Fault('gitops_unreachable', 'pushing: timed out')
      return writer.commit(...args)
    }
    const gitops = committing(writer, commit)
    const loop = startLoop({ ...parts.ports, gitops })
    const due = `select 1 from events where status = 'new' and due_ms <= ?`
    await eventually(async () => {
      // Only when all of a batch are put back: else time would pass between one and the next.
      if ((await parts.database.read(due, [parts.clock.nowMs()])).length === 0)
        parts.clock.moveMs(2_000)
      loop.wake()
      expect(await parts.releases.running({})).toHaveLength(4)
    })
    await loop.stop()
    expect(sizes.slice(0, 3)).toEqual([4, 2, 1])
    expect((await pushes()).every((count) => count === 1)).toBe(true)
  })

  test('F8: that loses a race is made again of everything, decided on the new tip', async () => {
    const { parts, pushes, status } = await asked({ policies: { 'open.json': gate({ env: 'elsewhere' }) }, policiesInGitops: true }) // biome-ignore format: one line
    const { writer } = parts.gitops
    let isFirst = true
    const commit = async (...args: Parameters<typeof writer.commit>) => {
      if (isFirst) await parts.gitops.someoneCommits({ 'policies/no.json': gate({ app: 'shop' }) })
      isFirst = false
      return writer.commit(...args)
    }
    const gitops = committing(writer, commit)
    await drain({ ...parts.ports, gitops })
    await eventually(async () => expect((await pushes()).at(-1)).toBe(3))
    expect(await status('shop')).toBe('denied')
  })
})

test('F8: releases land while someone else pushes ten times a second, and nobody’s commit is lost', async () => {
  const names = Array.from({ length: 10 }, (_, at) => `app-${at}`)
  const many = names.map((app) => [`${app}.yaml`, manifest({ app, ...own })])
  const parts = await testParts({ manifests: Object.fromEntries(many) })
  await parts.push()
  await parts.gitops.checkOut()
  const loop = startLoop({ ...parts.ports, pause: (ms) => setTimeout(ms) })
  let isOver = false
  const theirs: string[] = []
  const someone = (async () => {
    for (let count = 0; !isOver; count++) {
      // They, too, lose races, and then come again.
      const made = parts.gitops.someoneCommits({ 'notes.txt': String(count) })
      theirs.push(...(await made.then((ref) => [ref], () => []))) // biome-ignore format: one line
      await setTimeout(100)
    }
  })()
  for (const app of names) {
    await parts.ask({ id: `r-${app}`, app })
    loop.wake()
    await setTimeout(50)
  }
  await eventually(async () => {
    // On a slow machine all races of one attempt may be lost: it rests, by this clock.
    parts.clock.moveMs(50)
    expect(await parts.releases.running({})).toHaveLength(10)
  })
  isOver = true
  await someone
  await loop.stop()
  const log = await parts.gitops.remoteGit(['log', '--format=%H %s', 'main'])
  expect(log.match(/\[Gimlet\] production\/app-\d release/g)).toHaveLength(10)
  for (const ref of theirs) expect(log).toContain(ref)
})

describe('a crash', () => {
  test('F6: between the push of several and its landing ends in exactly one commit each', async () => {
    const { parts, pushes, gitops, releases } = await asked()
    await expect(drain(killed(parts))).rejects.toThrow('killed')
    expect(await releases.running({})).toEqual([])
    await drain(parts.restarted())
    await eventually(async () => expect(await pushes()).toEqual([4]))
    expect(await gitops.log()).toHaveLength(5)
    expect(await releases.running({})).toHaveLength(4)
  })

  test('F6: after the push of a delete, and a change by hand that is seen first, ends well', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    await parts.ask({ id: 'r-gone', kind: 'delete', artifactId: null })
    await expect(drain(killed(parts))).rejects.toThrow('killed')
    await parts.gitops.someoneCommits({ 'production/web/by-hand.yaml': 'a: 1\n' })
    const server = parts.restarted()
    await parts.follower.upTo(await parts.gitops.writer.refresh())
    expect(await parts.releases.running({})).toEqual([])
    await drain(server)
    expect(await parts.events.find('r-gone')).toMatchObject({ status: 'processed' })
  })

  test('F5: between what was intended and the push ends in exactly one commit each', async () => {
    const { parts, gitops, pushes } = await asked()
    const intend: TestPorts['landings']['intend'] = async (intents) => {
      await parts.releases.intend(intents)
      throw new Error('killed')
    }
    const landings = { intend, land: parts.ports.landings.land.bind(parts.ports.landings) }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    expect(await gitops.log()).toHaveLength(1)
    await drain(parts.restarted())
    await eventually(async () =>
      expect((await pushes()).reduce((sum, count) => sum + count)).toBe(4),
    )
    expect(await gitops.log()).toHaveLength(5)
  })
})

/** The parts after a crash between what was intended and the push, and that push, which may go on. */
async function killedBeforeThePush() {
  const all = await asked()
  const { parts } = all
  const intend: TestPorts['landings']['intend'] = async (intents) => {
    await parts.releases.intend(intents)
    throw new Error('killed')
  }
  const landings = { intend, land: parts.ports.landings.land.bind(parts.ports.landings) }
  await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
  const [commit] = await parts.events.commits('r-web')
  const orphan = () =>
    parts.gitops.git([
      ...['push', '--porcelain', `--force-with-lease=refs/heads/main:${commit?.tip}`],
      ...['origin', `${commit?.ref}:refs/heads/main`],
    ])
  return { ...all, orphan }
}

describe('F6: a push that goes on after its server died', () => {
  test('does not land any more once its event has ended otherwise', async () => {
    const { parts, orphan, status, gitops } = await killedBeforeThePush()
    await parts.putPolicies({ 'no.json': gate() })
    await drain(parts.restarted())
    for (const app of apps) expect(await status(app)).toBe('denied')
    await expect(orphan()).rejects.toThrow()
    expect(await gitops.files()).toEqual({})
    expect((await gitops.log()).slice(0, -1)).toEqual(['[Gimlet] what was begun before does not land any more']) // biome-ignore format: one claim
  })

  test('and lands before the next server looks counts, whatever the policies say by now', async () => {
    const { parts, orphan, status, releases } = await killedBeforeThePush()
    await parts.putPolicies({ 'no.json': gate() })
    await orphan()
    await drain(parts.restarted())
    for (const app of apps) expect(await status(app)).toBe('processed')
    expect(await releases.running({})).toHaveLength(4)
  })

  test('and wins the race against the next server’s own push counts, once', async () => {
    const { parts, orphan, status, gitops } = await killedBeforeThePush()
    const next = parts.restarted()
    let isFirst = true
    const commit = async (...args: Parameters<typeof next.gitops.commit>) => {
      if (isFirst) await orphan()
      isFirst = false
      return next.gitops.commit(...args)
    }
    await drain({ ...next, gitops: committing(next.gitops, commit) })
    for (const app of apps) expect(await status(app)).toBe('processed')
    expect(await gitops.log()).toHaveLength(5)
  })

  test('needs no other commit when its event is carried out again', async () => {
    const { parts, orphan, gitops } = await killedBeforeThePush()
    await drain(parts.restarted())
    await expect(orphan()).rejects.toThrow()
    expect(await gitops.log()).toHaveLength(5)
  })
})

test('F37: what was pushed is not set aside, however often the server ended over it', async () => {
  const { parts, status, releases } = await asked()
  await expect(drain(killed(parts))).rejects.toThrow('killed')
  for (let time = 0; time < 11; time++) await parts.events.claimTargeted(parts.clock.nowMs(), 1)
  const loop = startLoop(parts.restarted())
  await eventually(async () => expect(await releases.running({})).toHaveLength(4))
  await loop.stop()
  for (const app of apps) expect(await status(app)).toBe('processed')
})

test('F30: of several, when a lock comes before the push, those go that are not locked', async () => {
  const { parts, pushes, status } = await asked()
  const lock = { id: 'l-1', kind: 'freeze', env: 'production', app: 'shop', reason: 'no', by: 'bob', createdUnix: 0, untilUnix: null } as const // biome-ignore format: one value
  let isFirst = true
  const intend: TestPorts['landings']['intend'] = async (intents) => {
    if (isFirst) await parts.controls.lock(lock)
    isFirst = false
    return parts.releases.intend(intents)
  }
  const landings = { intend, land: parts.ports.landings.land.bind(parts.ports.landings) }
  await drain({ ...parts.ports, landings })
  await eventually(async () => expect(await pushes()).toEqual([3]))
  expect(await status('shop')).toBe('denied')
})
