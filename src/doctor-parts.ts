import { createHmac, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { Config, SlackConfig } from './config.ts'
import { rolesAt } from './domain/actor.ts'
import { Fault } from './domain/fault.ts'
import type { Sources } from './domain/sources.ts'
import { gitIn } from './gitops/git.ts'
import { remoteRef } from './gitops/refs.ts'
import { branchSources, folderSources } from './gitops/sources.ts'
import { slackApi } from './ingress/slack/api.ts'
import type { SlackApi } from './messages/slack/api.ts'
import { mendingText } from './notify/slack-errors.ts'
import { peopleFile } from './policy/people.ts'
import { loadPolicies } from './policy/policy.ts'

/** What was looked at, whether it is right, and what to do when it is not. */
export type Check = {
  readonly check: string
  readonly verdict: 'fine' | 'warning' | 'wrong'
  readonly message: string
}

type Environment = Readonly<Record<string, string | undefined>>
type OnConfig = Config & { readonly slack: SlackConfig }

/** How long Slack, or the server, may take to answer. */
const answerMs = 5_000
const namesMax = 20

/** What the app may do, and what does not work without it. The manifest has the same list. */
export const scopes: readonly { name: string; isNeeded: boolean; without: string }[] = [
  { name: 'commands', isNeeded: true, without: 'there are no slash command and no shortcuts' },
  { name: 'chat:write', isNeeded: true, without: 'nothing can be said' },
  { name: 'chat:write.public', isNeeded: false, without: 'it must be invited to every channel' },
  { name: 'app_mentions:read', isNeeded: true, without: 'it does not hear who mentions it' },
  { name: 'channels:read', isNeeded: false, without: 'public channels cannot be checked here' },
  { name: 'groups:read', isNeeded: false, without: 'private channels cannot be checked here' },
]

const fine = (check: string, message: string): Check => ({ check, verdict: 'fine', message })
const warning = (check: string, message: string): Check => ({ check, verdict: 'warning', message })
const wrong = (check: string, message: string): Check => ({ check, verdict: 'wrong', message })

/** Where Slack shows what a setting takes. */
export const placeOf = {
  SLACK_SIGNING_SECRET: 'copy the Signing Secret of Basic Information',
  SLACK_BOT_TOKEN: 'copy the Bot User OAuth Token of OAuth & Permissions, which begins with xoxb-',
} as const

/** Looks at everything that Slack needs, one thing after the other, whatever comes of each. */
export async function slackChecks(config: OnConfig, environment: Environment): Promise<Check[]> {
  const { slack } = config
  const asked = await askSlack(slack)
  const team = asked.kind === 'known' ? asked : null
  const granted = team?.scopes ?? null
  return [
    asked.kind === 'known' ? tokenCheck(asked) : asked.check,
    ...scopeChecks(granted),
    ...(await channelChecks(slack, granted)),
    await serverCheck(config),
    ...(await socketChecks(slack)),
    ...(await peopleChecks({ config, environment, team })),
  ]
}

type Known = {
  readonly kind: 'known'
  readonly team: string
  readonly teamId: string
  readonly bot: string
  readonly isBot: boolean
  /** `null` when Slack did not say. */
  readonly scopes: readonly string[] | null
}
type Asked = Known | { readonly kind: 'unknown'; readonly check: Check }

const answerShape = z.looseObject({
  ok: z.boolean(),
  error: z.string().default('nothing'),
  team: z.string().default(''),
  team_id: z.string().default(''),
  user: z.string().default(''),
  bot_id: z.string().optional(),
})

/** Asks Slack whose token it is, by a request of our own: the scopes stand in a header. */
async function askSlack({ botToken, apiUrl }: SlackConfig): Promise<Asked> {
  const unknown = (message: string): Asked => ({ kind: 'unknown', check: wrong('bot token', message) }) // biome-ignore format: one value
  if (!/^[\x21-\x7e]+$/.test(botToken))
    return unknown('SLACK_BOT_TOKEN has characters that no token has; copy it again')
  const { origin } = new URL(apiUrl)
  const headers = { authorization: `Bearer ${botToken}` }
  const response = await send(`${apiUrl}auth.test`, { headers })
  if (response === null)
    return unknown(`nobody answers at ${origin}; let this machine reach it, or correct SLACK_API_URL`) // biome-ignore format: one line
  if (response.status === 429 || response.status >= 500)
    return unknown(`${origin} answers ${response.status}; try again in a minute`)
  const { data } = answerShape.safeParse(response.json)
  if (!data || data.error === 'unknown_method')
    return unknown(`what answers at ${origin} is not Slack’s Web API; correct SLACK_API_URL`)
  if (!data.ok) return unknown(tokenText(data.error))
  return {
    kind: 'known',
    ...{ team: data.team, teamId: data.team_id, bot: data.user, isBot: data.bot_id !== undefined },
    scopes:
      response.headers
        .get('x-oauth-scopes')
        ?.split(/[\s,]+/)
        .filter(Boolean) ?? null,
  }
}

const tokenErrors = ['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive'] // biome-ignore format: one list

const tokenText = (error: string): string =>
  tokenErrors.includes(error)
    ? mendingText(error, { needed: null, place: '' })
    : `Slack says ${error} to the bot token; install the app again and renew SLACK_BOT_TOKEN`

const tokenCheck = ({ team, teamId, bot, isBot }: Known): Check =>
  isBot
    ? fine('bot token', `is for @${bot} in the workspace ${team} (${teamId})`)
    : wrong('bot token', `is one of the user ${bot}; ${placeOf.SLACK_BOT_TOKEN}`)

function scopeChecks(granted: readonly string[] | null): Check[] {
  if (granted === null) return [warning('scopes', 'are not known: Slack did not say')]
  const missing = scopes.filter(({ name }) => !granted.includes(name))
  const known = new Set([...scopes.map(({ name }) => name), 'identify'])
  const more = granted.filter((name) => !known.has(name))
  const add = 'add it under OAuth & Permissions and install the app again'
  const found = [
    ...missing.map(({ name, isNeeded, without }) =>
      (isNeeded ? wrong : warning)('scopes', `${name} is missing, so ${without}; ${add}`),
    ),
    ...more.map((name) => warning('scopes', `${name} is more than is needed; remove it under OAuth & Permissions and install the app again`)), // biome-ignore format: one line
  ]
  return found.length > 0 ? found : [fine('scopes', 'are those of slack.manifest.yaml')]
}

async function channelChecks(
  { channels, botToken, apiUrl }: SlackConfig,
  granted: readonly string[] | null,
): Promise<Check[]> {
  if (channels.length === 0)
    return [warning('channels', 'SLACK_CHANNEL is not set: releases are told in no channel')]
  const api = slackApi({ token: botToken, apiUrl })
  const places = new Map<string, string[]>()
  for (const { channel, env, app } of channels)
    places.set(channel, [...(places.get(channel) ?? []), placeText(env, app)])
  const found: Check[] = []
  for (const [channel, what] of places)
    found.push(await channelCheck(api, { channel, what: what.join(', '), granted }))
  const first = channels.findIndex(({ env, app }) => env === '*' && app === '*')
  const unread = first === -1 ? [] : channels.slice(first + 1)
  const ignored = unread.map(({ channel, env, app }) => warning('channels', `${placeText(env, app)} never goes to ${channel}: ${channels[first]?.channel} stands before it in SLACK_CHANNEL and takes everything`)) // biome-ignore format: one value
  return [...found, ...ignored]
}

const placeText = (env: string, app: string): string =>
  app === '*' ? (env === '*' ? 'everything else' : env) : `${env}/${app}`

type Sought = { channel: string; what: string; granted: readonly string[] | null }
const channelShape = z.looseObject({
  channel: z.looseObject({
    name: z.string().default(''),
    is_archived: z.boolean().default(false),
    is_member: z.boolean().default(false),
    is_private: z.boolean().default(false),
  }),
})

async function channelCheck(api: SlackApi, { channel, what, granted }: Sought): Promise<Check> {
  if (channel.startsWith('#'))
    return warning('channels', `${channel} (${what}) cannot be looked up by its name; write its id, which stands at the end of its About`) // biome-ignore format: one line
  const result = await api.call('conversations.info', { channel })
  if (result.kind === 'refused' && !tokenErrors.includes(result.error)) {
    const text = mendingText(result.error, { needed: result.needed, place: channel })
    return (result.error === 'missing_scope' ? warning : wrong)('channels', `${text} (${what})`)
  }
  const { data } = channelShape.safeParse(result.kind === 'ok' ? result.body : null)
  if (!data) return warning('channels', `${channel} (${what}) was not looked at: Slack did not say`)
  const { name, is_archived: isArchived, is_member: isMember, is_private: isPrivate } = data.channel
  const canPost = isMember || (!isPrivate && (granted?.includes('chat:write.public') ?? true))
  const error = isArchived ? 'is_archived' : canPost ? null : 'not_in_channel'
  return error === null
    ? fine('channels', `${channel} is #${name} (${what})`)
    : wrong('channels', `${mendingText(error, { needed: null, place: channel })} (${what})`)
}

/** Sends the server what Slack would: it must know what is signed from what is not. */
async function serverCheck(config: OnConfig): Promise<Check> {
  const { signingSecrets, appToken } = config.slack
  const [secret] = signingSecrets
  if (secret === undefined) return fine('server', 'takes nothing by HTTP: SLACK_SIGNING_SECRET is not set') // biome-ignore format: one line
  if (config.url === null && config.port === 0)
    return warning('server', 'was not asked: its port is not known here; set GIMLET_URL')
  const isAny = ['0.0.0.0', '::', '::1'].includes(config.host)
  const base = (config.url ?? `http://${isAny ? 'localhost' : config.host}:${config.port}`)
    // What stands before an @ may be a password.
    .replace(/\/\/[^/]*@/, '//')
  const url = `${base}/slack/events`
  const challenge = randomBytes(16).toString('hex')
  const answer = await send(url, signed(challenge, secret))
  if (answer === null)
    return wrong('server', `the server is not running here: nobody answers at ${base}. Start it, or correct GIMLET_URL`) // biome-ignore format: one line
  const { data } = z.looseObject({ challenge: z.literal(challenge) }).safeParse(answer.json)
  if (!data) return wrong('server', refusedText(url, answer.status))
  const forged = await send(url, signed(challenge, randomBytes(16).toString('hex')))
  if (forged?.status !== 401)
    return wrong('server', `what answers at ${url} takes what Slack did not sign; make sure that GIMLET_URL is GimletD’s`) // biome-ignore format: one line
  return base.startsWith('https:') || appToken !== null
    ? fine('server', `takes what Slack signs, and nothing else, at ${url}`)
    : warning('server', `takes what Slack signs, and nothing else, at ${url}; Slack itself needs an https address: set GIMLET_URL to it`) // biome-ignore format: one line
}

/** Asks for an address to connect to, as the server does for Socket Mode, and connects to none. */
async function socketChecks({ appToken, apiUrl }: SlackConfig): Promise<Check[]> {
  if (appToken === null) return []
  const result = await slackApi({ token: appToken, apiUrl }).call('apps.connections.open', {})
  if (result.kind === 'ok') return [fine('socket', 'Slack takes SLACK_APP_TOKEN')]
  if (result.kind !== 'refused') return [warning('socket', 'was not asked for: Slack did not say')]
  return [wrong('socket', `Slack says ${result.error} to SLACK_APP_TOKEN; turn Socket Mode on, and make an app-level token with the scope connections:write`)] // biome-ignore format: one line
}

function refusedText(url: string, status: number): string {
  if (status === 401)
    return `the server does not know the SLACK_SIGNING_SECRET of here; start it again, with the same settings (${url})`
  if (status === 404)
    return `the server at ${url} runs without Slack; start it again, with the settings of here`
  return `what answers at ${url} is not GimletD (status ${status}); correct GIMLET_URL`
}

function signed(challenge: string, secret: string) {
  const body = JSON.stringify({ type: 'url_verification', challenge })
  const at = String(Math.floor(Date.now() / 1000))
  const digest = createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')
  const signature = { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${digest}` }
  return { body, headers: { 'content-type': 'application/json', ...signature } }
}

type Given = { config: OnConfig; environment: Environment; team: Known | null }

async function peopleChecks({ config, environment, team }: Given): Promise<Check[]> {
  try {
    const sources = await policiesOf(config, environment)
    if (sources === null) return [warning('people', 'are in the GitOps repository, which the server gets when it starts; start it')] // biome-ignore format: one line
    const { people, invalid } = loadPolicies(sources)
    const problems = invalid.filter(({ file }) => file === peopleFile).flatMap((one) => one.problems) // biome-ignore format: one line
    if (problems.length > 0)
      return problems.map(({ pointer, message }) => wrong('people', `${peopleFile} ${pointer}: ${message}`)) // biome-ignore format: one line
    const here = people.all().filter(({ slack }) => slack !== undefined && (team === null || slack.team === team.teamId)) // biome-ignore format: one line
    const where = team === null ? 'Slack' : `${team.team} (${team.teamId})`
    const [first] = here
    if (!first) return [warning('people', `nobody of ${peopleFile} has an account in ${where}, so nobody may do anything there; say ${config.slack.command} whoami, and put the line that it shows into ${peopleFile}`)] // biome-ignore format: one line
    const names = here
      .slice(0, namesMax)
      .map(({ login }) => login)
      .join(', ')
    const more = here.length > namesMax ? ` and ${here.length - namesMax} more` : ''
    const count = `${here.length} ${here.length === 1 ? 'person has' : 'people have'} an account in ${where}: ${names}${more}` // biome-ignore format: one line
    const hasAdmin = here.some(({ roles }) => rolesAt(roles, { env: null, app: null }).includes('admin')) // biome-ignore format: one line
    return [hasAdmin ? fine('people', count) : warning('people', `${count}; none is an admin everywhere, so nobody is told what keeps messages from being sent`)] // biome-ignore format: one line
  } catch (error) {
    const why = error instanceof Fault ? error.message : 'something broke'
    return [wrong('people', `the policies could not be read (${why}); correct POLICIES`)]
  }
}

/** The policies as the server has them; `null` when it has not fetched them yet. */
async function policiesOf(
  { policies: { kind, folder }, dataDir }: Config,
  environment: Environment,
): Promise<Sources | null> {
  if (kind === 'folder') return await folderSources(resolve(folder))('')
  const clone = join(resolve(dataDir), 'clone.git')
  if (!existsSync(clone)) return null
  // As the server saw it last: only the server itself fetches into its clone.
  return await branchSources(gitIn(clone, environment), folder)(remoteRef)
}

/** A POST and its answer; `null` when nobody answers in time. Why is not told: it may quote an address. */
async function send(url: string, init: { headers: Record<string, string>; body?: string }) {
  try {
    const signal = AbortSignal.timeout(answerMs)
    const response = await fetch(url, { ...init, method: 'POST', redirect: 'manual', signal })
    const json: unknown = await response.json().catch(() => null)
    return { status: response.status, headers: response.headers, json }
  } catch {
    return null
  }
}
