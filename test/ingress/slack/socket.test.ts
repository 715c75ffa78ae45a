import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SocketMode } from '../../../src/ingress/slack/socket.ts'
import { openDatabase } from '../../../src/store/client.ts'
import { eventually } from '../../support/eventually.ts'
import { type SlackStandIn, slackStandIn } from '../../support/slack.ts'
import { answered, slackServer, users } from '../../support/slack-server.ts'
import { socketStandIn } from '../../support/slack-socket.ts'
import { tempFolder } from '../../support/temp.ts'

/** A workspace that is only spoken to by a socket. */
async function workspace() {
  const slack = await slackStandIn(onTestFinished)
  const socket = await socketStandIn(slack, onTestFinished)
  return { slack, socket }
}

/** The whole server with no way in but the socket, and a sender that speaks through it. */
async function started(given: { appToken?: string } = {}) {
  const { slack, socket } = await workspace()
  const here = await startedIn(slack, given.appToken)
  const { until } = here
  const connected = (count = 1) => until(() => expect(socket.links).toHaveLength(count))
  return { ...here, socket, connected, sender: slack.sender(socket.url, { secret: 'not used' }) }
}

async function startedIn(slack: SlackStandIn, appToken = slack.appToken) {
  const folder = await tempFolder(onTestFinished)
  const environment = { SLACK_SIGNING_SECRET: '', SLACK_APP_TOKEN: appToken }
  const here = await slackServer({ environment, after: { folder, slack } }, onTestFinished)
  const released = async () =>
    ((await here.server.call('/api/releases?env=staging')).body as unknown[]).length
  const logged = (words: string) => here.server.lines.filter((line) => line.includes(words))
  return { ...here, released, logged }
}

const command = (slack: SlackStandIn, text: string, more: Record<string, string> = {}) => ({
  ...{ command: '/gimlet', text, team_id: 'T0001', user_id: users.alice, channel_id: 'C0001' },
  ...{ trigger_id: slack.trigger(), response_url: slack.responseUrl(), ...more },
})

describe('a server that only the socket reaches', () => {
  it('has no /slack/events', async () => {
    const { server, connected } = await started()
    await connected()
    expect((await server.post('/slack/events', '{}')).status).toBe(404)
  })

  it('asks for its connection with the app-level token, and calls Slack with the other', async () => {
    const { slack, sender, until, connected } = await started()
    await connected()
    await sender.event({ type: 'app_home_opened', user: users.bob, tab: 'home', channel: 'D1' })
    await until(() => expect(slack.home(users.bob)).toBeDefined())
    const tokens = new Map(slack.calls.map(({ method, token }) => [method, token]))
    expect(tokens.get('apps.connections.open')).toBe(slack.appToken)
    expect(tokens.get('views.publish')).toBe(slack.token)
  })

  it('answers a command in its acknowledgement', async () => {
    const here = await started()
    const { socket, shown, connected } = here
    await connected()
    expect(shown(await answered(here, 'whoami', { user: users.alice }))).toContain('alice')
    expect(socket.acks.at(-1)?.payload).toMatchObject({ response_type: 'ephemeral' })
  })

  it('takes commands, clicks, windows, choices and events', async () => {
    const { slack, sender, push, shown, until, socket } = await started()
    await push('web-1')
    await sender.command('release web production', { user: users.alice })
    const held = await until(() => {
      const [found] = slack.messages('#production')
      expect(shown(found)).toContain('Waiting')
      return found as NonNullable<typeof found>
    })
    const click = await sender.click({ actionId: 'reject', message: held, user: users.bob })
    expect(click.text).toBe('')
    const view = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    await sender.submit(view, { values: { reason: { reason: 'not today' } }, user: users.bob })
    await until(() => expect(shown(slack.messages('#production'))).toContain('not today'))
    await sender.command('release', { user: users.alice })
    const window = await until(() => slack.views.at(-1) ?? Promise.reject(new Error('no window')))
    const apps = await sender.suggest({ actionId: 'choose-app', blockId: 'app', text: 'we', view: window, user: users.alice }) // biome-ignore format: one line
    expect(apps.json).toMatchObject({ options: [{ value: 'web' }] })
    await sender.event({ type: 'app_home_opened', user: users.bob, tab: 'home', channel: 'D1' })
    await until(() => expect(shown(slack.home(users.bob))).toContain('What runs where'))
    expect(socket.opened).toBe(1)
  })

  it('answers pings', async () => {
    const { socket, until, connected } = await started()
    await connected()
    socket.ping()
    await until(() => expect(socket.pongs).toBe(1))
  })
})

