/**
 * In place of `@slack/socket-mode`, which Bolt loads for a receiver that is not used here.
 *
 * It brings undici, and that asks for `node:sqlite`, which wrangler on Node 20 cannot bundle
 * (cloudflare/workers-sdk#11841). It can go when the newest wrangler runs on our oldest Node, or when
 * Bolt has a receiver for Workers of its own (slackapi/bolt-js#2895) that loads nothing else.
 */
export class SocketModeClient {
  constructor() {
    throw new Error('Socket Mode does not run on Workers; set SLACK_SIGNING_SECRET instead')
  }
}
