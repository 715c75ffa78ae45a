import { expect, onTestFinished, test } from 'vitest'
import { manifest } from '../support/builders.ts'
import { githubStandIn } from '../support/github.ts'
import { freePort } from '../support/keyless-server.ts'
import { testServer } from '../support/server.ts'
import { slackStandIn } from '../support/slack.ts'
import { people, users } from '../support/slack-server.ts'

const github = { old: 'the-webhook-secret-of-before', next: 'the-webhook-secret-of-now' }
const slack = { old: 'the-signing-secret-of-before', next: 'the-signing-secret-of-now' }
const sendersOfEach = 3

test('A39: no valid delivery is refused while the secrets are rotated under load', async () => {
  const [host, workspace] = [await githubStandIn(onTestFinished), await slackStandIn(onTestFinished)] // biome-ignore format: one value
  const port = String(await freePort())
  const start = (secrets: Record<string, string>, folder?: string) =>
    testServer(
      {
        policies: { 'people.json': people() },
        manifests: { 'web.yaml': manifest() },
        environment: {
          ...{ PORT: port, SLACK_BOT_TOKEN: workspace.token, SLACK_API_URL: workspace.apiUrl },
          ...{ APP_ID: '1', PRIVATE_KEY: host.privateKey },
          ...{ GHE_HOST: host.host, GHE_PROTOCOL: 'http', ...secrets },
        },
        ...(folder === undefined ? {} : { folder }),
      },
      onTestFinished,
    )
  const both = {
    ...{ WEBHOOK_SECRET: github.next, WEBHOOK_SECRET_PREVIOUS: github.old },
    ...{ SLACK_SIGNING_SECRET: slack.next, SLACK_SIGNING_SECRET_PREVIOUS: slack.old },
  }
  const server = await start({ WEBHOOK_SECRET: github.old, SLACK_SIGNING_SECRET: slack.old })
  const { url, folder } = server
  const hooks = host.sender(`${url}/api/github/webhooks`, { secret: github.old })
  const commands = workspace.sender(`${url}/slack/events`, { secret: slack.old })
  const used: { github: string; slack: string } = { github: github.old, slack: slack.old }
  /** 0 while there is no server: that is sent again, and refuses nobody. */
  const ping = async () => (await hooks.ping({ secret: used.github })).status
  const command = () =>
    commands.command('whoami', { user: users.alice, secret: used.slack }).then(
      ({ status }) => status,
      () => 0,
    )
  const seen: { secrets: string; status: number }[] = []
  let isOver = false
  const load = [ping, command].flatMap((send) =>
    Array.from({ length: sendersOfEach }, async () => {
      while (!isOver) seen.push({ secrets: `${used.github} ${send.name}`, status: await send() })
    }),
  )
  const taken = (secret: string, name: string) =>
    seen.filter(({ secrets, status }) => secrets === `${secret} ${name}` && status >= 200).length
  const someOf = (secret: string) =>
    expect.poll(() => Math.min(taken(secret, 'ping'), taken(secret, 'command'))).toBeGreaterThan(3)
  await someOf(github.old)
  await server.stop()
  await start(both, folder)
  // GitHub and Slack go on with the old secrets until a person has set the new ones there.
  seen.length = 0
  await someOf(github.old)
  Object.assign(used, { github: github.next, slack: slack.next })
  await someOf(github.next)
  isOver = true
  await Promise.all(load)
  expect([...new Set(seen.map(({ status }) => status))].filter(Boolean).sort()).toEqual([200, 202])
})
