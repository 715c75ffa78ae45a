import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { manifest, posted } from '../support/builders.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import { noProblems } from '../support/slack.ts'
import { answered, approvalGate, slackSecret, users, words } from '../support/slack-server.ts'

let world: EdgeWorld
const work: (() => unknown)[] = []

beforeAll(async () => {
  world = await edgeWorld(
    {
      policies: { 'approval.json': approvalGate },
      manifests: { 'staging.yaml': manifest({ env: 'staging' }), 'production.yaml': manifest() },
      settings: { SLACK_CHANNEL: 'production=#production #releases' },
    },
    (one) => void work.push(one),
  )
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
  noProblems(world.slack)
})

const command = (...given: Parameters<EdgeWorld['slackSender']['command']>) =>
  world.slackSender.command(...given)
const said = async (text: string, user: string) =>
  words(await answered({ slack: world.slack, sender: world.slackSender }, text, { user }))
/** The message of a channel that says this. */
const message = (channel: string, text: string) =>
  eventually(() => {
    const all = world.slack.messages(channel).filter(({ thread_ts }) => !thread_ts)
    const found = all.find((one) => words(one).includes(text))
    if (!found) throw new Error(`${text} is not in ${words(all)}`)
    return found
  })
const releasesOf = async (artifactId: string) =>
  ((await world.call('/api/releases?env=staging')).body as { artifactId: string }[]).filter(
    (release) => release.artifactId === artifactId,
  )
const push = (id: string) => world.post('/api/artifact', posted({ id }))

describe('A23: what Slack did not sign, now', () => {
  it('is 401 at the door, and the server is not even opened for it', async () => {
    const soon = Math.floor(Date.now() / 1000)
    const forged = [{ secret: 'f'.repeat(32) }, { signature: 'v0=abc' }, { atUnix: soon - 360 }]
    for (const how of forged) {
      const { status, text } = await command('status', { user: users.alice, ...how })
      expect({ status, text }).toEqual({ status: 401, text: 'unauthorized' })
    }
    expect(world.libsql.calls).toEqual([])
    expect(world.slack.calls).toEqual([])
  })
})

describe('a command on the edge', () => {
  it('is answered with what a person may do, and how things stand', async () => {
    // What is measured here is not how fast a busy machine opens the server.
    await world.call('/readyz')
    expect(await said('help', users.alice)).toContain('/gimlet')
    expect(await said('status', users.alice)).toContain('nothing is released yet')
  })

  it('releases, is answered in its place, and tells the channel', async () => {
    await push('web-1')
    const answer = await said('release web staging', users.alice)
    const told = await message('#releases', 'Released web → staging')
    expect(words(told)).toContain('Asked for by @UALICE')
    await eventually(() =>
      expect(answer + words(world.slack.responses.map(({ body }) => body))).toContain(
        'Released web → staging',
      ),
    )
    expect(await world.gitops.commits('staging/web')).toHaveLength(1)
  })

  it('that a gate holds goes on with a click of who may approve it', async () => {
    await command('release web production', { user: users.alice })
    const held = await message('#production', 'Waiting: release web → production')
    const click = { actionId: 'approve', message: held }
    await world.slackSender.click({ ...click, user: users.bob })
    const done = await message('#production', 'Released web → production')
    expect([done.ts, words(done)]).toEqual([held.ts, expect.stringContaining('Approved by @UBOB')])
    expect(await world.gitops.commits('production/web')).toHaveLength(1)
  })

  it('without what it needs opens a window while Slack still takes it', async () => {
    await command('release', { user: users.alice })
    await eventually(() => expect(world.slack.views).toHaveLength(1))
    expect(world.slack.callsOf('views.open')).toMatchObject([{ status: 200 }])
  })
})

describe('what comes twice', () => {
  it('is 401 as the same bytes, 200 when Slack says so, and has one effect', async () => {
    await push('web-2')
    const { slack, worker } = world
    const body = new URLSearchParams({
      ...{ command: '/gimlet', text: 'release web staging', team_id: 'T0001' },
      ...{ user_id: users.alice, channel_id: 'C1', trigger_id: '77.88' },
      response_url: slack.responseUrl(),
    }).toString()
    const at = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', slackSecret).update(`v0:${at}:${body}`).digest('hex')
    const send = async (more: Record<string, string> = {}) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        ...{ 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${signature}`, ...more },
      }
      return (await fetch(`${worker.url}/slack/events`, { method: 'POST', body, headers })).status
    }
    expect(await send()).toBe(200)
    expect(await send()).toBe(401)
    expect(await send({ 'x-slack-retry-num': '1' })).toBe(200)
    await eventually(async () => expect(await releasesOf('web-2')).toHaveLength(1))
    expect(await world.gitops.commits('staging/web')).toHaveLength(2)
  })
})

describe('F1: a runtime that is lost after it took a command', () => {
  it('carries it out once when it is back, and answers', async () => {
    await push('web-3')
    // It is kept, and nothing comes of it.
    const isRequest = (sql: string) => /insert into events/i.test(sql)
    world.libsql.fault = ({ sql }) => (sql.some(isRequest) ? 'cut' : undefined)
    const given = { user: users.alice, triggerId: '99.1' }
    const { status, responseUrl } = await command('release web staging', given)
    expect(status).toBe(200)
    await world.worker.kill()
    world.libsql.fault = () => undefined
    await world.worker.restart()
    await world.worker.tick()
    await eventually(async () => expect(await releasesOf('web-3')).toHaveLength(1))
    await eventually(() => {
      const answer = world.slack.responses.filter(({ id }) => responseUrl.endsWith(`/${id}`))
      expect(words(answer.map(({ body }) => body))).toContain('Released web → staging')
    })
    // Slack, which heard no answer, says it again to a server that remembers no signature.
    expect((await command('release web staging', given)).status).toBe(200)
    await command('status', { user: users.alice })
    expect(await world.gitops.commits('staging/web')).toHaveLength(3)
  })
})
