import { describe, expect, test } from 'vitest'
import { status } from '../../src/commands/status.ts'
import type { Actor } from '../../src/domain/actor.ts'
import type { ReleaseEvent } from '../../src/domain/event.ts'
import type { StatusByEnv } from '../../src/domain/outcome.ts'
import { gate } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'
import { someonesGit } from '../support/temp.ts'

const folder = 'production/web'
const byHand = { [`${folder}/by-hand.yaml`]: 'replicas: 3\n' }
const place = { env: 'production', app: 'web' }

/** The first release, and what a person commits over it, as the server sees it at its next look. */
async function changedByHand(parts: TestParts, message = 'more replicas'): Promise<string> {
  await released(parts, 'r-1', 'web-1')
  const ref = await parts.gitops.someoneCommits(byHand, message)
  await look(parts)
  return ref
}

async function released(parts: TestParts, id: string, artifactId: string) {
  await parts.push({ id: artifactId, version: { message: artifactId } })
  await parts.ask({ id, artifactId })
  await drain(parts.ports)
  return (await parts.events.find(id)) as ReleaseEvent
}

const look = async ({ follower, gitops }: TestParts) => follower.upTo(await gitops.writer.refresh())

async function shown(parts: TestParts) {
  const outcome = await status(parts.ports as never, { env: 'production' })
  return (outcome as { status: StatusByEnv }).status.production?.web ?? null
}

describe('F9: a change that a person made to the folder of an app that runs', () => {
  test('shows on the status with its author, until a release overwrites it', async () => {
    const parts = await testParts()
    const ref = await changedByHand(parts)
    expect((await shown(parts))?.drift?.commits).toEqual([
      { ref, author: 'Someone', subject: 'more replicas', created: expect.any(Number) },
    ])
    await released(parts, 'r-2', 'web-2')
    expect(await shown(parts)).toMatchObject({ id: 'r-2' })
    expect(await shown(parts)).not.toHaveProperty('drift')
  })

  test('is overwritten with a word: in the answer, the decision and the commit', async () => {
    const parts = await testParts()
    const ref = await changedByHand(parts)
    const event = await released(parts, 'r-2', 'web-2')
    const said = `web in production was changed by hand by Someone in ${ref.slice(0, 8)} ("more replicas")`
    expect(event).toMatchObject({
      status: 'processed',
      statusDesc: expect.stringContaining(`warning: ${said}; this overwrites it`),
    })
    expect(await parts.events.decision(event.decisionId ?? '')).toMatchObject({
      drift: [{ ref, authorName: 'Someone', authorEmail: 'someone@example.com' }],
      trace: [{ policy: 'drift', kind: 'drift', outcome: 'fails', problem: said }],
    })
    expect((await parts.gitops.log())[0]).toBe(
      `[Gimlet] production/web release web-2 (overwrites ${ref.slice(0, 8)} by Someone)`,
    )
    expect(Object.keys(await parts.gitops.files())).not.toContain(`${folder}/by-hand.yaml`)
  })

  test('stops a release by a setting, which says who, what and what to do', async () => {
    const parts = await testParts({ drift: 'stop' })
    const ref = await changedByHand(parts)
    const event = await released(parts, 'r-2', 'web-2')
    expect(event).toMatchObject({
      status: 'denied',
      statusDesc: `web in production was changed by hand by Someone in ${ref.slice(0, 8)} ("more replicas"); take that change back, or have an admin ask again with --force and a reason`,
    })
    expect(await parts.gitops.files()).toHaveProperty([`${folder}/by-hand.yaml`])
  })

  test.each(['rollback', 'delete'] as const)('stops a %s just so', async (kind) => {
    const parts = await testParts({ drift: 'stop' })
    await changedByHand(parts)
    const [before] = await parts.releases.running(place)
    await parts.ask({ id: 'r-2', kind, toRef: before?.gitopsRef ?? null })
    await drain(parts.ports)
    expect(await parts.events.find('r-2')).toMatchObject({ status: 'denied' })
    expect(await parts.gitops.files()).toHaveProperty([`${folder}/by-hand.yaml`])
  })

  test('is passed by force by an admin only, and loudly', async () => {
    const parts = await testParts({ drift: 'stop' })
    await changedByHand(parts)
    const root: Actor = { login: 'root', kind: 'token', roles: ['admin'], teams: [], repositories: [] } // biome-ignore format: one value
    await parts.push({ id: 'web-2', version: { message: 'two' } })
    await parts.ask({ id: 'r-2', artifactId: 'web-2', forced: true, reason: 'now' })
    await drain(parts.ports)
    expect(await parts.events.find('r-2')).toMatchObject({ status: 'denied' })
    const ports = { ...parts.ports, identify: async () => root }
    await parts.ask({ id: 'r-3', artifactId: 'web-2', actor: root, forced: true, reason: 'now' })
    await drain(ports)
    expect(await parts.events.find('r-3')).toMatchObject({
      status: 'processed',
      statusDesc: expect.stringContaining('forced past drift: web in production was changed'),
    })
    expect((await parts.gitops.log())[0]).toContain('(forced past drift)')
  })

  test('that was taken back is none', async () => {
    const parts = await testParts({ drift: 'stop' })
    await changedByHand(parts)
    await parts.gitops.checkOut()
    await someonesGit(parts.gitops.tree, 'revert', '--no-edit', 'HEAD')
    await someonesGit(parts.gitops.tree, 'push', 'origin', 'HEAD:main')
    await look(parts)
    expect(await shown(parts)).not.toHaveProperty('drift')
    expect((await released(parts, 'r-2', 'web-2')).status).toBe('processed')
  })

  test('that comes between the decision and the push is not overwritten', async () => {
    const parts = await testParts({ drift: 'stop' })
    await released(parts, 'r-1', 'web-1')
    await parts.push({ id: 'web-2', version: { message: 'two' } })
    await parts.ask({ id: 'r-2', artifactId: 'web-2' })
    const { commit } = parts.gitops.writer
    let isFirst = true
    const gitops: typeof parts.ports.gitops = {
      url: parts.gitops.remote,
      tip: () => parts.gitops.writer.tip(),
      lastTip: () => parts.gitops.writer.lastTip(),
      landed: (refs) => parts.gitops.writer.landed(refs),
      async commit(...given) {
        if (isFirst) await parts.gitops.someoneCommits(byHand)
        isFirst = false
        return commit.apply(parts.gitops.writer, given)
      },
    }
    await drain({ ...parts.ports, gitops })
    expect(await parts.events.find('r-2')).toMatchObject({ status: 'denied' })
    expect(await parts.gitops.files()).toHaveProperty([`${folder}/by-hand.yaml`])
  })

  test('that deletes the folder takes the app away, and the next release names it', async () => {
    const parts = await testParts()
    await released(parts, 'r-1', 'web-1')
    const ref = await parts.gitops.someoneCommits({ [folder]: null }, 'away')
    await look(parts)
    expect(await parts.releases.running(place)).toEqual([])
    const event = await released(parts, 'r-2', 'web-2')
    expect(event.statusDesc).toContain(`by Someone in ${ref.slice(0, 8)} ("away")`)
  })

  test('leaves the no of a gate in its own words', async () => {
    const parts = await testParts({ drift: 'stop' })
    await changedByHand(parts)
    await parts.putPolicies({ 'no.json': gate() })
    expect((await released(parts, 'r-2', 'web-2')).statusDesc).toBe('Not now')
  })
})

