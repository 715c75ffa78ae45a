import { expect, test } from 'vitest'
import { artifactOf } from '../crash/files.ts'
import { apiFlows as flows, rest } from '../crash/flows.ts'
import { brokenAfter, lived, restored } from './moments.ts'

/** A batch has an arrival, releases, a rollback and a delete. */
const names = ['release', 'batch', 'approve']

test.each(flows.filter(({ name }) => names.includes(name)))(
  'F21: a backup of any moment of the flow $name is restored, and nothing is done twice or lost',
  async (flow) => {
    const life = await lived(flow)
    expect(life.moments.length).toBeGreaterThan(4)
    for (const moment of life.moments) {
      const { place, came, server } = await restored(life, moment)
      await server.kill()
      expect([moment.name, await brokenAfter(life, place)]).toEqual([moment.name, []])
      expect(came.repositories.map(({ different }) => different)).toEqual([[]])
    }
  },
)

test('a server goes on after a restore: what is asked next is released', async () => {
  const [flow] = flows
  if (!flow) throw new Error('there is no flow')
  const life = await lived(flow)
  const [moment] = life.moments
  if (!moment) throw new Error('there is no moment')
  const { server, came } = await restored(life, moment)
  expect(came.lost).not.toBeNull()
  await server.post('/api/artifact', { body: artifactOf('web', 3, 'feature') })
  const body = { env: 'production', app: 'web', artifactId: 'web-3' }
  const { json } = await server.post('/api/releases', { body })
  await rest(server)
  const { json: event } = await server.get(`/api/event?id=${json.id}`)
  await server.kill()
  expect(event).toMatchObject({ status: 'processed', statusDesc: 'released web-3 to production' })
})
