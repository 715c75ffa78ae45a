import { z } from 'zod'
import type { SlackConfig } from '../config.ts'
import { slackApi } from '../ingress/slack/api.ts'
import type { SlackApi } from '../messages/slack/api.ts'
import { mendingText } from '../notify/slack-errors.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { isAboutToken } from './slack-token.ts'

export async function channelChecks(
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
  return [...found, ...ignoredChecks(channels)]
}

/** What stands behind a channel for everything is never read. */
function ignoredChecks(channels: SlackConfig['channels']): Check[] {
  const first = channels.findIndex(({ env, app }) => env === '*' && app === '*')
  if (first === -1) return []
  const why = `${channels[first]?.channel} stands before it in SLACK_CHANNEL and takes everything`
  return channels
    .slice(first + 1)
    .map(({ channel, env, app }) =>
      warning('channels', `${placeText(env, app)} never goes to ${channel}: ${why}`),
    )
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
  const about = `${channel} (${what})`
  if (channel.startsWith('#'))
    return warning(
      'channels',
      `${about} cannot be looked up by its name; write its id, which stands at the end of its About`,
    )
  const result = await api.call('conversations.info', { channel })
  if (result.kind === 'refused' && !isAboutToken(result.error)) {
    const text = mendingText(result.error, { needed: result.needed, place: channel })
    return (result.error === 'missing_scope' ? warning : wrong)('channels', `${text} (${what})`)
  }
  const { data } = channelShape.safeParse(result.kind === 'ok' ? result.body : null)
  if (!data) return warning('channels', `${about} was not looked at: Slack did not say`)
  const { name, is_archived: isArchived, is_member: isMember, is_private: isPrivate } = data.channel
  const canPost = isMember || (!isPrivate && (granted?.includes('chat:write.public') ?? true))
  const error = isArchived ? 'is_archived' : canPost ? null : 'not_in_channel'
  return error === null
    ? fine('channels', `${channel} is #${name} (${what})`)
    : wrong('channels', `${mendingText(error, { needed: null, place: channel })} (${what})`)
}
