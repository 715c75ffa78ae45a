import { describe, expect, it, onTestFinished } from 'vitest'
import { manifest } from '../support/builders.ts'
import { approvalGate, slackServer, users } from '../support/slack-server.ts'

const started = (given = {}) => slackServer(given, onTestFinished)
type Started = Awaited<ReturnType<typeof started>>

const roots = ({ slack }: Started, channel: string) =>
  slack.messages(channel).filter(({ thread_ts }) => !thread_ts)

/** Asks for a release of web to an environment by the API, as CI or the CLI does. */
async function release({ server }: Started, env: string, more: Record<string, unknown> = {}) {
  const { body } = await server.post('/api/releases', { env, artifactId: 'web-1', app: 'web', ...more }) // biome-ignore format: one line
  const { id } = body as { id: string }
  await server.ended(id)
  return id
}

describe('F24: while Slack does not answer', () => {
  it('releases go on, nothing is lost, and afterwards each message is sent once, in its newest state', async () => {
    const here = await started()
    const { slack, server, push, until, shown } = here
    await push('web-1')
    slack.down()
    const held = await release(here, 'production')
    await until(async () => expect((await server.call('/readyz')).body).toMatchObject({ problems: [expect.stringContaining('Slack does not answer')] })) // biome-ignore format: one line
    await server.post(`/api/event/${held}/reject?reason=late`, '')
    await release(here, 'staging')
    slack.up()
    await until(() => {
      expect(roots(here, '#releases')).toHaveLength(1)
      expect(shown(roots(here, '#releases'))).toContain('Released web → staging')
    })
    // Asked for and refused while nobody could be told: there is nobody left to tell.
    expect(roots(here, '#production')).toEqual([])
    await until(async () =>
      expect((await server.call('/readyz')).body).toMatchObject({ problems: [] }),
    )
  })

  it('a message that was there is edited once to what is so by then', async () => {
    const here = await started()
    const { slack, push, until, shown, sender, server } = here
    await push('web-1')
    await release(here, 'production')
    const [message] = await until(() => {
      expect(roots(here, '#production')).toHaveLength(1)
      return roots(here, '#production')
    })
    const updates = slack.callsOf('chat.update').length
    slack.fail('chat.update', { status: 500 }, 2)
    await sender.click({ actionId: 'approve', message: message!, user: users.bob })
    await until(() => expect(shown(roots(here, '#production'))).toContain('Released web'))
    expect(slack.callsOf('chat.update').filter(({ status }) => status === 200).length - updates).toBeLessThanOrEqual(2) // biome-ignore format: one line
    expect(slack.message(message!.ts)?.edits).toBeLessThanOrEqual(2)
    expect(server.url).toBeDefined()
  })

  it.each([
    { name: 'a server error', fault: { status: 502 } as const },
    { name: 'a page instead of an answer', fault: { html: true } as const },
    { name: 'a connection that is cut', fault: { close: true } as const },
    { name: 'too many requests', fault: { status: 429, retryAfter: 1 } as const },
    { name: 'too many requests, without saying how long', fault: { status: 429 } as const },
  ])('$name is tried again, and sent once', async ({ fault }) => {
    const here = await started()
    const { slack, push, until, shown } = here
    await push('web-1')
    slack.fail('chat.postMessage', fault, 2)
    await release(here, 'staging')
    await until(() => expect(shown(roots(here, '#releases'))).toContain('Released web'))
    expect(roots(here, '#releases')).toHaveLength(1)
  })
})

describe('Slack’s pace', () => {
  it('is kept: a message a second in a channel, whatever happens in others', async () => {
    const envs = ['one', 'two', 'three']
    const manifests = Object.fromEntries(
      envs.flatMap((env) => ['web', 'api'].map((app) => [`${app}-${env}.yaml`, manifest({ app, env, extra: 'repository: owner/web\n' })])), // biome-ignore format: one line
    )
    const here = await started({
      manifests,
      environment: { SLACK_CHANNEL: 'one=#one two=#two #three' },
    })
    const { slack, server, push, until } = here
    await push('web-1')
    for (const env of envs) await server.post('/api/releases', { env, artifactId: 'web-1' })
    await until(() => {
      for (const env of envs) expect(roots(here, `#${env}`)).toHaveLength(2)
    })
    for (const env of envs) {
      const channel = slack.channelId(`#${env}`)
      const posts = slack.callsOf('chat.postMessage').filter(({ args }) => slack.channelId(String(args.channel)) === channel) // biome-ignore format: one line
      const [first = 0, second = 0] = posts.map(({ atMs }) => atMs)
      // A second by the clock of who sends; by that of who receives about that.
      expect(second - first).toBeGreaterThan(500)
    }
  })
})

