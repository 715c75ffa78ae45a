import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isValidSlackRequest, webApi } from '@slack/bolt'
import { describe, expect, it, onTestFinished } from 'vitest'
import { settableClock } from './clock.ts'
import { noProblems, type SlackFault, slackStandIn } from './slack.ts'
import type { Json } from './slack-workspace.ts'

const text = (words: string) => ({ type: 'plain_text', text: words })
const modal = (given: Json = {}) => ({
  type: 'modal',
  title: text('Release'),
  blocks: [],
  ...given,
})
const buttons = [{ type: 'actions', block_id: 'row', elements: [{ type: 'button', action_id: 'approve', text: text('Approve'), value: 'r-1' }] }] // biome-ignore format: one value
const reason = { type: 'input', block_id: 'why', label: text('Why'), element: { type: 'plain_text_input', action_id: 'reason' } } // biome-ignore format: one value

async function slack() {
  const standIn = await slackStandIn(onTestFinished)
  const clock = settableClock()
  standIn.nowMs = clock.nowMs
  const call = async (method: string, args: Json = {}, token = standIn.token) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(args) }
    const response = await fetch(`${standIn.apiUrl}${method}`, init)
    return (await response.json()) as Record<string, never>
  }
  const respond = async (url: string, body: Json) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, text: await response.text() }
  }
  return { standIn, clock, call, respond }
}

