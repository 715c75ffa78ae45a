import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { healthOf, manifest, posted } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const folder = join(import.meta.dirname, '../../policies/examples/promotion')
const policies = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
)
const manifests = Object.fromEntries(
  ['staging', 'canary', 'production'].map((env) => [`${env}.yaml`, manifest({ env })]),
)
const minuteMs = 60_000

/** Which artifact runs where, after everything that is due was done. */
async function running(parts: TestParts): Promise<Record<string, string>> {
  await drain(parts.ports)
  const all = await parts.releases.running({ app: 'web' })
  return Object.fromEntries(all.map(({ env, artifactId }) => [env, artifactId]))
}

async function heldIn(parts: TestParts, env: string) {
  const rows = await parts.database.read(
    `select id, status_desc from events where status = 'held' and env = ?`,
    [env],
  )
  return { id: String(rows[0]?.id), why: String(rows[0]?.status_desc) }
}

/** The cluster says that what runs in staging is healthy. */
async function healthy(parts: TestParts) {
  const [release] = await parts.releases.running({ env: 'staging' })
  const since = Math.floor(parts.clock.nowMs() / 1000)
  const health = healthOf({ since, reported: since })
  await parts.releases.reportHealth([{ id: release?.id ?? '', known: undefined, health }], [])
}

test('promotion: staging, 30 minutes healthy, canary, two approvals, production in office hours', async () => {
  const parts = await testParts({ policies, manifests })
  // Monday, 16:30 in Budapest.
  parts.clock.moveMs(6 * 60 * minuteMs)
  await parts.arrive(posted({ id: 'web-1' }))
  expect(await running(parts)).toEqual({ staging: 'web-1' })
  expect((await heldIn(parts, 'canary')).why).toMatch(/30 minutes/)
  await healthy(parts)

  parts.clock.moveMs(29 * minuteMs)
  expect(await running(parts)).toEqual({ staging: 'web-1' })
  parts.clock.moveMs(minuteMs)
  expect(await running(parts)).toEqual({ canary: 'web-1', staging: 'web-1' })
  const { id, why } = await heldIn(parts, 'production')
  expect(why).toBe('It waits for two approvals')

  // Monday, 17:00: it is too late, however many approve.
  for (const login of ['bob', 'carol'])
    await parts.controls.approve({ eventId: id, login, createdUnix: 0 })
  expect((await running(parts)).production).toBeUndefined()
  expect((await heldIn(parts, 'production')).why).toMatch(/office hours/)

  parts.clock.moveMs(16 * 60 * minuteMs)
  expect((await running(parts)).production).toBe('web-1')
  expect(await parts.gitops.log()).toEqual([
    '[Gimlet] production/web release web-1',
    '[Gimlet] canary/web release web-1',
    '[Gimlet] staging/web release web-1',
    'The GitOps repository begins',
  ])
})

test('promotion: a newer version on its way takes the place of the one that waits', async () => {
  const parts = await testParts({ policies, manifests })
  await parts.arrive(posted({ id: 'web-1' }))
  await running(parts)
  await healthy(parts)
  parts.clock.moveMs(20 * minuteMs)
  await parts.arrive(posted({ id: 'web-2' }))
  await running(parts)
  await healthy(parts)
  parts.clock.moveMs(30 * minuteMs)
  expect(await running(parts)).toEqual({ canary: 'web-2', staging: 'web-2' })
})
