/** What an administrator can do about what Slack says no to, in words. */
const mending: Readonly<Record<string, (place: string) => string>> = {
  channel_not_found: (place) =>
    `there is no channel ${place} that GimletD can see; correct SLACK_CHANNEL, or invite the app if it is private`,
  not_in_channel: (place) =>
    `GimletD is not in the channel ${place}; invite the app there with /invite`,
  is_archived: (place) => `the channel ${place} is archived; correct SLACK_CHANNEL`,
  invalid_auth: () => 'the bot token is not valid; put the current one into SLACK_BOT_TOKEN',
  not_authed: () => 'the bot token is missing; put it into SLACK_BOT_TOKEN',
  token_revoked: () => 'the bot token was revoked; install the app again and renew SLACK_BOT_TOKEN',
  token_expired: () => 'the bot token has expired; renew SLACK_BOT_TOKEN',
  account_inactive: () => 'the bot was removed; install the app again and renew SLACK_BOT_TOKEN',
  restricted_action: (place) => `a setting of the workspace forbids GimletD to post in ${place}`,
}

/** What Slack's no means and what to do about it. */
export function mendingText(
  error: string,
  { needed, place }: { needed: string | null; place: string },
): string {
  if (error === 'missing_scope')
    return `Slack: the app lacks the scope ${needed ?? 'that is needed'}; add it under OAuth & Permissions and install the app again`
  const words = Object.hasOwn(mending, error) ? mending[error]?.(place) : undefined
  return words === undefined ? `Slack refuses a message: ${error}` : `Slack: ${words}`
}

/** True for what will be refused however often it is sent. */
export const isForever = (error: string): boolean =>
  [
    'invalid_blocks',
    'invalid_blocks_format',
    'msg_too_long',
    'msg_blocks_too_long',
    'no_text',
    'user_not_found',
    'user_not_in_channel',
    'user_disabled',
    'cannot_dm_bot',
    'edit_window_closed',
    'thread_not_found',
  ].includes(error)
