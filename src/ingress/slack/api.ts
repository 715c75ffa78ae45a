import { type Logger, LogLevel, webApi } from '@slack/bolt'
import type { SlackApi, SlackResult } from '../../messages/slack/api.ts'
import { isResponseUrl } from './response-url.ts'

/** Slack's own address; `SLACK_API_URL` stands for it. */
export const slackApiUrl = 'https://slack.com/api/'
/** Modals have three seconds from the click on, so no call may take longer. */
const callMs = 2_800

/**
 * How every client of Slack's web API is made: it tries once, since the outbox tries again, says when
 * it is too much, and sends the token nowhere but to the configured address.
 */
export const clientOptions = (apiUrl: string) => ({
  // What goes wrong is a value here, and told by whoever made the call.
  logger: silent,
  slackApiUrl: apiUrl,
  allowAbsoluteUrls: false,
  fetch: stayingFetch,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: callMs,
})

/**
 * What the client asks with. It asks for `redirect: 'error'` and calls `fetch` as a method of its own;
 * Workers takes neither. A redirect is an answer here, and as good as none: the token goes nowhere else.
 */
const stayingFetch: webApi.FetchFunction = (url, init) =>
  fetch(url, { ...init, redirect: 'manual' })

const nothing = () => undefined
const silent: Logger = {
  ...{ debug: nothing, info: nothing, warn: nothing, error: nothing },
  ...{ setLevel: nothing, getLevel: () => LogLevel.ERROR, setName: nothing },
}

/** Slack's web API by `@slack/web-api`, with every error as a value. */
export function slackApi({ token, apiUrl }: { token: string; apiUrl: string }): SlackApi {
  const client = new webApi.WebClient(token, clientOptions(apiUrl))
  return {
    async call(method, args) {
      try {
        return { kind: 'ok', body: { ...(await client.apiCall(method, { ...args })) } }
      } catch (error) {
        return resultOf(error)
      }
    },
    async respond(url, body) {
      if (!isResponseUrl(url, apiUrl))
        return { kind: 'refused', error: 'no_address_of_slack', needed: null }
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          redirect: 'manual',
          signal: AbortSignal.timeout(callMs),
        })
        return await answerOf(response)
      } catch (error) {
        return unreachable(error)
      }
    },
  }
}

async function answerOf(response: Response): Promise<SlackResult> {
  const text = (await response.text()).slice(0, 200)
  if (response.ok) return { kind: 'ok', body: {} }
  if (response.status === 429)
    return { kind: 'limited', afterMs: secondsOf(response.headers.get('retry-after')) * 1000 }
  return response.status >= 400 && response.status < 500
    ? { kind: 'refused', error: text || `status ${response.status}`, needed: null }
    : { kind: 'unreachable', problem: `status ${response.status}` }
}

const secondsOf = (header: string | null) => {
  const seconds = Number(header)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 1
}

function resultOf(error: unknown): SlackResult {
  if (error instanceof webApi.WebAPIRateLimitedError)
    return { kind: 'limited', afterMs: Math.max(1, error.retryAfter) * 1000 }
  if (error instanceof webApi.WebAPIPlatformError) {
    const { error: code, needed }: Readonly<Record<string, unknown>> = { ...error.data }
    const scope = typeof needed === 'string' ? needed : null
    // What is no code of Slack's is a page of something between Slack and us.
    return typeof code === 'string' && /^[a-z0-9_.-]{1,80}$/.test(code)
      ? { kind: 'refused', error: code, needed: scope }
      : { kind: 'unreachable', problem: 'an answer that is not Slack’s' }
  }
  return unreachable(error)
}

/** Why, in words that hold no address: it may be one that is a secret. */
function unreachable(error: unknown): SlackResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
  return { kind: 'unreachable', problem: code }
}
