import { createHmac } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answered, slackSecret, slackServer, users } from '../../support/slack-server.ts'

const started = (given = {}) => slackServer(given, onTestFinished)
const nowUnix = () => Math.floor(Date.now() / 1000)

describe('A23: what does not come from Slack, now, from this workspace, is 401 and nothing happens', () => {
  const forged: readonly { name: string; how: Record<string, unknown> }[] = [
    { name: 'a wrong secret', how: { secret: 'another-secret' } },
    { name: 'the signature of something else', how: { signature: `v0=${'0'.repeat(64)}` } },
    { name: 'a signature that is cut off', how: { signature: 'v0=abc' } },
    { name: 'another version of signatures', how: { signature: `v1=${'0'.repeat(64)}` } },
    { name: 'a time of six minutes ago', how: { atUnix: nowUnix() - 360 } },
    { name: 'a time in six minutes', how: { atUnix: nowUnix() + 360 } },
    { name: 'a time of tomorrow', how: { atUnix: nowUnix() + 86_400 } },
    { name: 'a time that is no number', how: { headers: { 'x-slack-request-timestamp': 'soon' } } },
    { name: 'another workspace', how: { over: { team_id: 'T9999' } } },
  ]

  it('of a command', async () => {
    const { server, slack, sender, push } = await started()
    await push('web-1')
    for (const { name, how } of forged) {
      const answer = await sender.command('release web staging', { user: users.alice, ...how })
      expect([name, answer.status]).toEqual([name, 401])
      expect([name, answer.text]).toEqual([name, 'unauthorized'])
    }
    const { body } = await server.call('/api/releases?env=staging')
    expect(body).toEqual([])
    expect(slack.messages()).toEqual([])
  })

  it('of a body that was changed, cut off, or has no signature at all', async () => {
    const { sender, server } = await started()
    const body =
      'command=%2Fgimlet&text=whoami&team_id=T0001&user_id=UALICE&channel_id=C1&trigger_id=1.2'
    const at = String(nowUnix())
    const hmac = createHmac('sha256', slackSecret).update(`v0:${at}:${body}`).digest('hex')
    const signed = { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${hmac}` }
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const send = async (text: string, headers: Record<string, string>) =>
      (await fetch(`${server.url}/slack/events`, { method: 'POST', body: text, headers: { ...type, ...headers } })).status // biome-ignore format: one line
    expect(await send(body.replace('whoami', 'locks'), signed)).toBe(401)
    expect(await send(body.slice(0, -4), signed)).toBe(401)
    expect(await send(body, {})).toBe(401)
    expect(await send(body, signed)).toBe(200)
    expect(sender).toBeDefined()
  })

  it('of the same bytes again, but not of a repeat that Slack announces', async () => {
    const { slack, sender, push, until, shown, server } = await started()
    await push('web-1')
    const body = new URLSearchParams({
      ...{
        command: '/gimlet',
        text: 'release web staging',
        team_id: 'T0001',
        user_id: users.alice,
      },
      ...{ channel_id: 'C1', trigger_id: '77.88', response_url: slack.responseUrl() },
    }).toString()
    const at = String(nowUnix())
    const hmac = createHmac('sha256', slackSecret).update(`v0:${at}:${body}`).digest('hex')
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': at,
      'x-slack-signature': `v0=${hmac}`,
    }
    const send = (more: Record<string, string> = {}) =>
      fetch(`${server.url}/slack/events`, { method: 'POST', body, headers: { ...headers, ...more } }) // biome-ignore format: one line
    expect((await send()).status).toBe(200)
    expect((await send()).status).toBe(401)
    const repeat = await send({ 'x-slack-retry-num': '1' })
    expect([repeat.status, await repeat.text()]).toEqual([200, ''])
    await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web'))
    const { body: releases } = await server.call('/api/releases?env=staging')
    expect(releases).toHaveLength(1)
    expect(sender).toBeDefined()
  })
})

describe('what Slack sends', () => {
  it('is taken with either secret while one is rotated', async () => {
    const { sender } = await started({ environment: { SLACK_SIGNING_SECRET_PREVIOUS: 'the-one-before' } }) // biome-ignore format: one line
    const [now, before, other] = await Promise.all([
      sender.command('whoami', { user: users.alice }),
      sender.command('whoami', { user: users.alice, secret: 'the-one-before' }),
      sender.command('whoami', { user: users.alice, secret: 'one-of-nobody' }),
    ])
    expect([now?.status, before?.status, other?.status]).toEqual([200, 200, 401])
  })

  it('is carried out once, however often it comes (R5)', async () => {
    const here = await started()
    const { slack, sender, push, until, server, shown } = here
    await push('web-1')
    const asked = { user: users.alice, triggerId: '123.456.abc' }
    const first = await answered(here, 'release web staging', asked)
    const again = await sender.command('release web staging', {
      ...{ ...asked, atUnix: nowUnix() + 2 },
      headers: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
    })
    expect(again.status).toBe(200)
    expect(shown(again.json)).toBe(shown(first))
    await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web'))
    const { body } = await server.call('/api/releases?env=staging')
    expect(body).toHaveLength(1)
  })

  it('is answered when it only verifies the address', async () => {
    const { sender } = await started()
    expect((await sender.urlVerification('a-challenge')).json).toEqual({ challenge: 'a-challenge' })
    expect((await sender.sslCheck()).status).toBe(200)
    expect((await sender.sslCheck({ secret: 'wrong' })).status).toBe(401)
  })

  it('and what is not Slack’s form is 400, whatever it is', async () => {
    const { sender } = await started()
    const odd = [
      'payload=%7B%7D',
      'payload=nonsense',
      'payload=%5B%5D',
      'command=%2Fgimlet',
      'payload=%7B%22type%22%3A%22block_actions%22%7D',
    ]
    for (const body of odd) {
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      expect([body, (await sender.raw(body, type)).status]).toEqual([body, 400])
    }
    for (const body of ['', '[]', 'null', '{"type":"event_callback"}'])
      expect([body, (await sender.raw(body, { 'content-type': 'application/json' })).status]).toEqual([body, 400]) // biome-ignore format: one line
  })

  it('of an event comes to nothing when nobody listens', async () => {
    const { sender } = await started()
    const answer = await sender.event({ type: 'reaction_added', user: users.alice })
    expect([answer.status, answer.text]).toEqual([200, ''])
  })
})

describe('without a secret', () => {
  it('there is no such route (R1)', async () => {
    const { server } = await slackServer(
      { environment: { SLACK_SIGNING_SECRET: '', SLACK_BOT_TOKEN: '' } },
      onTestFinished,
    )
    expect((await server.post('/slack/events', '{}')).status).toBe(404)
  })
})
