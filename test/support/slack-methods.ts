import { blockProblems } from './block-kit.ts'
import type { Json, SlackMessage, SlackView, Workspace } from './slack-workspace.ts'

type Args = Readonly<Record<string, unknown>>
type Method = (workspace: Workspace, args: Args) => Json

export const no = (error: string, more: Json = {}): Json => ({ ok: false, error, ...more })

/** The scope that a method needs. */
export const scopeOf: Readonly<Record<string, string>> = {
  'chat.postMessage': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.update': 'chat:write',
  'chat.delete': 'chat:write',
  'conversations.info': 'channels:read',
  'users.info': 'users:read',
}

export const methods: Readonly<Record<string, Method>> = {
  'auth.test': ({ origin }) => ({
    ok: true,
    url: `${origin}/`,
    team: 'Example',
    user: 'gimlet',
    team_id: 'T0001',
    user_id: 'UBOT',
    bot_id: 'BBOT',
    is_enterprise_install: false,
  }),

  'apps.connections.open': ({ socketUrl }) =>
    socketUrl === undefined ? no('socket_mode_not_enabled') : { ok: true, url: socketUrl },

  'chat.postMessage'(workspace, args) {
    const wrong = channelProblem(workspace, args) ?? contentProblem(workspace, args)
    if (wrong) return wrong
    const channel = workspace.channelId(String(args.channel))
    if (args.thread_ts && !workspace.find(args.thread_ts, channel)) return no('thread_not_found')
    return posted(workspace.post(args))
  },

  'chat.postEphemeral'(workspace, args) {
    const wrong = channelProblem(workspace, args) ?? contentProblem(workspace, args)
    if (wrong) return wrong
    if (!args.user || workspace.users.get(String(args.user)) === null)
      return no('user_not_in_channel')
    return { ok: true, message_ts: workspace.post(args, String(args.user)).ts }
  },

  'chat.update'(workspace, args) {
    const found = own(workspace, args, 'cant_update_message')
    if ('error' in found) return found
    const wrong = contentProblem(workspace, args)
    if (wrong) return wrong
    workspace.edit(found.message, args)
    return { ...posted(found.message), text: found.message.text }
  },

  'chat.delete'(workspace, args) {
    const found = own(workspace, args, 'cant_delete_message')
    if ('error' in found) return found
    workspace.remove(found.message)
    return { ok: true, channel: found.message.channel, ts: found.message.ts }
  },

  'views.open': (workspace, args) => opened(workspace, args, {}),

  'views.push'(workspace, args) {
    const below = workspace.views.at(-1)
    if (!below) return no('not_found')
    return opened(workspace, args, { root_view_id: below.root_view_id, previous_view_id: below.id })
  },

  'views.update'(workspace, args) {
    const wrong = viewProblem(workspace, args)
    if (wrong) return wrong
    const { view_id, external_id, hash } = args
    const current = workspace.views.find((view) =>
      view_id ? view.id === view_id : external_id && view.external_id === external_id,
    )
    if (!current) return no('not_found')
    if (hash && hash !== current.hash) return no('hash_conflict')
    return { ok: true, view: workspace.updateView(current, args.view as Json) }
  },

  'views.publish'(workspace, args) {
    const user = String(args.user_id ?? '')
    if (!user || workspace.users.get(user) === null) return no('user_not_found')
    const wrong = viewProblem(workspace, args, 'home')
    if (wrong) return wrong
    const current = workspace.home(user)
    if (args.hash && args.hash !== current?.hash) return no('hash_conflict')
    const id = current ? { id: current.id, root_view_id: current.id } : {}
    const view = workspace.makeView(args.view as Json, id)
    workspace.setHome(user, view)
    return { ok: true, view }
  },

  'conversations.info'(workspace, args) {
    const id = String(args.channel ?? '')
    const error = workspace.channelError(id)
    if (!/^[CDG]/.test(id) || error === 'channel_not_found') return no('channel_not_found')
    const [is_archived, is_member] = [error === 'is_archived', error === undefined]
    const about = { is_archived, is_member, is_private: false, context_team_id: 'T0001' }
    const name = workspace.channelName(id)
    return { ok: true, channel: { id, name, is_channel: true, is_im: id[0] === 'D', ...about } }
  },

  'users.info'(workspace, args) {
    const id = String(args.user ?? '')
    const about = workspace.users.get(id)
    if (!/^[UW]/.test(id) || about === null) return no('user_not_found')
    const name = workspace.userName(id)
    const flags = {
      deleted: false,
      is_bot: false,
      is_restricted: false,
      is_ultra_restricted: false,
    }
    const profile = { real_name: name, display_name: name, team: 'T0001' }
    const user = { id, team_id: 'T0001', name, real_name: name, tz: 'Europe/Amsterdam', profile }
    return { ok: true, user: { ...user, ...flags, ...about } }
  },
}

function posted(message: SlackMessage): Json {
  const { channel, ts, text, blocks, thread_ts } = message
  const thread = thread_ts ? { thread_ts } : {}
  const shown = { type: 'message', user: 'UBOT', bot_id: 'BBOT', app_id: 'A0001', team: 'T0001' }
  return { ok: true, channel, ts, message: { ...shown, ts, text, blocks, ...thread } }
}

function opened(workspace: Workspace, args: Args, about: Json): Json {
  const error = viewProblem(workspace, args, 'modal') ?? workspace.spend(args.trigger_id)
  if (error) return typeof error === 'string' ? no(error) : error
  const view: SlackView = workspace.makeView(args.view as Json, about)
  workspace.views.push(view)
  return { ok: true, view }
}

function channelProblem(workspace: Workspace, { channel }: Args): Json | undefined {
  if (!channel) return no('channel_not_found')
  const error = workspace.channelError(String(channel))
  return error ? no(error) : undefined
}

/** The app's own message; only people's own client takes a name for a channel here. */
function own(
  workspace: Workspace,
  args: Args,
  foreign: string,
): { message: SlackMessage } | { ok: false; error: string } {
  const channel = String(args.channel ?? '')
  const error = workspace.channelError(channel)
  if (!/^[CDG][A-Z0-9]+$/.test(channel) || error)
    return { ok: false, error: error ?? 'channel_not_found' }
  const message = workspace.find(args.ts, channel)
  if (!message) return { ok: false, error: 'message_not_found' }
  return message.author === 'UBOT' ? { message } : { ok: false, error: foreign }
}

function contentProblem(workspace: Workspace, args: Args): Json | undefined {
  const found = blockProblems(args)
  workspace.problems.push(...found.map((problem) => `message: ${problem}`))
  if (!args.text && !args.blocks && !args.attachments) return no('no_text')
  if (String(args.text ?? '').length > 40_000) return no('msg_too_long')
  return found.length > 0 ? no('invalid_blocks', { errors: found }) : undefined
}

// What Slack says of a view that breaks a limit is `invalid_arguments`, not `invalid_blocks`.
function viewProblem(workspace: Workspace, { view }: Args, type?: string): Json | undefined {
  const isOther = type !== undefined && (view as Json | undefined)?.type !== type
  const found = isOther ? [`type: must be ${type}`] : blockProblems(view)
  workspace.problems.push(...found.map((problem) => `view: ${problem}`))
  const messages = found.map((problem) => `[ERROR] ${problem}`)
  return found.length > 0 ? no('invalid_arguments', { response_metadata: { messages } }) : undefined
}