describe('a commit that is no release', () => {
  const forged = `[Gimlet] ${folder} release web-9

Release-Id: r-9
Artifact-Id: web-9
Triggered-By: root
Decision-Id: d-9
Policy-Version: 1
Source-Commit: abc`

  test('A: with a message like ours is a change by hand', async () => {
    const parts = await testParts()
    await changedByHand(parts, forged)
    expect(await shown(parts)).toMatchObject({ id: 'r-1', drift: { commits: [{}] } })
    expect(await parts.releases.history({ ...place, limit: 9 })).toHaveLength(1)
  })

  test('A: with the release.json of another folder is none of this one', async () => {
    const parts = await testParts()
    await released(parts, 'r-1', 'web-1')
    const copied = (await parts.gitops.files())[`${folder}/release.json`] ?? ''
    await parts.gitops.someoneCommits({ 'staging/web/release.json': copied })
    await look(parts)
    expect((await parts.releases.running({})).map(({ env }) => env)).toEqual(['production'])
  })

  test('A: that names a request which is still open does not take its place', async () => {
    const parts = await testParts()
    await released(parts, 'r-1', 'web-1')
    const own = JSON.parse((await parts.gitops.files())[`${folder}/release.json`] ?? '')
    await parts.push({ id: 'web-2', version: { message: 'two' } })
    await parts.ask({ id: 'r-2', artifactId: 'web-2' })
    const stolen = JSON.stringify({ ...own, id: 'r-2' })
    await parts.gitops.someoneCommits({ [`${folder}/release.json`]: stolen })
    await look(parts)
    expect(await shown(parts)).toMatchObject({ id: 'r-1', drift: { commits: [{}] } })
    await drain(parts.ports)
    expect(await parts.events.find('r-2')).toMatchObject({ status: 'processed' })
    expect(await shown(parts)).toMatchObject({ id: 'r-2' })
  })

  test('on a folder that nobody released to is nobody’s', async () => {
    const parts = await testParts()
    await released(parts, 'r-1', 'web-1')
    await parts.gitops.someoneCommits({ 'production/ingress/a.yaml': 'a', 'docs/x/y.md': 'b' })
    await look(parts)
    expect(await parts.ports.drift.here({})).toEqual([])
  })
})

describe('a commit of a server before', () => {
  test('with a valid release.json becomes a release, and runs', async () => {
    const parts = await testParts()
    await released(parts, 'r-1', 'web-1')
    const own = JSON.parse((await parts.gitops.files())[`${folder}/release.json`] ?? '')
    const other = { ...own, id: 'r-other', artifactId: 'web-7', triggeredBy: 'bob' }
    const ref = await parts.gitops.someoneCommits({ [`${folder}/release.json`]: JSON.stringify(other) }) // biome-ignore format: one call
    await look(parts)
    expect(await shown(parts)).toMatchObject({ id: 'r-other', triggeredBy: 'bob', gitopsRef: ref })
    expect(await shown(parts)).not.toHaveProperty('drift')
  })

  test('F6: that this server pushed and did not keep is not taken for anybody’s', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const land = () => Promise.reject(new Error('killed'))
    await expect(
      drain({
        ...parts.ports,
        landings: { intend: (...all) => parts.releases.intend(...all), land },
      }),
    ).rejects.toThrow('killed')
    const restarted = parts.restarted()
    await parts.gitops.someoneCommits(byHand)
    await restarted.drift.of(place, await parts.gitops.writer.refresh())
    expect(await parts.releases.running({})).toEqual([])
    await drain(restarted)
    expect(await shown(parts)).toMatchObject({
      id: 'r-1',
      drift: { commits: [{ subject: 'by hand' }] },
    })
  })
})