describe('R5: an envelope', () => {
  it('is in the store when its acknowledgement arrives', async () => {
    const { server, slack, socket, connected } = await started()
    await connected()
    const url = `file:${join(server.folder, 'data', 'gimlet.db')}`
    const database = await openDatabase(url)
    onTestFinished(() => database.close())
    const sent = command(slack, 'whoami')
    const kept = new Promise<unknown[]>((done) => {
      socket.onAck = () =>
        done(database.read('select key from deliveries where key = ?', [`trigger ${sent.trigger_id}`])) // biome-ignore format: one line
    })
    await socket.deliver('slash_commands', sent)
    expect(await kept).toHaveLength(1)
  })

  it('that comes twice happens once, and is acknowledged twice alike', async () => {
    const { slack, socket, push, until, released, shown, connected } = await started()
    await connected()
    await push('web-1')
    const first = await socket.deliver('slash_commands', command(slack, 'release web staging'))
    await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web'))
    socket.again(first.envelope_id)
    await until(() => expect(socket.acks).toHaveLength(2))
    expect(socket.acks[1]?.envelope_id).toBe(first.envelope_id)
    expect(await released()).toBe(1)
  })

  it('whose acknowledgement is lost comes again by the next connection and happens once', async () => {
    const { slack, socket, push, until, released, shown, connected } = await started()
    await connected()
    await push('web-1')
    socket.loseNextAck()
    const ack = await socket.deliver('slash_commands', command(slack, 'release web staging'))
    expect(socket.acks).toEqual([ack])
    expect(socket.opened).toBe(2)
    await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web'))
    expect(await released()).toBe(1)
  })

  it('that was on its way when the connection ended is not lost', async () => {
    const { slack, socket, push, until, released, connected } = await started()
    await connected()
    await push('web-1')
    const acked = socket.deliver('slash_commands', command(slack, 'release web staging'))
    socket.drop()
    await acked
    await until(async () => expect(await released()).toBe(1))
  })

  it('A23: of another workspace does nothing, and does not come for ever', async () => {
    const { slack, socket, push, released, logged, connected } = await started()
    await connected()
    await push('web-1')
    const sent = command(slack, 'release web staging', { team_id: 'T9999' })
    expect(await socket.deliver('slash_commands', sent)).not.toHaveProperty('payload')
    expect(logged('of another workspace')).toHaveLength(1)
    expect(logged('release web staging')).toEqual([])
    expect([await released(), slack.messages()]).toEqual([0, []])
  })

  it('that nobody knows does nothing, does not come for ever, and ends nothing', async () => {
    const here = await started()
    const { socket, shown, logged, connected } = here
    await connected()
    const odd = [null, 'text', [], {}, { type: 'event_callback' }, { type: 'view_closed' }]
    for (const payload of odd)
      expect(await socket.deliver('events_api', payload)).not.toHaveProperty('payload')
    expect(logged('nobody here knows')).toHaveLength(odd.length)
    for (const text of ['', 'nonsense', 'null', '[]', '{}', '{"type":"new"}', '{"envelope_id":7}'])
      socket.say(text)
    expect(shown(await answered(here, 'whoami', { user: users.alice }))).toContain('alice')
    expect(socket.opened).toBe(1)
  })
})

