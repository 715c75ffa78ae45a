import { z } from 'zod'
import type { SlackConfig } from '../config.ts'
import { mendingText } from '../notify/slack-errors.ts'
import { type Check, fine, wrong } from './check.ts'
import { post } from './post.ts'

/** Where Slack shows the bot token. */
export const botTokenFrom =
  'copy the Bot User OAuth Token of OAuth & Permissions, which begins with xoxb-'

/** Whose token it is. */
export type Team = {
  readonly kind: 'known'
  readonly team: string
  readonly teamId: string
  readonly bot: string
  readonly isBot: boolean
  /** `null` when Slack did not say. */
  readonly scopes: readonly string[] | null
}
type Asked = Team | { readonly kind: 'unknown'; readonly check: Check }

const answerShape = z.looseObject({
  ok: z.boolean(),
  error: z.string().default('nothing'),
  team: z.string().default(''),
  team_id: z.string().default(''),
  user: z.string().default(''),
  bot_id: z.string().optional(),
})

/** Asks Slack whose token it is, by a request of our own: the scopes stand in a header. */
export async function askSlack({ botToken, apiUrl }: SlackConfig): Promise<Asked> {
  if (!/^[\x21-\x7e]+$/.test(botToken))
    return unknown('SLACK_BOT_TOKEN has characters that no token has; copy it again')
  const { origin } = new URL(apiUrl)
  const headers = { authorization: `Bearer ${botToken}` }
  const answer = await post(`${apiUrl}auth.test`, { headers })
  if (answer === null)
    return unknown(
      `nobody answers at ${origin}; let this machine reach it, or correct SLACK_API_URL`,
    )
  if (answer.status === 429 || answer.status >= 500)
    return unknown(`${origin} answers ${answer.status}; try again in a minute`)
  const { data } = answerShape.safeParse(answer.json)
  if (!data || data.error === 'unknown_method')
    return unknown(`what answers at ${origin} is not Slack’s Web API; correct SLACK_API_URL`)
  if (!data.ok) return unknown(tokenText(data.error))
  const scopes = answer.headers.get('x-oauth-scopes')
  return {
    kind: 'known',
    ...{ team: data.team, teamId: data.team_id, bot: data.user, isBot: data.bot_id !== undefined },
    scopes: scopes === null ? null : scopes.split(/[\s,]+/).filter(Boolean),
  }
}

const unknown = (message: string): Asked => ({
  kind: 'unknown',
  check: wrong('bot token', message),
})

const tokenErrors: readonly string[] = [
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
]

/** True of an error that is about the token, whatever it was used for. */
export const isAboutToken = (error: string): boolean => tokenErrors.includes(error)

const tokenText = (error: string): string =>
  isAboutToken(error)
    ? mendingText(error, { needed: null, place: '' })
    : `Slack says ${error} to the bot token; install the app again and renew SLACK_BOT_TOKEN`

export const tokenCheck = ({ team, teamId, bot, isBot }: Team): Check =>
  isBot
    ? fine('bot token', `is for @${bot} in the workspace ${team} (${teamId})`)
    : wrong('bot token', `is one of the user ${bot}; ${botTokenFrom}`)
