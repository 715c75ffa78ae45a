import { expect, it, onTestFinished } from 'vitest'
import { manifest, posted, trigger } from '../support/builders.ts'
import { askingOf } from '../support/edge-asking.ts'
import { asleep, atRest, holds, rowsOf } from '../support/edge-judge.ts'
import { edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import { githubSecret } from '../support/github-server.ts'
import { startWorkerd } from '../support/workerd.ts'

it('goes on by the cron when every alarm is lost, and hears what the queue repeats once', async () => {
  const world = await edgeWorld(
    {
      policies: { 'to-staging.json': trigger({ app: 'web' }) },
      manifests: {
        'staging.yaml': manifest({ env: 'staging' }),
        'pulled.yaml': manifest({
          app: 'pulled',
          env: 'qa',
          extra: 'repository: example/pulled\n',
        }),
      },
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

  const repository = world.github.repository({ fullName: 'example/pulled', id: 7 })
  world.github.permission(repository, 'alice', 'write')
  const pull = world.github.pull({ repository, number: 12, author: 'alice' })
  const sender = world.github.sender(`${next.url}/api/github/webhooks`, { secret: githubSecret })
  await sender.comment(pull, '/gimlet status')
  const [delivery] = world.github.deliveries
  if (!delivery) throw new Error('there was no delivery')
  const again = () => world.github.resend?.(delivery)
  // In one batch, and in another one after it was carried out.
  await Promise.all([again(), again(), again()])
  const replies = () =>
    world.github.comments(repository, 12).filter(({ body }) => body.includes('What runs'))
  await eventually(() => expect(replies()).not.toEqual([]))
  await again()
  await sender.comment(pull, '/gimlet whoami')
  await eventually(() =>
    expect(world.github.comments(repository, 12).some(({ body }) => body.includes('You are'))).toBe(
      true,
    ),
  )
  await atRest(world)
  expect(replies()).toHaveLength(1)
  await holds(world, accepted)
})