describe('F24: a connection', () => {
  const reasons = ['warning', 'refresh_requested', 'link_disabled'] as const
  it.each(reasons)('that Slack ends with %s is held until there is another', async (reason) => {
    const { slack, socket, until, connected, server } = await started()
    await connected()
    slack.fail('apps.connections.open', { status: 500 })
    socket.announce(reason)
    // The old one is still all there is, and what comes by it is taken.
    await until(() => expect(slack.callsOf('apps.connections.open')).toHaveLength(2))
    const ack = await socket.deliver('slash_commands', command(slack, 'whoami'))
    expect(ack).toHaveProperty('payload')
    await connected(2)
    socket.links[0]?.close()
    await connected(1)
    expect(await socket.deliver('slash_commands', command(slack, 'whoami'))).toHaveProperty('payload') // biome-ignore format: one line
    await server.stop()
    expect(slack.callsOf('apps.connections.open')).toHaveLength(3)
  })

  it('that drops again and again is opened again each time', async () => {
    const { slack, socket, connected } = await started()
    for (const count of [1, 2, 3]) {
      await connected()
      expect(socket.opened).toBe(count)
      await socket.deliver('slash_commands', command(slack, 'whoami'))
      socket.drop()
      await eventually(() => expect(socket.links).toEqual([]))
    }
    await connected()
  })

  it('that cannot be opened at the start keeps nothing from starting, and is opened later', async () => {
    const { slack, socket } = await workspace()
    slack.down()
    const { server, until, logged } = await startedIn(slack)
    expect((await server.call('/healthz')).status).toBe(200)
    await until(() => expect(logged('cannot be opened')).toHaveLength(1))
    slack.up()
    await until(() => expect(socket.links).toHaveLength(1))
    expect(await socket.deliver('slash_commands', command(slack, 'whoami'))).toHaveProperty('payload') // biome-ignore format: one line
    expect(logged('cannot be opened')).toHaveLength(1)
  })

  const faults = [
    { name: 'too many calls', fault: { status: 429, retryAfter: 1 } },
    { name: 'a broken Slack', fault: { status: 502 } },
    { name: 'a page of a proxy', fault: { html: true } },
    { name: 'an error of Slack’s own', fault: { error: 'internal_error' } },
    { name: 'a connection that closes', fault: { close: true } },
  ] as const
  it.each(faults)('is tried again after $name', async ({ fault }) => {
    const { slack, socket } = await workspace()
    slack.fail('apps.connections.open', fault, 2)
    const { until, logged } = await startedIn(slack)
    await until(() => expect(socket.links).toHaveLength(1))
    expect(slack.callsOf('apps.connections.open')).toHaveLength(3)
    expect(logged('SLACK_APP_TOKEN')).toEqual([])
    expect(logged('cannot be opened')).toHaveLength(1)
  })

  it('to an address where nobody answers is tried again', async () => {
    const { slack, socket } = await workspace()
    slack.socketUrl = 'ws://127.0.0.1:1/link'
    const { until, logged } = await startedIn(slack)
    await until(() => expect(logged('cannot be opened')).toHaveLength(1))
    slack.socketUrl = socket.link
    await until(() => expect(socket.links).toHaveLength(1))
  })

  it('with a wrong token is one line that says what to do, and is tried again in a minute', async () => {
    const { server, until, logged, slack } = await started({ appToken: 'xapp-of-another-app' })
    await until(() => expect(logged('invalid_auth')).toHaveLength(1))
    expect(logged('invalid_auth')[0]).toContain('connections:write')
    expect(logged('invalid_auth')[0]).toContain('"againMs":60000')
    expect((await server.call('/healthz')).status).toBe(200)
    expect(server.lines.join('')).not.toContain('xapp-of-another-app')
    expect(slack.callsOf('apps.connections.open')).toHaveLength(1)
  })
})

