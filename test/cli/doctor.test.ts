import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { run } from '../../src/cli/run.ts'
import { scopes } from '../../src/doctor/slack-scopes.ts'
import { plain } from '../../src/messages/paint.ts'
import { testServer } from '../support/server.ts'
import type { SlackStandIn } from '../support/slack.ts'
import { people, slackServer, users } from '../support/slack-server.ts'
import { tempGitops } from '../support/temp.ts'

const secret = '0123456789abcdef0123456789abcdef'
const all = scopes.map(({ name }) => name)
type Environment = Record<string, string>

/** A server with a channel by its id and a workspace that has given what the manifest asks for. */
async function started() {
  const environment = { SLACK_SIGNING_SECRET: secret, SLACK_CHANNEL: 'production=C0001 C0002' }
  const { server, slack, until } = await slackServer({ environment }, onTestFinished)
  slack.scopes = [...all]
  // What the server asks at its start must not take a fault that is meant for the doctor.
  await until(() => expect(slack.callsOf('auth.test')).toHaveLength(1))
  const settings: Environment = {
    ...environment,
    SLACK_BOT_TOKEN: slack.token,
    SLACK_API_URL: slack.apiUrl,
    GIMLET_URL: server.url,
    POLICIES: join(server.folder, 'policies'),
  }
  return { server, slack, settings }
}

/** Runs the doctor and answers its lines; none may hold any part of a secret. */
async function doctor(environment: Environment, ...words: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (t: string) => void out.push(t), err: (t: string) => void err.push(t), paint: plain, environment } // biome-ignore format: one value
  const code = await run(['doctor', 'slack', ...words], terminal)
  const said = [...out, ...err].join('\n')
  for (const key of [
    'SLACK_SIGNING_SECRET',
    'SLACK_SIGNING_SECRET_PREVIOUS',
    'SLACK_BOT_TOKEN',
    'SLACK_APP_TOKEN',
  ])
    if (environment[key]) expect(said).not.toContain(environment[key].slice(0, 6))
  return { code, out, err }
}

