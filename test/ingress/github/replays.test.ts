import { expect, test } from 'vitest'
import { DeliveryStore } from '../../../src/store/deliveries.ts'
import { githubSurface } from '../../support/github-surface.ts'

const [minuteMs, dayMs] = [60_000, 86_400_000]
/** What `notify/github.ts` forgets after. */
const retentionMs = 40 * dayMs

test.each([
  { name: 'after a minute', ms: minuteMs },
  { name: 'after a day', ms: dayMs },
  { name: 'after all that was taken is forgotten', ms: retentionMs + dayMs },
])('A2: a delivery that is played again $name has no second effect', async ({ ms }) => {
  const { host, sender, pull, settled, requests, push, clock, database } = await githubSurface()
  await push({ version: { repositoryName: 'example/web', sha: pull.headSha, branch: 'faster' } })
  await sender.pullRequest(pull, 'opened')
  await sender.comment(pull, '/gimlet release staging')
  await settled()
  expect(await requests()).toBe(1)
  clock.moveMs(ms)
  const deliveries = new DeliveryStore(database, '')
  await deliveries.prune('github', clock.nowMs() - retentionMs)
  const { guid, event, request } = host.deliveries.find((one) => one.event === 'issue_comment')!
  for (const delivery of [guid, crypto.randomUUID()])
    expect((await sender.event(event, request.payload, { delivery })).status).toBe(202)
  await settled()
  expect(await requests()).toBe(1)
})
