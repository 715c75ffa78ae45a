import { expect, it, onTestFinished } from 'vitest'
import { manifest, posted, trigger } from '../support/builders.ts'
import { askingOf } from '../support/edge-asking.ts'
import { asleep, atRest, holds, rowsOf } from '../support/edge-judge.ts'
import { edgeWorld } from '../support/edge-world.ts'
import { startWorkerd } from '../support/workerd.ts'

it('goes on by the cron when every alarm is lost (F41)', async () => {
  const world = await edgeWorld(
    {
      policies: { 'to-staging.json': trigger({ app: 'web' }) },
      manifests: { 'staging.yaml': manifest({ env: 'staging' }) },
      settings: { GIMLET_LEASE_SECONDS: '2' },
    },
    onTestFinished,
  )
  const { accepted, artifact } = askingOf(world)
  await artifact('web', 1)
  await asleep(world)
  // Ended before it carries out what it took: its alarm lies in its folder, and the next one has another.
  const isCut = new Promise<void>((done) => {
    world.libsql.fault = ({ sql }) => {
      if (!sql.some((text) => text.includes('update leases'))) return undefined
      void world.worker.kill().then(done)
      return 'cut'
    }
  })
  // It may end before it answers; what it answers is of no interest here.
  await world
    .post('/api/artifact', posted({ id: 'web-2', items: [{ name: 'image', tag: 'v2' }] }))
    .catch(() => undefined)
  await isCut
  world.libsql.fault = () => undefined
  const next = await startWorkerd('ships', { vars: world.vars }, onTestFinished)
  expect(await rowsOf(world.file, `select 1 from events where status = 'new'`)).not.toEqual([])
  await next.tick()
  await atRest(world)
  expect(await world.gitops.commits('staging/web')).toHaveLength(2)
  await holds(world, accepted)
})
