import { createHmac } from 'node:crypto'

/** A slash command as Slack posts it, signed as Slack signs it. */

export const signingSecret = '8f742231b10e8888abcd99aaabbb85a5'
export const path = '/slack/events'
export const team = 'T0001'
export const user = 'UALICE'

const appsMost = 200

export const apps = Array.from(
  { length: appsMost },
  (_, at) => `app-${String(at + 1).padStart(3, '0')}`,
)

const texts = [
  (app) => `status ${app}`,
  (app) => `history ${app} staging`,
  () => 'whoami',
  (app) => `release ${app} staging`,
]

/** The words of the command of a number: the four in turn, of one app after the other. */
export function textOf(number) {
  const app = apps[(Math.floor(number / texts.length) * 17) % apps.length]
  return texts[number % texts.length](app)
}

/** The bytes of a request; each number has a trigger id and an address for answers of its own. */
export function requestOf({ number, run, slackOrigin }) {
  const body = new URLSearchParams({
    token: 'verification-token',
    team_id: team,
    team_domain: 'example',
    channel_id: 'C0001',
    channel_name: 'releases',
    user_id: user,
    user_name: 'alice',
    command: '/gimlet',
    text: textOf(number),
    api_app_id: 'A0001',
    is_enterprise_install: 'false',
    response_url: `${slackOrigin}/response/${run}-${number}`,
    trigger_id: `${number}.${run}`,
  }).toString()
  const timestamp = Math.floor(Date.now() / 1000)
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${body.length}`,
    'user-agent: Slackbot 1.0 (+https://api.slack.com/robots)',
    `x-slack-request-timestamp: ${timestamp}`,
    `x-slack-signature: v0=${digest}`,
    '',
    body,
  ].join('\r\n')
}
