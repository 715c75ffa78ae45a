import { afterAll, beforeAll, expect, it } from 'vitest'
import { isResponseUrl } from '../../src/ingress/slack/response-url.ts'
import { kubernetesProgram } from '../support/kubernetes-programs.ts'
import { inputsOf } from './hostile/corpus.ts'
import { expectUntouched, expectWhole, hostileWorld, ofWeb, type World } from './hostile/world.ts'

const helm = kubernetesProgram('helm')
let world: World

beforeAll(async () => {
  const known = [{ url: 'https://charts.example.com/stable' }]
  world = await hostileWorld(afterAll, {
    HELM_BIN: helm ?? 'helm',
    CHART_REPOSITORIES: JSON.stringify(known),
  })
})

/** An address with the canary's port, where it names this machine and no port. */
const leadingHere = (input: string): string => {
  const ours =
    /(127\.0\.0\.1|127\.1|2130706433|0177\.0\.0\.1|0x7f\.0\.0\.1|0\.0\.0\.0|localhost\.?|\[::1?\]|\[::ffff:(?:127\.0\.0\.1|7f00:1)\])(?::\d+)?(?=[/?#\\]|$)/i
  return input.replace(ours, (_, host: string) => `${host}:${world.canary.port}`)
}

it.skipIf(!helm)(
  'A11: a chart of an address that is not in the settings is not fetched, when it is released',
  async () => {
    const { server } = world
    let released = 0
    for (const [at, { is, input }] of inputsOf('A11-urls').entries()) {
      const id = `chart-${at}`
      const chart = { name: 'web', repository: leadingHere(input), version: '1.0.0' }
      const environments = [{ app: 'web', env: 'staging', chart }]
      const items = [{ name: 'CI', url: leadingHere(input) }]
      const posted = await server.post('/api/artifact', ofWeb({ id, environments, items }))
      if (posted.status === 422) continue
      expect([is, posted.status]).toEqual([is, 201])
      const asked = { env: 'staging', app: 'web', artifactId: id }
      const { status, body } = await server.post('/api/releases', asked)
      expect([is, status]).toEqual([is, 201])
      const { status: end, statusDesc } = await server.ended((body as { id: string }).id)
      expect([is, end, statusDesc]).toEqual([
        is,
        'denied',
        expect.stringContaining('CHART_REPOSITORIES'),
      ])
      released += 1
    }
    expect(released).toBeGreaterThan(50)
    expect(world.canary.hits).toEqual([])
    await expectWhole(world)
  },
)

it('A11: nothing but Slack’s own host is answered to, whatever a command says', async () => {
  const { bySlack, user } = world
  for (const { is, input } of inputsOf('A11-urls')) {
    const response_url = leadingHere(input)
    expect([is, isResponseUrl(response_url, 'https://slack.com/api/')]).toEqual([is, false])
    const { status } = await bySlack.command('status web', { user, over: { response_url } })
    expect([is, status < 500]).toEqual([is, true])
  }
  await expectUntouched(world, await world.refs())
})

it('the canary tells of who connects, so that its silence means something', async () => {
  await fetch(`http://localhost:${world.canary.port}/`).catch(() => undefined)
  expect(world.canary.hits).toHaveLength(1)
})
