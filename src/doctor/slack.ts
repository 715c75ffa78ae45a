import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Config, SlackConfig } from '../config.ts'
import { rolesAt } from '../domain/actor.ts'
import { slackApi } from '../ingress/slack/api.ts'
import { peopleFile } from '../policy/people.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { type Known, peopleChecks } from './people.ts'
import { secretChecks } from './secrets.ts'
import { type Speaker, serverCheck } from './server.ts'
import { type Environment, type Needed, settingsFor } from './settings.ts'
import { channelChecks } from './slack-channels.ts'
import { scopeChecks } from './slack-scopes.ts'
import { askSlack, botTokenFrom, type Team, tokenCheck } from './slack-token.ts'

const secretFrom = 'copy the Signing Secret of Basic Information'

const needed: Readonly<Record<string, Needed>> = {
  SLACK_SIGNING_SECRET: { from: secretFrom, example: 'any-secret' },
  SLACK_BOT_TOKEN: { from: botTokenFrom, example: 'any-token' },
}

/** Looks at everything that Slack needs, one thing after the other, whatever comes of each. */
export async function checkSlack(environment: Environment): Promise<readonly Check[]> {
  const partOf = ({ slack }: Config) => slack
  const { checks, on } = settingsFor(environment, { name: 'Slack', partOf, needed })
  if (on === null) return checks
  const { config, part: slack } = on
  const asked = await askSlack(slack)
  const team = asked.kind === 'known' ? asked : null
  const granted = team?.scopes ?? null
  return [
    ...checks,
    ...signingSecretChecks(slack),
    asked.kind === 'known' ? tokenCheck(asked) : asked.check,
    ...scopeChecks(granted),
    ...(await channelChecks(slack, granted)),
    await slackServerCheck(config, slack),
    ...(await socketChecks(slack)),
    ...(await peopleChecks({ config, environment }, knownIn(team, slack))),
  ]
}

const signingSecretChecks = ({ signingSecrets }: SlackConfig): Check[] =>
  secretChecks(signingSecrets, {
    check: 'signing secret',
    key: 'SLACK_SIGNING_SECRET',
    signer: 'Slack',
    right: 'looks like one',
    again: `${secretFrom} again`,
    oddity: (secret) =>
      /^[0-9a-f]{32}$/.test(secret)
        ? null
        : 'does not look like Slack’s, which has 32 characters of 0-9 and a-f',
  })

async function slackServerCheck(
  config: Config,
  { signingSecrets, appToken }: SlackConfig,
): Promise<Check> {
  const [secret] = signingSecrets
  if (secret === undefined)
    return fine('server', 'takes nothing by HTTP: SLACK_SIGNING_SECRET is not set')
  const isBySocket = appToken !== null
  const withoutHttps = isBySocket
    ? null
    : 'Slack itself needs an https address: set GIMLET_URL to it'
  return serverCheck({ config, secret }, { ...speaker, withoutHttps })
}

const speaker: Omit<Speaker, 'withoutHttps'> = {
  name: 'Slack',
  path: '/slack/events',
  secretKey: 'SLACK_SIGNING_SECRET',
  say(secret) {
    const challenge = randomBytes(16).toString('hex')
    const body = JSON.stringify({ type: 'url_verification', challenge })
    const at = String(Math.floor(Date.now() / 1000))
    const digest = createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')
    const signature = { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${digest}` }
    const echo = z.looseObject({ challenge: z.literal(challenge) })
    return {
      body,
      headers: { 'content-type': 'application/json', ...signature },
      isTaken: ({ json }) => echo.safeParse(json).success,
    }
  },
}

/** Asks for an address to connect to, as the server does for Socket Mode, and connects to none. */
async function socketChecks({ appToken, apiUrl }: SlackConfig): Promise<Check[]> {
  if (appToken === null) return []
  const result = await slackApi({ token: appToken, apiUrl }).call('apps.connections.open', {})
  if (result.kind === 'ok') return [fine('socket', 'Slack takes SLACK_APP_TOKEN')]
  if (result.kind !== 'refused') return [warning('socket', 'was not asked for: Slack did not say')]
  const make = 'make an app-level token with the scope connections:write'
  return [
    wrong(
      'socket',
      `Slack says ${result.error} to SLACK_APP_TOKEN; turn Socket Mode on, and ${make}`,
    ),
  ]
}

function knownIn(team: Team | null, { command }: SlackConfig): Known {
  return {
    where: team === null ? 'in Slack' : `in ${team.team} (${team.teamId})`,
    hasAccount: ({ slack }) => slack !== undefined && (team === null || slack.team === team.teamId),
    nobody: `so nobody may do anything there; say ${command} whoami, and put the line that it shows into ${peopleFile}`,
    amiss: (people) =>
      people.some(({ roles }) => rolesAt(roles, { env: null, app: null }).includes('admin'))
        ? null
        : 'none is an admin everywhere, so nobody is told what keeps messages from being sent',
  }
}
