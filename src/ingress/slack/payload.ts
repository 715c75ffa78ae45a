import { z } from 'zod'
import { type Refusal, refuse } from '../../domain/fault.ts'

/** What Slack sends, as far as we look at it before Bolt does. Unknown fields are left alone. */
export type Payload =
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'ssl-check' }
  | Delivered

export type Delivered = {
  readonly kind: 'command' | 'submission' | 'action' | 'shortcut' | 'options' | 'event'
  /** The name that Slack gave it: a repeat has the same. `null` of what only looks. */
  readonly key: string | null
  /** The workspaces that it is said to come from: each must be one of ours. */
  readonly teams: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
}

const id = z.string().regex(/^[A-Z0-9]{1,40}$/)
const text = z.string().max(40_000)

const command = z.looseObject({
  command: text,
  text: text.default(''),
  team_id: id,
  user_id: id,
  channel_id: id,
  trigger_id: text,
  response_url: text.optional(),
})
const person = z.looseObject({ id, team_id: id.optional() })
const team = z.looseObject({ id })
const place = {
  channel: z.looseObject({ id }).optional(),
  container: z.looseObject({ channel_id: id.optional() }).optional(),
}
const action = z.looseObject({ action_id: text, type: text, value: text.optional() })
const interaction = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('block_actions'),
    ...place,
    team,
    user: person,
    trigger_id: text,
    actions: z.array(action).min(1),
  }),
  z.looseObject({
    type: z.literal('view_submission'),
    team,
    user: person,
    trigger_id: text.optional(),
    view: z.looseObject({ id: text, callback_id: text }),
  }),
  z.looseObject({
    type: z.literal('block_suggestion'),
    team,
    user: person,
    action_id: text,
    value: text,
  }),
  z.looseObject({
    type: z.literal('shortcut'),
    team,
    user: person,
    trigger_id: text,
    callback_id: text,
  }),
  z.looseObject({
    type: z.literal('message_action'),
    ...place,
    team,
    user: person,
    trigger_id: text,
    callback_id: text,
  }),
])
const happened = z.looseObject({
  type: z.literal('event_callback'),
  team_id: id,
  event_id: text,
  event: z.looseObject({
    type: text,
    user: id.optional(),
    channel: z.union([id, z.looseObject({})]).optional(),
  }),
})

const kinds = {
  block_actions: 'action',
  view_submission: 'submission',
  block_suggestion: 'options',
  shortcut: 'shortcut',
  message_action: 'shortcut',
} as const

const wrong = refuse('invalid', 'This is not what Slack sends')

/** Reads a body that was verified: a form with a command or a payload, or an event as JSON. */
export function readPayload(body: string, contentType: string): Payload | Refusal {
  if (contentType.includes('json')) return readEvent(parseJson(body))
  const form = Object.fromEntries(new URLSearchParams(body))
  if (form.payload !== undefined) return readInteraction(parseJson(form.payload))
  if (form.ssl_check === '1') return { kind: 'ssl-check' }
  return readCommand(form)
}

/** Reads what came through a socket, where Slack has parsed it already. */
export function readParsed(value: unknown): Payload | Refusal {
  const { type, command: name } = z.looseObject({}).safeParse(value).data ?? {}
  if (name !== undefined) return readCommand(value)
  return type === 'event_callback' ? readEvent(value) : readInteraction(value)
}

function readCommand(value: unknown): Payload | Refusal {
  const { data } = command.safeParse(value)
  if (!data) return wrong
  return {
    kind: 'command',
    key: `trigger ${data.trigger_id}`,
    teams: [data.team_id],
    body: data,
  }
}

function readInteraction(value: unknown): Payload | Refusal {
  const { data } = interaction.safeParse(value)
  if (!data) return wrong
  const { trigger_id: trigger } = data
  return {
    kind: kinds[data.type],
    key: data.type === 'block_suggestion' ? null : keyOf(trigger, 'view' in data ? data.view : {}),
    teams: [data.team.id],
    body: data,
  }
}

/** A window that is submitted without a trigger is known by itself and by what it showed. */
const keyOf = (trigger: unknown, view: unknown): string =>
  typeof trigger === 'string' ? `trigger ${trigger}` : `view ${JSON.stringify(view)}`

function readEvent(value: unknown): Payload | Refusal {
  const asked = z.looseObject({ type: z.literal('url_verification'), challenge: text })
  const { data: verification } = asked.safeParse(value)
  if (verification) return { kind: 'challenge', challenge: verification.challenge }
  const { data } = happened.safeParse(value)
  if (!data) return wrong
  return { kind: 'event', key: `event ${data.event_id}`, teams: [data.team_id], body: data }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
