/**
 * What someone typed, from the text that Slack makes of it: entities become characters again, and a
 * link, which Slack makes of anything that looks like one, the words that it was made of.
 */
export const typedText = (slackText: string): string =>
  slackText
    .replaceAll(/<(?:https?|mailto):[^>|]*\|([^>]*)>/g, '$1')
    .replaceAll(/<((?:https?):[^>|]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The words behind the bot's name in a message that mentions it. */
export const behindMention = (slackText: string): string =>
  slackText.replace(/^\s*<@[A-Z0-9]+(?:\|[^>]*)?>/, '').trim()
