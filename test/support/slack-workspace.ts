import { createHash } from 'node:crypto'

export type Json = Readonly<Record<string, unknown>>
export type SlackMessage = {
  readonly channel: string
  readonly ts: string
  readonly thread_ts?: string
  /** The only person who sees an ephemeral message. */
  readonly user?: string
  readonly author: string
  text: string
  blocks: Json[]
  attachments?: Json[]
  metadata?: Json
  edits: number
}
export type SlackView = Json & { readonly id: string; hash: string; readonly blocks: Json[] }
export type ResponseUrl = {
  readonly id: string
  readonly url: string
  readonly channel: string
  readonly user: string
  readonly madeMs: number
  readonly original: SlackMessage | undefined
  uses: number
  replaced: boolean
  deleted: boolean
  /** The message that the person sees now: the one clicked on, or the newest through this URL. */
  seen: SlackMessage | undefined
}

const triggerMs = 3_000

/** What Slack remembers: messages, views, people, and what it issued for a short time. */
export class Workspace {
  /** The clock of triggers, response URLs and signatures. */
  nowMs: () => number = () => Date.now()
  origin = ''
  /** Where Socket Mode is; an app without it has no such place. */
  socketUrl: string | undefined
  /** Code by channel name or id, such as `not_in_channel` for `#releases`. */
  readonly channelErrors = new Map<string, string>()
  /** What `users.info` says of a person beside the defaults; `null` for nobody. */
  readonly users = new Map<string, Json | null>()
  readonly problems: string[] = []
  readonly ephemerals: SlackMessage[] = []
  readonly views: SlackView[] = []
  protected readonly stored: SlackMessage[] = []
  readonly #homes = new Map<string, SlackView>()
  readonly #channels = new Map<string, string>()
  readonly #triggers = new Map<string, { madeMs: number; isUsed: boolean }>()
  readonly #responseUrls = new Map<string, ResponseUrl>()
  #count = 0

  /** A number that was not there before. */
  next = () => ++this.#count
  #nextTs = () => `1763900000.${String(this.next() * 100).padStart(6, '0')}`