/** Something else that answers every request alike. */
async function someone(
  status: number,
  headers: Record<string, string>,
  body: (asked: string) => string,
) {
  // biome-ignore format: one signature
  const server = createServer(async (request, response) => {
    let asked = ''
    for await (const chunk of request) asked += chunk
    response.writeHead(status, headers).end(body(asked))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('gimlet doctor slack', () => {
  it('finds nothing wrong with a server that is set up right', async () => {
    const { server, settings } = await started()
    const { code, out, err } = await doctor(settings)
    expect(out).toEqual([
      '✓ settings: can be used, and Slack is on',
      '✓ signing secret: SLACK_SIGNING_SECRET looks like one',
      '✓ bot token: is for @gimlet in the workspace Example (T0001)',
      '✓ scopes: are those of slack.manifest.yaml',
      '✓ channels: C0001 is #c0001 (production)',
      '✓ channels: C0002 is #c0002 (everything else)',
      `! server: takes what Slack signs, and nothing else, at ${server.url}/slack/events; Slack itself needs an https address: set GIMLET_URL to it`,
      '✓ people: 5 people have an account in Example (T0001): alice, bob, carol, dave, root',
    ])
    expect([code, err]).toEqual([0, []])
  })

  it('prints the same as JSON', async () => {
    const { settings } = await started()
    const { code, out } = await doctor({ ...settings, SLACK_BOT_TOKEN: 'xoxb-other' }, '--output', 'json') // biome-ignore format: one line
    const checks = JSON.parse(out.join('\n')) as { check: string; verdict: string }[]
    expect(code).toBe(1)
    expect(checks.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'settings fine',
      'signing secret fine',
      'bot token wrong',
      'scopes warning',
      'channels warning',
      'channels warning',
      'server warning',
      'people fine',
    ])
  })

  it('says how it is called when it is called otherwise', async () => {
    const { code, out, err } = await doctor({}, 'all')
    expect([code, out, err.slice(-2)]).toEqual([
      2,
      [],
      ['  gimlet doctor slack', '  gimlet doctor github'],
    ])
  })
})

type Row = {
  readonly name: string
  readonly given: Environment
  /** What is otherwise in the workspace. */
  readonly slack?: (slack: SlackStandIn) => void
  readonly want: string
}

const rows: readonly Row[] = [
  {
    name: 'no token',
    given: { SLACK_BOT_TOKEN: '' },
    want: '✗ settings: SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token of OAuth & Permissions, which begins with xoxb-',
  },
  {
    name: 'no secret',
    given: { SLACK_SIGNING_SECRET: '' },
    want: '✗ settings: SLACK_SIGNING_SECRET is not set: copy the Signing Secret of Basic Information',
  },
  {
    name: 'a secret that anyone knows',
    given: { SLACK_SIGNING_SECRET: 'development' },
    want: '✗ settings: SLACK_SIGNING_SECRET is a value that is not shown; expected a secret of at least 8 characters that nobody can guess',
  },
  {
    name: 'a setting that is wrong, which does not keep the rest from being looked at',
    given: { SLACK_CHANNEL: 'production' },
    want: '! channels: SLACK_CHANNEL is not set: releases are told in no channel',
  },
  {
    name: 'a short secret (R1)',
    given: { SLACK_SIGNING_SECRET: 'eight-or-more' },
    want: '! signing secret: SLACK_SIGNING_SECRET has fewer than 24 characters; copy the Signing Secret of Basic Information again',
  },
  {
    name: 'a secret that is not hexadecimal',
    given: { SLACK_SIGNING_SECRET: 'something-long-and-not-of-slack' },
    want: '! signing secret: SLACK_SIGNING_SECRET does not look like Slack’s, which has 32 characters of 0-9 and a-f; copy the Signing Secret of Basic Information again',
  },
  {
    name: 'a secret of before that is still there',
    given: { SLACK_SIGNING_SECRET_PREVIOUS: 'fedcba9876543210fedcba9876543210' },
    want: '! signing secret: SLACK_SIGNING_SECRET_PREVIOUS is still taken; remove it once Slack signs with the new one',
  },
  {
    name: 'invalid_auth',
    given: { SLACK_BOT_TOKEN: 'xoxb-other' },
    want: '✗ bot token: Slack: the bot token is not valid; put the current one into SLACK_BOT_TOKEN',
  },
  {
    name: 'token_revoked',
    given: {},
    slack: (slack) => slack.fail('auth.test', { error: 'token_revoked' }),
    want: '✗ bot token: Slack: the bot token was revoked; install the app again and renew SLACK_BOT_TOKEN',
  },
  {
    name: 'account_inactive',
    given: {},
    slack: (slack) => slack.fail('auth.test', { error: 'account_inactive' }),
    want: '✗ bot token: Slack: the bot was removed; install the app again and renew SLACK_BOT_TOKEN',
  },
  {
    name: 'another no of Slack’s',
    given: {},
    slack: (slack) => slack.fail('auth.test', { error: 'team_access_not_granted' }),
    want: '✗ bot token: Slack says team_access_not_granted to the bot token; install the app again and renew SLACK_BOT_TOKEN',
  },
  {
    name: 'a token with a line break',
    given: { SLACK_BOT_TOKEN: 'xoxb-1\n2' },
    want: '✗ bot token: SLACK_BOT_TOKEN has characters that no token has; copy it again',
  },
  {
    name: 'nobody at SLACK_API_URL',
    given: { SLACK_API_URL: 'http://127.0.0.1:1/api/' },
    want: '✗ bot token: nobody answers at http://127.0.0.1:1; let this machine reach it, or correct SLACK_API_URL',
  },
  {
    name: 'Slack that is broken',
    given: {},
    slack: (slack) => slack.fail('auth.test', { status: 502 }),
    want: '✗ bot token: {slack} answers 502; try again in a minute',
  },
  {
    name: 'a page instead of an answer',
    given: {},
    slack: (slack) => slack.fail('auth.test', { html: true }),
    want: '✗ bot token: what answers at {slack} is not Slack’s Web API; correct SLACK_API_URL',
  },
  {
    name: 'a scope that is needed and missing',
    given: {},
    slack: (slack) => drop(slack, 'app_mentions:read'),
    want: '✗ scopes: app_mentions:read is missing, so it does not hear who mentions it; add it under OAuth & Permissions and install the app again',
  },
  {
    name: 'a scope that is missing and may be',
    given: {},
    slack: (slack) => drop(slack, 'chat:write.public'),
    want: '! scopes: chat:write.public is missing, so it must be invited to every channel; add it under OAuth & Permissions and install the app again',
  },
  {
    name: 'a scope too much (R26)',
    given: {},
    slack: (slack) => void slack.scopes.push('files:read'),
    want: '! scopes: files:read is more than is needed; remove it under OAuth & Permissions and install the app again',
  },
  {
    name: 'no channel',
    given: { SLACK_CHANNEL: '' },
    want: '! channels: SLACK_CHANNEL is not set: releases are told in no channel',
  },
  {
    name: 'a channel by its name',
    given: { SLACK_CHANNEL: 'staging/web-*=#releases' },
    want: '! channels: #releases (staging/web-*) cannot be looked up by its name; write its id, which stands at the end of its About',
  },
  {
    name: 'a channel that is not there',
    given: {},
    slack: (slack) => slack.channelErrors.set('C0001', 'channel_not_found'),
    want: '✗ channels: Slack: there is no channel C0001 that GimletD can see; correct SLACK_CHANNEL, or invite the app if it is private (production)',
  },
  {
    name: 'a channel that is archived',
    given: {},
    slack: (slack) => slack.channelErrors.set('C0002', 'is_archived'),
    want: '✗ channels: Slack: the channel C0002 is archived; correct SLACK_CHANNEL (everything else)',
  },
  {
    name: 'a public channel that it is not in, which it may post to',
    given: {},
    slack: (slack) => slack.channelErrors.set('C0001', 'not_in_channel'),
    want: '✓ channels: C0001 is #c0001 (production)',
  },
  {
    name: 'a channel that it is not in and may not post to',
    given: {},
    slack(slack) {
      drop(slack, 'chat:write.public')
      slack.channelErrors.set('C0001', 'not_in_channel')
    },
    want: '✗ channels: Slack: GimletD is not in the channel C0001; invite the app there with /invite (production)',
  },
  {
    name: 'a channel that it may not look at',
    given: {},
    slack: (slack) => drop(slack, 'channels:read'),
    want: '! channels: Slack: the app lacks the scope channels:read; add it under OAuth & Permissions and install the app again (production)',
  },
  {
    name: 'a channel behind the one for everything',
    given: { SLACK_CHANNEL: 'C0002 production=C0001' },
    want: '! channels: production never goes to C0001: C0002 stands before it in SLACK_CHANNEL and takes everything',
  },
  {
    name: 'a server that does not run',
    given: { GIMLET_URL: 'http://127.0.0.1:1' },
    want: '✗ server: the server is not running here: nobody answers at http://127.0.0.1:1. Start it, or correct GIMLET_URL',
  },
  {
    name: 'an address with a password, which is not told',
    given: { GIMLET_URL: 'http://me:hunter2@127.0.0.1:1' },
    want: '✗ server: the server is not running here: nobody answers at http://127.0.0.1:1. Start it, or correct GIMLET_URL',
  },
  {
    name: 'a server with another secret',
    given: { SLACK_SIGNING_SECRET: 'fedcba9876543210fedcba9876543210' },
    want: '✗ server: the server does not know the SLACK_SIGNING_SECRET of here; start it again, with the same settings ({server}/slack/events)',
  },
  {
    name: 'a port that is not known',
    given: { GIMLET_URL: '', PORT: '0' },
    want: '! server: was not asked: its port is not known here; set GIMLET_URL',
  },
  {
    name: 'Socket Mode that is not turned on',
    given: { SLACK_APP_TOKEN: 'xapp-stand-in' },
    want: '✗ socket: Slack says socket_mode_not_enabled to SLACK_APP_TOKEN; turn Socket Mode on, and make an app-level token with the scope connections:write',
  },
  {
    name: 'Socket Mode with a token of nobody’s',
    given: { SLACK_APP_TOKEN: 'xapp-other' },
    want: '✗ socket: Slack says invalid_auth to SLACK_APP_TOKEN; turn Socket Mode on, and make an app-level token with the scope connections:write',
  },
  {
    name: 'Socket Mode, which needs no secret',
    given: { SLACK_APP_TOKEN: 'xapp-stand-in', SLACK_SIGNING_SECRET: '' },
    want: '✓ server: takes nothing by HTTP: SLACK_SIGNING_SECRET is not set',
  },
  {
    name: 'Socket Mode, which needs no address',
    given: { SLACK_APP_TOKEN: 'xapp-stand-in' },
    slack(slack) {
      slack.socketUrl = 'ws://127.0.0.1:1'
    },
    want: '✓ socket: Slack takes SLACK_APP_TOKEN',
  },
  {
    name: 'policies that cannot be read',
    given: { POLICIES: '/nowhere' },
    want: '✗ people: the policies could not be read (reading the folder /nowhere); correct POLICIES',
  },
  {
    name: 'policies in a repository that was not fetched',
    given: { POLICIES: 'gitops:policies', GIMLET_DATA_DIR: '/nowhere' },
    want: '! people: are in the GitOps repository, which the server gets when it starts; start it',
  },
]

const drop = (slack: SlackStandIn, scope: string) => {
  slack.scopes = slack.scopes.filter((one) => one !== scope)
}

describe('what is wrong is told with what to do', () => {
  test.each(rows)('$name', async ({ given, slack: change, want }) => {
    const { server, slack, settings } = await started()
    change?.(slack)
    const { code, out } = await doctor({ ...settings, ...given })
    expect(out).toContain(want.replace('{slack}', slack.origin).replace('{server}', server.url))
    expect(code).toBe(out.some((line) => line.startsWith('✗')) ? 1 : 0)
  })

  it('nothing at all is set', async () => {
    const { code, out } = await doctor({})
    expect([code, out.length]).toEqual([1, 2])
  })

  it('the token of a person, with scopes that are not known', async () => {
    const { settings } = await started()
    const answer = { ok: true, team: 'Example', team_id: 'T0001', user: 'alice' }
    const other = await someone(200, { 'content-type': 'application/json' }, () => JSON.stringify(answer)) // biome-ignore format: one line
    const { code, out } = await doctor({ ...settings, SLACK_API_URL: `${other}/api/` })
    expect(code).toBe(1)
    expect(out).toContain(
      '✗ bot token: is one of the user alice; copy the Bot User OAuth Token of OAuth & Permissions, which begins with xoxb-',
    )
    expect(out).toContain('! scopes: are not known: Slack did not say')
  })

  it('something that takes whatever it is sent', async () => {
    const { settings } = await started()
    const echo = await someone(200, { 'content-type': 'application/json' }, (asked) => asked)
    const { out } = await doctor({ ...settings, GIMLET_URL: echo })
    expect(out).toContain(
      `✗ server: what answers at ${echo}/slack/events takes what Slack did not sign; make sure that GIMLET_URL is GimletD’s`,
    )
  })

  it('a server that was started without Slack', async () => {
    const { settings } = await started()
    const { url } = await testServer({}, onTestFinished)
    const { out } = await doctor({ ...settings, GIMLET_URL: url })
    expect(out).toContain(
      `✗ server: the server at ${url}/slack/events runs without Slack; start it again, with the settings of here`,
    )
  })

  it('something else than the server', async () => {
    const { settings } = await started()
    const page = await someone(200, {}, () => '<title>It works</title>')
    const { out } = await doctor({ ...settings, GIMLET_URL: page })
    expect(out).toContain(
      `✗ server: what answers at ${page}/slack/events is not GimletD (status 200); correct GIMLET_URL`,
    )
  })
})

describe('who may do something in Slack', () => {
  const elsewhere = JSON.stringify({
    people: [{ login: 'eve', slack: { team: 'T9999', user: users.alice }, roles: ['admin'] }],
  })
  test.each([
    {
      name: 'nobody of this workspace',
      file: elsewhere,
      want: '! people: nobody of people.json has an account in Example (T0001), so nobody may do anything there; say /gimlet whoami, and put the line that it shows into people.json',
    },
    {
      name: 'no administrator',
      file: people({ bob: null, carol: null, dave: null, root: ['viewer'] }),
      want: '! people: 2 people have an account in Example (T0001): alice, root; none is an admin everywhere, so nobody is told what keeps messages from being sent',
    },
    {
      name: 'a file with a mistake',
      file: '{ "people": [{ "login": "alice", "slak": {} }] }',
      want: '✗ people: people.json /people/0/slak: there is no key "slak"; did you mean slack?',
    },
  ])('$name', async ({ file, want }) => {
    const { server, settings } = await started()
    await server.putPolicies({ 'people.json': file })
    expect((await doctor(settings)).out.at(-1)).toBe(want)
  })

  it('is read from the GitOps repository, as the server saw it last', async () => {
    const gitops = await tempGitops()
    const { settings } = await started()
    await gitops.someoneCommits({ 'policies/people.json': people({ bob: null, dave: null }) })
    await gitops.writer.tip()
    const place = { POLICIES: 'gitops:policies', GIMLET_DATA_DIR: gitops.folder }
    expect((await doctor({ ...settings, ...place })).out.at(-1)).toBe(
      '✓ people: 3 people have an account in Example (T0001): alice, carol, root',
    )
  })
})

describe('slack.manifest.yaml', () => {
  const text = readFileSync('slack.manifest.yaml', 'utf8')
  const manifest = parse(text) as {
    oauth_config: { scopes: { bot: string[] } }
    features: { slash_commands: { command: string }[] }
  }

  it('asks for the scopes that the doctor knows', () => {
    expect(manifest.oauth_config.scopes.bot).toEqual(all)
  })

  it('sends everything to one address, and names the command that is the default', () => {
    const urls = [...text.matchAll(/^ .*(https:\S+)$/gm)].map(([, url]) => url)
    expect(urls).toEqual(Array(4).fill('https://gimletd.example.com/slack/events'))
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(['/gimlet'])
  })
})