/** An app that keeps what it is sent and answers with the next of these. */
async function app(...answers: unknown[]) {
  const got: { headers: Record<string, never>; body: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    got.push({ headers: request.headers as never, body: Buffer.concat(chunks).toString() })
    const answer = answers.shift()
    response.end(answer === undefined ? '' : JSON.stringify(answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close().closeAllConnections())
  const payload = () => JSON.parse(new URLSearchParams(got.at(-1)?.body).get('payload') ?? 'null')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got, payload }
}

describe('the web API', () => {
  it('takes what the real client sends', async () => {
    const { standIn } = await slack()
    const client = new webApi.WebClient(standIn.token, { slackApiUrl: standIn.apiUrl })
    expect(await client.auth.test()).toMatchObject({ team_id: 'T0001', bot_id: 'BBOT', response_metadata: { scopes: standIn.scopes } }) // biome-ignore format: one value
    const { ts = '', channel = '' } = await client.chat.postMessage({ channel: '#releases', text: 'one', blocks: buttons as never }) // biome-ignore format: one value
    await client.chat.update({ channel, ts, text: 'two' })
    await client.chat.postMessage({ channel, thread_ts: ts, text: 'reply' })
    await client.chat.postEphemeral({ channel, user: 'U0001', text: 'only you' })
    expect((await client.chat.postMessage({ channel: 'U0001', text: 'hi' })).channel).toBe('D0001')
    expect(standIn.messages('#releases')).toMatchObject([
      { ts, text: 'two', edits: 1, blocks: buttons },
      { thread_ts: ts, text: 'reply', edits: 0 },
    ])
    expect(standIn.ephemerals).toMatchObject([{ user: 'U0001', text: 'only you' }])
    expect(standIn.callsOf('chat.update')).toMatchObject([{ args: { ts }, status: 200 }])
    noProblems(standIn)
  })

  const other = { channel: 'C0009', ts: '1.000001' }
  it.each([
    { method: 'chat.postMessage', args: { channel: 'C0002', text: 'x' }, error: 'not_in_channel' },
    { method: 'chat.postMessage', args: { channel: 'C0009' }, error: 'no_text' },
    { method: 'chat.postMessage', args: { channel: 'C0009', text: 'x', thread_ts: '1.0' }, error: 'thread_not_found' },
    { method: 'chat.postMessage', args: { channel: 'C0009', text: 'x', blocks: [{}] }, error: 'invalid_blocks' },
    { method: 'chat.update', args: { ...other, text: 'x' }, error: 'message_not_found' },
    { method: 'chat.update', args: { text: 'x' }, foreign: true, error: 'cant_update_message' },
    { method: 'views.open', args: { trigger_id: '1', view: modal() }, error: 'invalid_trigger_id' },
    { method: 'views.update', args: { view_id: 'V1', view: modal() }, error: 'not_found' },
    { method: 'conversations.info', args: { channel: '#x' }, error: 'channel_not_found' },
    { method: 'users.info', args: { user: 'U1' }, scopes: ['commands'], error: 'missing_scope' },
    { method: 'chat.shout', args: {}, error: 'unknown_method' },
    { method: 'auth.test', args: {}, token: 'xoxb-wrong', error: 'invalid_auth' },
  ])('answers $error to $method', async ({ method, args, error, token, foreign, scopes }) => {
    const { standIn, call } = await slack()
    standIn.channelErrors.set('C0002', 'not_in_channel')
    standIn.scopes = scopes ?? standIn.scopes
    const { channel, ts } = standIn.someoneSays('C0009', 'hello')
    expect(await call(method, foreign ? { channel, ts, ...args } : args, token)).toMatchObject({ ok: false, error }) // biome-ignore format: one value
  }) // biome-ignore format: a table

  it('takes a trigger once, within three seconds', async () => {
    const { standIn, clock, call } = await slack()
    const open = (trigger_id: string) => call('views.open', { trigger_id, view: modal() })
    const [used, old] = [standIn.trigger(), standIn.trigger()]
    clock.moveMs(3_000)
    expect(await open(used)).toMatchObject({ ok: true, view: { id: standIn.views[0]?.id } })
    expect(await open(used)).toMatchObject({ error: 'exchanged_trigger_id' })
    clock.moveMs(1)
    expect(await open(old)).toMatchObject({ error: 'expired_trigger_id' })
  })

  it('updates a view only from the hash that is current', async () => {
    const { standIn, call } = await slack()
    const { view } = await call('views.open', { trigger_id: standIn.trigger(), view: modal() })
    const { id: view_id, hash } = view as unknown as Json
    const update = { view_id, hash, view: modal({ private_metadata: 'two' }) }
    expect(await call('views.update', update)).toMatchObject({ ok: true })
    expect(await call('views.update', update)).toMatchObject({ error: 'hash_conflict' })
    expect(standIn.views).toMatchObject([{ id: view_id, private_metadata: 'two' }])
    await call('views.publish', { user_id: 'U0001', view: { type: 'home', blocks: [] } })
    expect(standIn.home('U0001')).toMatchObject({ type: 'home' })
  })

  it('can be limited to some messages per second and channel', async () => {
    const { standIn, clock, call } = await slack()
    standIn.limitPerChannel = 1
    const post = (channel: string) => call('chat.postMessage', { channel, text: 'x' })
    expect(await post('C1')).toMatchObject({ ok: true })
    expect(await post('C2')).toMatchObject({ ok: true })
    expect(await post('C1')).toMatchObject({ error: 'ratelimited' })
    clock.moveMs(1_000)
    expect(await post('C1')).toMatchObject({ ok: true })
    expect(standIn.rateLimited).toHaveLength(1)
  })

  const faults: { fault: SlackFault; want: Json; posted?: number }[] = [
    { fault: { status: 429, retryAfter: 7 }, want: { status: 429, retryAfter: '7' } },
    { fault: { status: 502 }, want: { status: 502 } },
    { fault: { html: true }, want: { status: 200, type: 'text/html' } },
    { fault: { error: 'internal_error' }, want: { status: 200, type: 'application/json; charset=utf-8' } },
    { fault: { close: true }, want: { status: 0 } },
    { fault: { lost: true }, want: { status: 0 }, posted: 2 },
    { fault: { hang: 20 }, want: { status: 200 }, posted: 2 },
  ] // biome-ignore format: a table
  it.each(faults)('fails once as told: $fault', async ({ fault, want, posted = 1 }) => {
    const { standIn } = await slack()
    standIn.fail('chat.postMessage', fault)
    const headers = { authorization: `Bearer ${standIn.token}` }
    const init = {
      method: 'POST',
      headers,
      body: new URLSearchParams({ channel: 'C1', text: 'x' }),
    }
    const post = () =>
      fetch(`${standIn.apiUrl}chat.postMessage`, init).then(
        ({ status, headers: h }) => ({ status, retryAfter: h.get('retry-after'), type: h.get('content-type') }), // biome-ignore format: one value
        () => ({ status: 0 }),
      )
    expect(await post()).toMatchObject(want)
    expect(await post()).toMatchObject({ status: 200 })
    expect(standIn.messages('C1')).toHaveLength(posted)
    standIn.down()
    expect(await post()).toEqual({ status: 0 })
    standIn.up()
    expect(await post()).toMatchObject({ status: 200 })
  })
})

describe('a response URL', () => {
  it('ends after five uses or thirty minutes', async () => {
    const { standIn, clock, respond } = await slack()
    const [url, old] = [standIn.responseUrl(), standIn.responseUrl()]
    for (let use = 0; use < 5; use++) expect((await respond(url, { text: 'x' })).status).toBe(200)
    expect(await respond(url, { text: 'x' })).toEqual({ status: 404, text: 'used_url' })
    clock.moveMs(30 * 60_000 + 1)
    expect(await respond(old, { text: 'x' })).toEqual({ status: 404, text: 'expired_url' })
    expect(standIn.responses).toHaveLength(5)
  })

  it('replaces and deletes the message that was clicked on', async () => {
    const { standIn, call, respond } = await slack()
    const { url, payload } = await app()
    await call('chat.postMessage', { channel: 'C0001', text: 'ask', blocks: buttons })
    const sender = standIn.sender(url, { secret: 'secret' })
    await sender.click({ actionId: 'approve', message: standIn.messages()[0] })
    const { response_url, actions, message } = payload()
    expect(actions).toMatchObject([{ action_id: 'approve', block_id: 'row', value: 'r-1' }])
    expect(message).toMatchObject({ text: 'ask', bot_id: 'BBOT' })
    await respond(response_url, { replace_original: true, text: 'done' })
    expect(standIn.messages()).toMatchObject([{ text: 'done', blocks: [], edits: 1 }])
    await respond(response_url, { delete_original: true })
    expect(standIn.responseOf(response_url)).toMatchObject({ replaced: true, deleted: true })
    expect(standIn.messages()).toEqual([])
  })
})

describe('signed requests', () => {
  it('carry a signature that Bolt takes, unless told otherwise', async () => {
    const { standIn, clock } = await slack()
    const { url, got } = await app()
    const sender = standIn.sender(url, { secret: 'secret' })
    const isValid = () => {
      const { headers, body } = got.at(-1) ?? { headers: {}, body: '' }
      const [at, signature] = ['x-slack-request-timestamp', 'x-slack-signature'].map((name) => headers[name]) // biome-ignore format: one value
      return isValidSlackRequest({ signingSecret: 'secret', body, nowMilliseconds: clock.nowMs(), headers: { 'x-slack-request-timestamp': Number(at), 'x-slack-signature': String(signature) } }) // biome-ignore format: one value
    }
    await sender.command('release web & <all>')
    expect(isValid()).toBe(true)
    expect(new URLSearchParams(got[0]?.body).get('text')).toBe('release web &amp; &lt;all&gt;')
    await sender.event({ type: 'app_mention' }, { retryNum: 1, eventId: 'Ev1' })
    expect(isValid()).toBe(true)
    expect(JSON.parse(got[1]?.body ?? '')).toMatchObject({ event_id: 'Ev1', team_id: 'T0001' })
    await sender.shortcut('release', { secret: 'other' })
    expect(isValid()).toBe(false)
    await sender.sslCheck({ atUnix: 1 })
    expect(isValid()).toBe(false)
  })

  it('submit what was filled in, and follow the answer', async () => {
    const { standIn, call } = await slack()
    const errors = { response_action: 'errors', errors: { why: 'Say more' } }
    const update = { response_action: 'update', view: modal({ private_metadata: 'two' }) }
    const { url, payload } = await app(errors, update, undefined)
    const sender = standIn.sender(url, { secret: 'secret' })
    const view = modal({ submit: text('Go'), blocks: [reason] })
    await call('views.open', { trigger_id: standIn.trigger(), view })
    const open = () => standIn.views[0] as (typeof standIn.views)[number]
    await sender.submit(open(), { values: { why: { reason: 'because' } } })
    const filled = { why: { reason: { type: 'plain_text_input', value: 'because' } } }
    expect(payload()).toMatchObject({
      type: 'view_submission',
      view: { state: { values: filled } },
    })
    await sender.submit(open())
    expect(standIn.views).toMatchObject([{ private_metadata: 'two' }])
    await sender.submit(open())
    expect(standIn.views).toEqual([])
    noProblems(standIn)
  })

  it('notice answers that Slack would not take', async () => {
    const { standIn } = await slack()
    const { url } = await app({ text: 'hi' }, { text: '' }, { options: [{}] }, { text: 'no' })
    const sender = standIn.sender(url, { secret: 'secret' })
    await sender.command('status')
    expect(standIn.ephemerals).toMatchObject([{ text: 'hi', user: 'U0001', channel: 'C0001' }])
    noProblems(standIn)
    await sender.command('status')
    await sender.suggest({ actionId: 'app', blockId: 'b', text: 'we' })
    await sender.click({ actionId: 'x', value: 'forged' })
    expect(() => noProblems(standIn)).toThrow(/command: text: [\s\S]*block_suggestion: options\[0\][\s\S]*block_actions: Slack ignores/) // biome-ignore format: one value
  })
})
