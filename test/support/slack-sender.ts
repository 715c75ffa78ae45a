import { createHmac } from 'node:crypto'
import { blockProblems } from './block-kit.ts'
import {
  closeView,
  elementsOf,
  filled,
  followAnswer,
  optionOf,
  plainText,
  type Values,
} from './slack-views.ts'
import {
  type Json,
  type SlackMessage,
  type SlackView,
  type Workspace,
  withIds,
} from './slack-workspace.ts'

export type SenderOptions = { secret: string; team?: string; apiAppId?: string }
/** How to sign or number a request otherwise than Slack would. */
export type Signing = {
  atUnix?: number | string
  secret?: string
  signature?: string
  headers?: Readonly<Record<string, string>>
  triggerId?: string
  eventId?: string
}
export type SlackAnswer = { status: number; text: string; json: unknown; ms: number }
/** `over` replaces fields of the payload, such as a user of another workspace. */
type Person = Signing & { user?: string; over?: Json }
type Place = { message?: SlackMessage | undefined; view?: SlackView | undefined; channel?: string }
type Click = Person &
  Place & {
    actionId: string
    blockId?: string
    value?: string
    selectedOption?: string
    values?: Values
    /** Fields of the action itself, such as `selected_date`. */
    action?: Json
  }

const form = 'application/x-www-form-urlencoded'