describe('the part itself', () => {
  /** The socket with a receiver that does as a test says. */
  async function part(take: () => Promise<string | null>) {
    const { slack, socket } = await workspace()
    const words: string[] = []
    const told = (_: object, text: string) => void words.push(text)
    const mode = new SocketMode({
      ...{ appToken: slack.appToken, apiUrl: slack.apiUrl },
      receiver: { isOurs: () => Promise.resolve(true), take },
      log: { debug: told, info: told, warn: told, error: told },
    })
    onTestFinished(() => mode.stop())
    return { slack, socket, mode, words }
  }
  const event = { type: 'event_callback', team_id: 'T0001', event_id: 'Ev1', event: { type: 'app_mention' } } // biome-ignore format: one line

  it('R5: acknowledges nothing that is not kept yet', async () => {
    let keep: (json: string) => void = () => undefined
    const { slack, socket, mode } = await part(() => new Promise((done) => { keep = done })) // biome-ignore format: one line
    mode.start()
    await eventually(() => expect(socket.links).toHaveLength(1))
    const acked = socket.deliver('slash_commands', command(slack, 'whoami'))
    socket.ping()
    await eventually(() => expect(socket.pongs).toBe(1))
    expect(socket.acks).toEqual([])
    keep('{"text":"kept"}')
    expect((await acked).payload).toEqual({ text: 'kept' })
  })

  const unkept = [
    { name: 'was not kept', take: () => Promise.reject(new Error('the disk is full')) },
    { name: 'was not kept in time', take: () => Promise.resolve(null) },
  ]
  it.each(unkept)(
    'R5: does not acknowledge an event that $name, so that it comes again',
    async ({ take }) => {
      const takes: (() => Promise<string | null>)[] = [take, () => Promise.resolve('')]
      const { socket, mode, words } = await part(() => takes.shift()?.() ?? Promise.resolve(''))
      mode.start()
      await eventually(() => expect(socket.links).toHaveLength(1))
      const acked = socket.deliver('events_api', event)
      await eventually(() => expect(takes).toHaveLength(1))
      expect(socket.acks).toEqual([])
      socket.drop()
      expect(await acked).not.toHaveProperty('payload')
      expect(words.join()).not.toContain('the disk')
    },
  )

  it('acknowledges by another connection what came by one that has ended', async () => {
    let keep: (json: string) => void = () => undefined
    const { socket, mode } = await part(() => new Promise((done) => { keep = done })) // biome-ignore format: one line
    mode.start()
    await eventually(() => expect(socket.links).toHaveLength(1))
    const acked = socket.deliver('events_api', event)
    socket.announce('warning')
    await eventually(() => expect(socket.links).toHaveLength(2))
    socket.links[0]?.terminate()
    await eventually(() => expect(socket.links).toHaveLength(1))
    keep('')
    await acked
    expect(socket.acks.length).toBeGreaterThan(0)
  })

  it('stops with what is being kept acknowledged, takes nothing new, and leaves nothing running', async () => {
    let keep: (json: string) => void = () => undefined
    const taken: string[] = []
    const before = running()
    const { slack, socket, mode } = await part(() => {
      taken.push('one')
      return new Promise((done) => { keep = done }) // biome-ignore format: one line
    })
    mode.start()
    await eventually(() => expect(socket.links).toHaveLength(1))
    const acked = socket.deliver('slash_commands', command(slack, 'whoami'))
    await eventually(() => expect(taken).toHaveLength(1))
    const startMs = performance.now()
    const stopped = mode.stop()
    void socket.deliver('slash_commands', command(slack, 'whoami'))
    socket.ping()
    await eventually(() => expect(socket.pongs).toBe(1))
    keep('{"text":"kept"}')
    expect((await acked).payload).toEqual({ text: 'kept' })
    await stopped
    expect(performance.now() - startMs).toBeLessThan(soonMs)
    expect([taken.length, socket.acks.length]).toEqual([1, 1])
    await eventually(() => expect(socket.open).toBe(0))
    expect(running()).toBeLessThanOrEqual(before)
    expect(slack.callsOf('apps.connections.open')).toHaveLength(1)
  })

  const moments: readonly {
    name: string
    ready: (at: Awaited<ReturnType<typeof part>>) => unknown
  }[] = [
    { name: 'before it was started', ready: () => undefined },
    { name: 'at once', ready: ({ mode }) => mode.start() },
    {
      name: 'while Slack is asked for an address',
      async ready({ slack, mode }) {
        slack.fail('apps.connections.open', { hang: 60_000 })
        mode.start()
        await eventually(() => expect(slack.callsOf('apps.connections.open')).toHaveLength(1))
      },
    },
    {
      name: 'while the other side takes the connection and never answers',
      async ready({ slack, mode }) {
        const silent = createServer().listen(0, '127.0.0.1')
        onTestFinished(() => void silent.close())
        await once(silent, 'listening')
        slack.socketUrl = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/link`
        mode.start()
        await once(silent, 'connection')
      },
    },
    {
      name: 'before Slack’s hello',
      async ready({ socket, mode }) {
        socket.saysHello = false
        mode.start()
        await eventually(() => expect(socket.opened).toBe(1))
      },
    },
    {
      name: 'between two attempts',
      async ready({ slack, mode, words }) {
        slack.down()
        mode.start()
        await eventually(() => expect(words.join()).toContain('cannot be opened'))
      },
    },
    {
      name: 'while two connections are open',
      async ready({ socket, mode }) {
        mode.start()
        await eventually(() => expect(socket.links).toHaveLength(1))
        socket.announce('refresh_requested')
        await eventually(() => expect(socket.links).toHaveLength(2))
      },
    },
    {
      name: 'while Slack is connected and answers nothing any more',
      async ready({ socket, mode }) {
        mode.start()
        await eventually(() => expect(socket.links).toHaveLength(1))
        socket.links[0]?.pause()
      },
    },
    {
      name: 'while something takes too long to keep',
      async ready({ socket, mode }) {
        mode.start()
        await eventually(() => expect(socket.links).toHaveLength(1))
        void socket.deliver('events_api', event)
        socket.ping()
        await eventually(() => expect(socket.pongs).toBe(1))
      },
    },
  ]
  it.each(moments)('stops soon, with no timer left, $name', async ({ ready }) => {
    const before = running()
    const here = await part(() => new Promise(() => undefined))
    await ready(here)
    const startMs = performance.now()
    await here.mode.stop()
    expect(performance.now() - startMs).toBeLessThan(soonMs)
    for (const link of here.socket.links) link.resume()
    // The stand-in has timers of its own as long as a connection is open.
    await eventually(() => expect(here.socket.open).toBe(0))
    expect(running()).toBeLessThanOrEqual(before)
  })
})

/** Far below every limit that would end a wait otherwise, and far above what a slow machine adds. */
const soonMs = 6_000

/** How many timers keep this process running. */
const running = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
