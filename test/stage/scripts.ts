import type { SlackFault } from '../support/slack.ts'

/** What Slack may answer instead of what it should, by its name. */
export const slackScript: Readonly<Record<string, SlackFault>> = {
  '429, at once again': { status: 429, retryAfter: 0 },
  '429, in a second': { status: 429, retryAfter: 1 },
  '429, without a time': { status: 429 },
  'a 500': { status: 500 },
  'a 502': { status: 502 },
  'a page of HTML': { html: true },
  'an answer that is slow': { hang: 1_500 },
  'a connection that ends': { close: true },
  'an answer that is lost': { lost: true },
}
