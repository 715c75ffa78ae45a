import { createHmac } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { slackSecret, slackServer, users } from '../../support/slack-server.ts'

type Json = Readonly<Record<string, unknown>>

const team = { id: 'T0001', domain: 'example' }
const user = { id: users.root, username: 'root', name: 'root', team_id: 'T0001' }
const interaction = { team, user, api_app_id: 'A1', token: 'x', trigger_id: '1.2.3' }
const channel = { id: 'C0001', name: 'releases' }
const view = {
  id: 'V1',
  type: 'modal',
  hash: '1.a',
  callback_id: 'rollback',
  private_metadata: '{"env":"staging","app":"web","from":"r-1","to":"abc","channel":"C0001"}',
  state: { values: { reason: { reason: { type: 'plain_text_input', value: 'why' } } } },
}

/** What Slack sends, whole; each field of it is taken away or made something else in turn. */
const whole: readonly { name: string; form: 'command' | 'payload' | 'json'; body: Json }[] = [
  {
    name: 'a command',
    form: 'command',
    body: { command: '/gimlet', text: 'status', team_id: 'T0001', user_id: users.root, channel_id: 'C0001', trigger_id: '1.2.3', response_url: 'https://hooks.slack.com/commands/1' }, // biome-ignore format: one row
  },
  {
    name: 'a click',
    form: 'payload',
    body: { ...interaction, type: 'block_actions', channel, container: { type: 'message', message_ts: '1.1', channel_id: 'C0001' }, actions: [{ action_id: 'approve', block_id: 'b', type: 'button', value: 'r-1' }] }, // biome-ignore format: one row
  },
  {
    name: 'a choice',
    form: 'payload',
    body: { ...interaction, type: 'block_actions', view, container: { type: 'view', view_id: 'V1' }, actions: [{ action_id: 'choose-app', block_id: 'app', type: 'external_select', selected_option: { text: { type: 'plain_text', text: 'web' }, value: 'web' } }] }, // biome-ignore format: one row
  },
  { name: 'a window', form: 'payload', body: { ...interaction, type: 'view_submission', view } },
  {
    name: 'a search',
    form: 'payload',
    body: { ...interaction, type: 'block_suggestion', action_id: 'choose-app', block_id: 'app', value: 'w', view }, // biome-ignore format: one row
  },
  {
    name: 'a shortcut on a message',
    form: 'payload',
    body: { ...interaction, type: 'message_action', callback_id: 'release_this', channel, message: { ts: '1.1', text: 'x' } }, // biome-ignore format: one row
  },
  {
    name: 'a mention',
    form: 'json',
    body: { type: 'event_callback', team_id: 'T0001', event_id: 'Ev1', event: { type: 'app_mention', user: users.root, team: 'T0001', channel: 'C0001', ts: '1.1', text: '<@UBOT> status' } }, // biome-ignore format: one row
  },
  {
    name: 'the Home tab',
    form: 'json',
    body: { type: 'event_callback', team_id: 'T0001', event_id: 'Ev2', event: { type: 'app_home_opened', user: users.root, tab: 'home', channel: 'D1' } }, // biome-ignore format: one row
  },
]

const others: readonly unknown[] = [undefined, null, 7, '', 'x'.repeat(5_000), [], {}, true, '__proto__'] // biome-ignore format: one list

/** A value with one of its fields replaced, for every field and every replacement. */
function* mutants(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return
  const isList = Array.isArray(value)
  for (const [key, inner] of Object.entries(value)) {
    const put = (one: unknown) =>
      isList ? Object.assign([...value], { [key]: one }) : { ...value, [key]: one }
    for (const other of others) yield put(other)
    for (const deeper of mutants(inner)) yield put(deeper)
  }
}

it('A6: no field that is missing or of another kind ends in more than a no', async () => {
  const { server } = await slackServer({}, onTestFinished)
  const answers = new Map<string, number>()
  let count = 0
  const send = async (form: string, value: Json) => {
    // Each is a delivery of its own, unless the field itself was changed.
    const json = JSON.stringify(value).replaceAll('"1.2.3"', `"1.2.${++count}"`).replaceAll('"Ev', `"Ev${count}`) // biome-ignore format: one line
    const fields = form === 'command' ? JSON.parse(json) : { payload: json }
    const body = form === 'json' ? json : new URLSearchParams(fields).toString()
    const at = String(Math.floor(Date.now() / 1000))
    const hmac = createHmac('sha256', slackSecret).update(`v0:${at}:${body}`).digest('hex')
    const { status } = await fetch(`${server.url}/slack/events`, {
      method: 'POST',
      body,
      headers: {
        'content-type': form === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': at,
        'x-slack-signature': `v0=${hmac}`,
      },
    })
    return status
  }
  for (const { name, form, body } of whole) {
    expect([name, await send(form, body)]).toEqual([name, 200])
    for (const mutant of mutants(body)) {
      const status = await send(form, mutant as Json)
      answers.set(`${name} ${status}`, (answers.get(`${name} ${status}`) ?? 0) + 1)
    }
  }
  const codes = new Set([...answers.keys()].map((key) => key.split(' ').at(-1)))
  expect([...codes].sort()).toEqual(['200', '400', '401'])
  expect((await server.call('/healthz')).status).toBe(200)
  expect(server.lines.filter((line) => line.includes('a delivery stays open'))).toEqual([])
  expect((await server.call('/api/locks')).body).toEqual([])
})