describe('what only an administrator can mend', () => {
  it.each([
    { error: 'channel_not_found', words: 'there is no channel #production that GimletD can see' },
    { error: 'not_in_channel', words: 'invite the app there with /invite' },
    { error: 'is_archived', words: 'is archived; correct SLACK_CHANNEL' },
  ])('is told to them in words and shown by readyz: $error', async ({ error, words }) => {
    const here = await started()
    const { slack, server, push, until, shown } = here
    slack.channelErrors.set('#production', error)
    await push('web-1')
    await release(here, 'production')
    await until(async () => {
      const told = slack.messages().filter(({ channel }) => channel.startsWith('D'))
      expect(shown(told)).toContain(words)
    })
    await until(async () =>
      expect(JSON.stringify((await server.call('/readyz')).body)).toContain(words),
    )
  })

  it('names the scope that is missing', async () => {
    const here = await started()
    const { slack, server, push, until } = here
    slack.fail('chat.postMessage', { error: 'missing_scope', needed: 'chat:write', provided: 'commands' }, 9) // biome-ignore format: one line
    await push('web-1')
    await release(here, 'production')
    await until(async () => {
      const { body } = await server.call('/readyz')
      expect(JSON.stringify(body)).toContain('the app lacks the scope chat:write; add it under OAuth & Permissions') // biome-ignore format: one line
    })
  })
})

describe('a message that someone took away', () => {
  it('is shown anew while it waits for something', async () => {
    const two = approvalGate.replace('"count":1', '"count":2')
    const here = await started({ policies: { 'approval.json': two } })
    const { slack, push, until, shown, server } = here
    await push('web-1')
    const id = await release(here, 'production')
    await until(() => expect(roots(here, '#production')).toHaveLength(1))
    slack.fail('chat.update', { error: 'message_not_found' }, 1)
    const bob = await server.user('bob-cli', { roles: ['approver'] })
    await server.post(`/api/event/${id}/approve`, '', bob)
    await until(() => expect(shown(slack.messages('#production'))).toContain('Approved by'))
  })
})

describe('locks', () => {
  it('are told in the channel, and whoever ends another’s says so to its holder', async () => {
    const here = await started()
    const { slack, sender, until, shown } = here
    await sender.command('lock production --reason "the database moves"', { user: users.alice })
    await until(() => expect(shown(roots(here, '#production'))).toContain('is locked by @UALICE'))
    await sender.command('unlock production', { user: users.bob })
    await until(() => expect(shown(roots(here, '#production'))).toContain('was unlocked by @UBOB'))
    await until(() => {
      const told = slack.messages().filter(({ channel }) => channel.startsWith('D'))
      expect(shown(told)).toContain('@UBOB has ended your lock on production: the database moves')
    })
    expect(roots(here, '#production')).toHaveLength(1)
  })
})

describe('what the cluster says', () => {
  it('is shown in place, and a failure and its end are told aloud, once', async () => {
    const here = await started()
    const { slack, server, push, until, shown } = here
    await push('web-1')
    await release(here, 'staging')
    await until(() => expect(roots(here, '#releases')).toHaveLength(1))
    const { body } = await server.call('/api/status?env=staging')
    const { gitopsRef } = (body as { web: { gitopsRef: string } }).web
    let seconds = 0
    const report = (severity: string, reason: string, message: string) =>
      server.post('/api/flux-events?env=staging', {
        involvedObject: { kind: 'Kustomization', name: 'staging', namespace: 'flux-system' },
        severity,
        timestamp: new Date(Date.now() + seconds++ * 1000).toISOString(),
        message,
        reason,
        metadata: { 'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${gitopsRef}` },
      })
    await report('error', 'HealthCheckFailed', 'Deployment web is not ready')
    await until(() => expect(shown(roots(here, '#releases'))).toContain('Failed in the cluster:'))
    const reply = await until(() => {
      const [found] = slack.messages('#releases').filter(({ thread_ts }) => thread_ts)
      expect(shown(found)).toContain('Deployment web is not ready')
      return found
    })
    expect(reply).toBeDefined()
    expect(slack.callsOf('chat.postMessage').at(-1)?.args.reply_broadcast).toBe('true')
    const replies = () =>
      slack.messages('#releases').flatMap((one) => (one.thread_ts ? [shown(one)] : []))
    for (let n = 0; n < 3; n++)
      await report('error', 'HealthCheckFailed', 'Deployment web is not ready')
    await report('info', 'ReconciliationSucceeded', 'Reconciliation finished')
    await report('info', 'ReconciliationSucceeded', 'Reconciliation finished')
    await until(() => expect(shown(roots(here, '#releases'))).toContain('Released and healthy'))
    await until(() => expect(replies()).toHaveLength(2))
    expect(replies()[1]).toContain('It is healthy again')
    expect(slack.callsOf('chat.postMessage').at(-1)?.args.reply_broadcast).toBe('true')
  })
})