/** The side of Slack that sends signed requests to the app. */
export function senderOf(workspace: Workspace, url: string, options: SenderOptions) {
  const { secret, team = 'T0001', apiAppId = 'A0001' } = options
  const token = 'verification-token'
  const install = { enterprise: null, is_enterprise_install: false }

  async function send(body: string, type: string, signing: Signing): Promise<SlackAnswer> {
    const at = String(signing.atUnix ?? Math.floor(workspace.nowMs() / 1000))
    const key = signing.secret ?? secret
    const digest = createHmac('sha256', key).update(`v0:${at}:${body}`).digest('hex')
    const headers = {
      'content-type': type,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': at,
      'x-slack-signature': signing.signature ?? `v0=${digest}`,
      ...signing.headers,
    }
    const startMs = performance.now()
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual' })
    const text = await response.text()
    const ms = performance.now() - startMs
    return { status: response.status, text, json: jsonOf(text), ms }
  }

  const note = (kind: string, found: readonly string[]) =>
    void workspace.problems.push(...found.map((problem) => `answer to ${kind}: ${problem}`))

  /** Sends an interaction, and looks at the answer as Slack would. */
  async function interact(payload: Json, { over, ...signing }: Person): Promise<SlackAnswer> {
    const sent: Json = { ...payload, ...over }
    const body = new URLSearchParams({ payload: JSON.stringify(sent) }).toString()
    const answer = await send(body, form, signing)
    const kind = String(sent.type)
    const isAnswered = ['view_submission', 'block_suggestion'].includes(kind)
    if (answer.status !== 200) return answer
    if (isAnswered && answer.text !== '') note(kind, blockProblems(answer.json))
    else if (kind === 'block_suggestion') note(kind, ['is empty'])
    else if (answer.text !== '') note(kind, [`Slack ignores the body ${answer.text}`])
    return answer
  }

  const person = (id = 'U0001') => {
    const name = workspace.userName(id)
    return { id, username: name, name, team_id: team }
  }
  const common = () => ({ token, team: { id: team, domain: 'example' }, ...install })
  const triggerOf = ({ triggerId }: Signing) => triggerId ?? workspace.trigger()
  const channelOf = (name: string) => {
    const id = workspace.channelId(name)
    return { id, name: workspace.channelName(id) }
  }
  const shown = ({ ts, text, blocks, thread_ts, author, edits, metadata }: SlackMessage) => ({
    type: 'message',
    user: author,
    ts,
    ...(author === 'UBOT' ? { bot_id: 'BBOT', app_id: apiAppId } : {}),
    text,
    team,
    blocks: withIds(blocks),
    ...(thread_ts ? { thread_ts } : {}),
    ...(edits > 0 ? { edited: { user: author, ts } } : {}),
    ...(metadata ? { metadata } : {}),
  })
  /** Where an interaction took place; Slack leaves the content of ephemeral messages out. */
  const place = ({ message, view }: Place, values: Values = {}) => {
    if (!message) return { container: { type: 'view', view_id: view?.id }, view: view && filled(view, values) } // biome-ignore format: one value
    const { ts, channel, thread_ts, user } = message
    const where = { message_ts: ts, channel_id: channel, is_ephemeral: user !== undefined }
    const container = { type: 'message', ...where, ...(thread_ts ? { thread_ts } : {}) }
    const content = user === undefined ? { message: shown(message) } : {}
    return { container, channel: channelOf(channel), ...content, state: { values: {} } }
  }
  const responseUrl = (user: string | undefined, message: SlackMessage) => {
    const known = workspace.find(message.ts) ?? workspace.ephemerals.find(({ ts }) => ts === message.ts) // biome-ignore format: one value
    const original = known ? { original: known } : {}
    return workspace.responseUrl({ channel: message.channel, user: user ?? 'U0001', ...original })
  }
  const actionTs = () => `${Math.floor(workspace.nowMs() / 1000)}.${String(workspace.next()).padStart(6, '0')}` // biome-ignore format: one value

  return {
    /** A slash command; `asIs` sends the text without escaping it as Slack does. */
    async command(
      text: string,
      given: Person & { channel?: string; command?: string; asIs?: boolean } = {},
    ) {
      // biome-ignore format: one line
      const { user = 'U0001', channel = 'C0001', command = '/gimlet', asIs, over, ...signing } = given // biome-ignore format: one line
      const { id, name } = channelOf(channel)
      const response_url = workspace.responseUrl({ channel: id, user })
      const fields = {
        token,
        team_id: team,
        team_domain: 'example',
        channel_id: id,
        channel_name: name,
        user_id: user,
        user_name: workspace.userName(user),
        command,
        text: asIs ? text : escaped(text),
        api_app_id: apiAppId,
        is_enterprise_install: 'false',
        response_url,
        trigger_id: triggerOf(signing),
        ...(over as Record<string, string> | undefined),
      }
      const sent = await send(new URLSearchParams(fields).toString(), form, signing)
      const answer = { ...sent, responseUrl: response_url }
      const opened = workspace.responseOf(response_url)
      if (answer.status !== 200 || answer.text === '' || !opened) return answer
      const body = typeof answer.json === 'object' ? (answer.json as Json) : { text: answer.text }
      const found = blockProblems(body)
      note('command', found)
      if (found.length === 0) workspace.respond(opened, body)
      return answer
    },

    /** Someone uses an element of a message or a view, as it was when the caller read it. */
    click(given: Click) {
      const { actionId, blockId, value, selectedOption, values, action, user, message, view, channel: _, ...rest } = given // biome-ignore format: one line
      const blocks = withIds(message?.blocks ?? view?.blocks ?? [])
      const found = elementsOf(blocks).find(
        ({ block, element }) =>
          element.action_id === actionId && (!blockId || block.block_id === blockId),
      )
      const isForged = value !== undefined || selectedOption !== undefined || action !== undefined
      if (!found && !isForged) throw new Error(`there is no ${actionId} to click on`)
      const element = found?.element ?? { type: 'button', text: plainText(actionId) }
      const { type, text, style, url, value: own } = element
      const chosen = selectedOption === undefined ? {} : { selected_option: optionOf(element, selectedOption) } // biome-ignore format: one value
      const did = {
        action_id: actionId,
        block_id: blockId ?? found?.block.block_id ?? 'b0',
        ...(text ? { text } : {}),
        ...(type === 'button' ? { value: value ?? own, style, url } : chosen),
        type,
        action_ts: actionTs(),
        ...action,
      }
      const payload = {
        type: 'block_actions',
        user: person(user),
        api_app_id: apiAppId,
        ...common(),
        trigger_id: triggerOf(rest),
        ...place({ message, view }, values),
        ...(message ? { response_url: responseUrl(user, message) } : {}),
        actions: [did],
      }
      return interact(payload, rest)
    },

    /** Submits a modal, and does with it what the answer says. */
    async submit(view: SlackView, given: Person & { values?: Values } = {}) {
      const { values = {}, user, ...rest } = given
      const about = { type: 'view_submission', user: person(user), api_app_id: apiAppId, ...common() } // biome-ignore format: one value
      const more = { trigger_id: triggerOf(rest), view: filled(view, values), response_urls: [] }
      const answer = await interact({ ...about, ...more }, rest)
      if (answer.status === 200) note('view_submission', followAnswer(workspace, view, answer.json))
      return answer
    },

    /** Closes a modal; real Slack says so only of one with `notify_on_close`. */
    close(view: SlackView, { user, ...rest }: Person = {}) {
      closeView(workspace, view)
      const about = { type: 'view_closed', user: person(user), api_app_id: apiAppId, ...common() }
      return interact({ ...about, view, is_cleared: false }, rest)
    },

    /** Types into a select whose options the app answers. */
    suggest(given: Person & Place & { actionId: string; blockId: string; text: string }) {
      const { actionId, blockId, text, user, message, view, channel: _, ...rest } = given
      const about = { type: 'block_suggestion', user: person(user), api_app_id: apiAppId, ...common() } // biome-ignore format: one value
      const asked = { action_id: actionId, block_id: blockId, value: text }
      return interact({ ...about, ...place({ message, view }), ...asked }, rest)
    },

    shortcut(callbackId: string, { user, ...rest }: Person = {}) {
      const about = { type: 'shortcut', user: person(user), ...common(), action_ts: actionTs() }
      return interact({ ...about, callback_id: callbackId, trigger_id: triggerOf(rest) }, rest)
    },

    messageAction(callbackId: string, message: SlackMessage, { user, ...rest }: Person = {}) {
      const about = { type: 'message_action', user: person(user), ...common(), action_ts: actionTs() } // biome-ignore format: one value
      const payload = {
        ...about,
        callback_id: callbackId,
        trigger_id: triggerOf(rest),
        response_url: responseUrl(user, message),
        message_ts: message.ts,
        channel: channelOf(message.channel),
        message: shown(message),
      }
      return interact(payload, rest)
    },

    /** An event; a `retryNum` says that Slack sends it again. */
    event(
      event: Json,
      given: Signing & { retryNum?: number; retryReason?: string; over?: Json } = {},
    ) {
      // biome-ignore format: one line
      const { retryNum, retryReason = 'http_timeout', over, ...signing } = given
      const body = {
        token,
        team_id: team,
        context_team_id: team,
        context_enterprise_id: null,
        api_app_id: apiAppId,
        event,
        type: 'event_callback',
        event_id: signing.eventId ?? `Ev${String(workspace.next()).padStart(8, '0')}`,
        event_time: Math.floor(workspace.nowMs() / 1000),
        authorizations: [{ enterprise_id: null, team_id: team, user_id: 'UBOT', is_bot: true, is_enterprise_install: false }], // biome-ignore format: one value
        is_ext_shared_channel: false,
        event_context: 'event-context',
        ...over,
      }
      const retry: Record<string, string> = retryNum === undefined ? {} : { 'x-slack-retry-num': String(retryNum), 'x-slack-retry-reason': retryReason } // biome-ignore format: one value
      const headers = { ...retry, ...signing.headers }
      return send(JSON.stringify(body), 'application/json', { ...signing, headers })
    },

    urlVerification: (challenge: string, signing: Signing = {}) =>
      send(
        JSON.stringify({ token, challenge, type: 'url_verification' }),
        'application/json',
        signing,
      ),

    sslCheck: (signing: Signing = {}) =>
      send(new URLSearchParams({ token, ssl_check: '1' }).toString(), form, signing),

    /** Any body at all, signed. */
    raw: (body: string, headers: Readonly<Record<string, string>> = {}, signing: Signing = {}) =>
      send(body, form, { ...signing, headers: { ...headers, ...signing.headers } }),
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
