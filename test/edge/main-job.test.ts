import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { manifest, posted, trigger } from '../support/builders.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'

let world: EdgeWorld
const work: (() => unknown)[] = []

beforeAll(async () => {
  world = await edgeWorld(
    {
      policies: { 'to-staging.json': trigger() },
      manifests: { 'staging.yaml': manifest({ env: 'staging' }), 'production.yaml': manifest() },
    },
    (one) => void work.push(one),
  )
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

describe('the main job on the edge', () => {
  it('is ready, healthy and measured', async () => {
    expect(await world.call('/healthz')).toMatchObject({ status: 200 })
    expect(await world.call('/readyz')).toMatchObject({ status: 200, body: { problems: [] } })
    expect(await world.call('/metrics')).toMatchObject({ status: 200 })
  })

  it('takes an artifact, and releases it by policy', async () => {
    expect(await world.post('/api/artifact', posted())).toMatchObject({ status: 201 })
    await eventually(async () => expect(await world.gitops.commits('staging/web')).toHaveLength(1))
    expect(await world.gitops.git('show', 'main:staging/web/configmap-web.yaml')).toContain('v1')
  })
})
