import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tellTime } from '../../src/release/tell-time.ts'
import { event, manifest, trigger } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const manifests = Object.fromEntries(
  ['preview', 'staging', 'production'].map((env) => [`${env}.yaml`, manifest({ env })]),
)
const hourMs = 3_600_000
const minuteMs = 60_000

async function running(parts: TestParts): Promise<Record<string, string>> {
  const all = await parts.releases.running({ app: 'web' })
  return Object.fromEntries(all.map(({ env, artifactId }) => [env, artifactId]))
}
async function release(parts: TestParts, env: string, artifactId: string) {
  await parts.ask({ id: `r-${env}-${artifactId}`, env, artifactId })
  await drain(parts.ports)
}

test('F16: with the gate of the cookbook an older build that arrives late stays out, and a person may go back to it', async () => {
  const doc = readFileSync('docs/policies.md', 'utf8')
  const [, recipe = ''] = doc.split('### An older build that comes late stays out')
  const [, newest = ''] = /```json\n([\s\S]*?)```/.exec(recipe) ?? []
  const parts = await testParts({
    manifests: { 'staging.yaml': manifest({ env: 'staging' }) },
    policies: { 'all.json': trigger(), 'newest.json': newest },
  })
  const builds: readonly (readonly [string, number])[] = [
    ['web-1', 100],
    ['web-3', 300],
    ['web-2', 200],
  ]
  for (const [id, created] of builds) {
    await parts.arrive({ id, version: { branch: 'main', event: 'push', created } })
    await drain(parts.ports)
  }
  expect(await running(parts)).toEqual({ staging: 'web-3' })
  await release(parts, 'staging', 'web-2')
  expect(await running(parts)).toEqual({ staging: 'web-2' })
})

describe('a trigger on branchDeleted', () => {
  const cleanup = trigger({ on: 'branchDeleted', env: 'preview' })
  const gone = (parts: TestParts, repository: string, branch: string) =>
    parts.events.add({
      ...event({ id: 'e-gone', kind: 'branchDeleted', artifactId: null, env: null, app: null }),
      about: { on: 'branchDeleted', repository, branch },
    })
  const versions = {
    push: { branch: 'fix/x', event: 'push' },
    pr: { branch: 'main', sourceBranch: 'fix/x', targetBranch: 'main', event: 'pr' },
  }

  async function previewed(version: object) {
    const parts = await testParts({ manifests, policies: { 'cleanup.json': cleanup } })
    await parts.push({ id: 'web-1', version })
    await release(parts, 'preview', 'web-1')
    await release(parts, 'staging', 'web-1')
    return parts
  }

  test.each(Object.entries(versions))('deletes what ran of it, of a %s', async (_, version) => {
    const parts = await previewed(version)
    await gone(parts, 'owner/web', 'fix/x')
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
    expect(await running(parts)).toEqual({ staging: 'web-1' })
    expect((await parts.gitops.log())[0]).toBe('[Gimlet] preview/web delete')
  })

  test.each([
    { name: 'another branch', repository: 'owner/web', branch: 'fix/y', version: versions.push },
    { name: 'another repository', repository: 'owner/x', branch: 'fix/x', version: versions.push },
    {
      name: 'the branch to merge into',
      repository: 'owner/web',
      branch: 'main',
      version: versions.pr,
    },
  ])('leaves alone what is of $name', async ({ repository, branch, version }) => {
    const parts = await previewed(version)
    await gone(parts, repository, branch)
    expect(await drain(parts.ports)).toEqual([])
    expect(await running(parts)).toEqual({ preview: 'web-1', staging: 'web-1' })
  })
})

describe('a trigger on schedule', () => {
  const nightly = trigger({ on: 'schedule', at: '02:00', timeZone: 'Europe/Budapest', env: 'production', from: 'staging' }) // biome-ignore format: one value

  /** The test's clock begins on Monday at 10:30 in Budapest. */
  async function scheduled(policies: Record<string, string>) {
    const parts = await testParts({ manifests, policies })
    for (const id of ['web-1', 'web-2']) await parts.push({ id })
    await release(parts, 'staging', 'web-1')
    await tellTime(parts.ports)
    return parts
  }
  const later = async (parts: TestParts, ms: number) => {
    parts.clock.moveMs(ms)
    await tellTime(parts.ports)
    await tellTime(parts.ports)
    return drain(parts.ports)
  }

  test('releases what runs where it comes from, once each time', async () => {
    const parts = await scheduled({ 'nightly.json': nightly })
    expect(await later(parts, 15 * hourMs + 29 * minuteMs)).toEqual([])
    expect(await later(parts, minuteMs)).toMatchObject([{ landed: [{}], failed: [] }])
    expect(await running(parts)).toEqual({ production: 'web-1', staging: 'web-1' })
    expect(await later(parts, hourMs)).toEqual([])
    await release(parts, 'staging', 'web-2')
    expect(await later(parts, 23 * hourMs)).toMatchObject([{ landed: [{}], failed: [] }])
    expect((await running(parts)).production).toBe('web-2')
    const [newest] = await parts.releases.history({ env: 'production', app: 'web', limit: 1 })
    expect(newest?.triggeredBy).toBe('policy:nightly')
  })

  test('is made up for when the server was down, but not hours later', async () => {
    const parts = await scheduled({ 'nightly.json': nightly })
    expect(await later(parts, 16 * hourMs + 15 * minuteMs)).toMatchObject([
      { landed: [{}], failed: [] },
    ])
    await release(parts, 'staging', 'web-2')
    expect(await later(parts, 25 * hourMs)).toEqual([])
  })

  test('does not mean the times before it was there, and keeps to its days', async () => {
    const parts = await scheduled({})
    parts.clock.moveMs(15 * hourMs + 40 * minuteMs)
    await parts.putPolicies({ 'nightly.json': nightly })
    expect(await later(parts, 0)).toEqual([])
    const sundays = JSON.stringify({ ...JSON.parse(nightly), days: ['sunday'] })
    await parts.putPolicies({ 'nightly.json': sundays })
    expect(await later(parts, 24 * hourMs)).toEqual([])
    expect(await later(parts, 4 * 24 * hourMs)).toMatchObject([{ landed: [{}], failed: [] }])
  })

  test('deletes what its rule is about', async () => {
    const old = trigger({
      ...{ on: 'schedule', at: '02:00', env: 'staging', ask: 'delete' },
      when: { '>=': [{ minutesSince: 'current.releasedAt' }, 24 * 60] },
    })
    const parts = await scheduled({ 'old.json': old })
    expect(await later(parts, 16 * hourMs + 40 * minuteMs)).toEqual([])
    expect(await later(parts, 24 * hourMs)).toMatchObject([{ landed: [{}], failed: [] }])
    expect(await running(parts)).toEqual({})
  })

  test('rolls back to the release before', async () => {
    const back = trigger({ on: 'schedule', at: '02:00', env: 'staging', ask: 'rollback' })
    const parts = await scheduled({ 'back.json': back })
    await release(parts, 'staging', 'web-2')
    expect(await later(parts, 16 * hourMs + 40 * minuteMs)).toMatchObject([
      { landed: [{}], failed: [] },
    ])
    expect(await running(parts)).toEqual({ staging: 'web-1' })
  })
})