  channelId(channel: string): string {
    if (/^[CDG][A-Z0-9]+$/.test(channel)) return channel
    if (/^[UW][A-Z0-9]+$/.test(channel)) return `D${channel.slice(1)}`
    const name = channel.replace(/^#/, '')
    const id = `C${createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase()}`
    this.#channels.set(id, name)
    return id
  }

  channelName(id: string): string {
    if (id.startsWith('D')) return 'directmessage'
    return this.#channels.get(id) ?? id.toLowerCase()
  }

  channelError(channel: string): string | undefined {
    const id = this.channelId(channel)
    const names = [channel, id, `#${this.channelName(id)}`]
    return names.map((name) => this.channelErrors.get(name)).find(Boolean)
  }

  userName = (id: string): string => String(this.users.get(id)?.name ?? id.toLowerCase())

  /** Keeps a message; one `to` a person is ephemeral. */
  post(content: Json, to?: string): SlackMessage {
    const { text = '', blocks = [], thread_ts, attachments, metadata } = content
    const message = {
      channel: this.channelId(String(content.channel)),
      ts: this.#nextTs(),
      author: String(content.author ?? 'UBOT'),
      text: String(text),
      blocks: blocks as Json[],
      edits: 0,
      ...(thread_ts ? { thread_ts: String(thread_ts) } : {}),
      ...(attachments ? { attachments: attachments as Json[] } : {}),
      ...(metadata ? { metadata: metadata as Json } : {}),
      ...(to === undefined ? {} : { user: to }),
    }
    ;(to === undefined ? this.stored : this.ephemerals).push(message)
    return message
  }

  /** A message of a person, which the app cannot edit. */
  someoneSays = (channel: string, text: string, more: Json = {}): SlackMessage =>
    structuredClone(this.post({ author: 'U0001', ...more, channel, text }))

  edit(message: SlackMessage, content: Json): void {
    // Slack keeps the blocks of a message whose edit names none.
    Object.assign(message, {
      ...(content.text === undefined ? {} : { text: content.text }),
      ...(content.blocks ? { blocks: content.blocks } : {}),
      ...(content.attachments ? { attachments: content.attachments } : {}),
      ...(content.metadata ? { metadata: content.metadata } : {}),
      edits: message.edits + 1,
    })
  }

  remove(message: SlackMessage): void {
    for (const list of [this.stored, this.ephemerals])
      if (list.includes(message)) list.splice(list.indexOf(message), 1)
  }

  /** The message itself, which changes; `message` answers what it is now. */
  find = (ts: unknown, channel?: string): SlackMessage | undefined =>
    this.stored.find((one) => one.ts === ts && (!channel || one.channel === channel))

  message = (ts: string): SlackMessage | undefined => structuredClone(this.find(ts))

  /** What people see now, in one channel or all. */
  messages(channel?: string): SlackMessage[] {
    const id = channel === undefined ? undefined : this.channelId(channel)
    return structuredClone(this.stored.filter((one) => id === undefined || one.channel === id))
  }

  home = (user: string): SlackView | undefined => this.#homes.get(user)
  setHome = (user: string, view: SlackView): void => void this.#homes.set(user, view)

  makeView(given: Json, about: Json = {}): SlackView {
    const id = `V${String(this.next()).padStart(8, '0')}`
    const defaults = { private_metadata: '', callback_id: '', external_id: '', title: { type: 'plain_text', text: 'Home', emoji: true }, close: null, submit: null, clear_on_close: false, notify_on_close: false } // biome-ignore format: one value
    const issued = { id, team_id: 'T0001', app_id: 'A0001', app_installed_team_id: 'T0001', bot_id: 'BBOT', state: { values: {} }, hash: this.hash(), root_view_id: id, previous_view_id: null } // biome-ignore format: one value
    const blocks = withIds(given.blocks as Json[])
    return { ...defaults, ...given, ...issued, ...about, blocks }
  }

  hash = (): string => `1763900000.${this.next().toString(36).padStart(8, 'h')}`

  /** Puts new content into a view that is open. */
  updateView(current: SlackView, given: Json): SlackView {
    const { id, root_view_id, previous_view_id } = current
    const view = this.makeView(given, { id, root_view_id, previous_view_id })
    const at = this.views.findIndex((one) => one.id === id)
    if (at >= 0) this.views[at] = view
    return view
  }

  trigger(): string {
    const id = `${this.next()}.${this.#nextTs()}.${'f'.repeat(32)}`
    this.#triggers.set(id, { madeMs: this.nowMs(), isUsed: false })
    return id
  }

  /** Uses a trigger; answers the code of the error, if there is one. */
  spend(id: unknown): string | undefined {
    const trigger = this.#triggers.get(String(id))
    if (!trigger) return 'invalid_trigger_id'
    if (trigger.isUsed) return 'exchanged_trigger_id'
    if (this.nowMs() - trigger.madeMs > triggerMs) return 'expired_trigger_id'
    trigger.isUsed = true
    return undefined
  }

  /** Makes a response URL; `about` says where and for whom. */
  responseUrl(about: { channel?: string; user?: string; original?: SlackMessage } = {}): string {
    const { channel = 'C0001', user = 'U0001', original } = about
    const id = `R${this.next()}`
    const url = `${this.origin}/response/${id}`
    const fresh = { uses: 0, replaced: false, deleted: false, original, seen: original }
    this.#responseUrls.set(id, { id, url, channel, user, madeMs: this.nowMs(), ...fresh })
    return url
  }

  /** What became of a response URL, by the URL or its id. */
  responseOf = (url: string): ResponseUrl | undefined =>
    this.#responseUrls.get(url.split('/').at(-1) ?? '')

  /** Shows what was posted to a response URL, or answered to a command. */
  respond(place: ResponseUrl, body: Json): void {
    const { seen, channel, user } = place
    if (body.delete_original === true) {
      if (seen) this.remove(seen)
      place.deleted = true
      place.seen = undefined
    } else if (body.replace_original === true && seen) {
      this.edit(seen, { blocks: [], ...body })
      place.replaced = true
    } else if (body.text !== undefined || body.blocks !== undefined) {
      const to = body.response_type === 'in_channel' ? undefined : user
      place.seen = this.post({ ...body, channel }, to)
    }
  }
}

/** Blocks with the ids that Slack makes up where none are given. */
export const withIds = (blocks: readonly Json[]): Json[] =>
  blocks.map((block, at) => {
    const isAction = ({ type }: Json) =>
      !/^(?:mrkdwn|plain_text|image|rich_text_.*)$/.test(String(type))
    const named = (value: unknown, index = 0): unknown =>
      isAction(value as Json) ? { action_id: `a${at}-${index}`, ...(value as Json) } : value
    const { elements, accessory, element } = block
    return {
      block_id: `b${at}`,
      ...block,
      ...(Array.isArray(elements) ? { elements: elements.map(named) } : {}),
      ...(accessory ? { accessory: named(accessory) } : {}),
      ...(element ? { element: named(element) } : {}),
    }
  })
