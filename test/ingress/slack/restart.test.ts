import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readPayload } from '../../../src/ingress/slack/payload.ts'
import { openDatabase } from '../../../src/store/client.ts'
import { DeliveryStore } from '../../../src/store/deliveries.ts'
import { slackServer, users } from '../../support/slack-server.ts'

const started = (given = {}) => slackServer(given, onTestFinished)
type Started = Awaited<ReturnType<typeof started>>

/** Does something with the database of a server that is stopped. */
async function inDatabase<T>(
  { server }: Started,
  work: (store: DeliveryStore, run: (sql: string) => Promise<unknown>) => Promise<T>,
) {
  // biome-ignore format: one signature
  const database = await openDatabase(`file:${join(server.folder, 'data', 'gimlet.db')}`)
  try {
    return await work(new DeliveryStore(database), (sql) => database.write([sql]))
  } finally {
    database.close()
  }
}

const restarted = ({ server, slack }: Started) =>
  started({ after: { folder: server.folder, slack } })

/** What Slack had sent, and the server had kept, when it was killed. */
const keep = (from: Started, body: string) =>
  inDatabase(from, async (store) => {
    const payload = readPayload(body, 'application/x-www-form-urlencoded')
    if (!('key' in payload) || payload.key === null) throw new Error('this is not kept')
    await store.accept({
      key: payload.key,
      surface: 'slack',
      requestId: 'r-kept000000001',
      body: JSON.stringify(payload),
      receivedMs: Date.now(),
    })
  })

describe('F1: a server that was killed', () => {
  it('after it took a command carries it out when it is back, and answers where Slack takes it', async () => {
    const first = await started()
    const { slack, server, push } = first
    await push('web-1')
    await server.stop()
    const command = { command: '/gimlet', text: 'release web staging', team_id: 'T0001', user_id: users.alice } // biome-ignore format: one line
    const place = { channel_id: 'C1', trigger_id: '1.2.3', response_url: slack.responseUrl() }
    await keep(first, new URLSearchParams({ ...command, ...place }).toString())
    const { until, shown, server: second } = await restarted(first)
    await until(() =>
      expect(shown(slack.messages('#releases'))).toContain('Released web → staging'),
    )
    await until(() =>
      expect(shown(slack.responses.map(({ body }) => body))).toContain('Released web → staging'),
    )
    expect((await second.call('/api/event?id=r-kept000000001')).body).toMatchObject({ status: 'processed' }) // biome-ignore format: one line
  })

  it('after it carried a command out, but before it knew, asks for nothing twice', async () => {
    const first = await started()
    const { slack, server, push, sender, until, shown } = first
    await push('web-1')
    await sender.command('release web staging', { user: users.alice })
    await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web'))
    await server.stop()
    await inDatabase(first, (_, run) => run('update deliveries set is_done = 0, answer = null'))
    const { server: second } = await restarted(first)
    await second.stop()
    expect(await inDatabase(first, (store) => store.open('slack'))).toEqual([])
    const { server: third } = await restarted(first)
    expect((await third.call('/api/releases?env=staging')).body).toHaveLength(1)
    expect(slack.messages('#releases')).toHaveLength(1)
  })

  it('after a click tells that the window could not be opened any more', async () => {
    const first = await started()
    const { slack, server, push, sender, until, shown } = first
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const [held] = await until(() => {
      expect(shown(slack.messages('#production'))).toContain('Waiting')
      return slack.messages('#production')
    })
    await server.stop()
    const value = /r-[0-9a-z]{15}/.exec(JSON.stringify(held))?.[0]
    const payload = {
      type: 'block_actions',
      team: { id: 'T0001' },
      user: { id: users.bob, team_id: 'T0001' },
      trigger_id: '9.9.9',
      response_url: slack.responseUrl(),
      channel: { id: held?.channel },
      actions: [{ action_id: 'reject', block_id: 'b', type: 'button', value }],
    }
    await keep(first, new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
    await restarted(first)
    await until(() =>
      expect(shown(slack.responses.map(({ body }) => body))).toContain('Please click again'),
    )
  })

  it('knows its workspace when Slack is away at the start, and lets no other in', async () => {
    const first = await started()
    await first.sender.command('whoami', { user: users.alice })
    await first.server.stop()
    first.slack.down()
    const { sender, server } = await restarted(first)
    expect((await server.call('/healthz')).status).toBe(200)
    expect((await sender.command('whoami', { user: users.alice })).status).toBe(200)
    expect((await sender.command('whoami', { user: users.alice, over: { team_id: 'T9999' } })).status).toBe(401) // biome-ignore format: one line
    first.slack.up()
  })
})

describe('Slack away at the first start', () => {
  it('keeps nobody of people.json out, and everybody else', async () => {
    const first = await started()
    first.slack.down()
    const { sender } = await started({ after: { folder: `${first.server.folder}-other`, slack: first.slack } }) // biome-ignore format: one line
    expect((await sender.command('whoami', { user: users.alice })).status).toBe(200)
    expect((await sender.command('whoami', { user: 'U1', over: { team_id: 'T9999' } })).status).toBe(401) // biome-ignore format: one line
    first.slack.up()
  })
})
