import { z } from 'zod'

/** Characters of all texts in the blocks of one message: measured, Slack does not document it. */
export const messageCharsMax = 12_000
const messageBlocksMax = 50

const may = <T extends z.ZodType>(schema: T) => schema.optional()
const string = (max: number) => z.string().min(1).max(max)
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: string(max), emoji: may(z.boolean()) })
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: string(max), verbatim: may(z.boolean()) })
const anyText = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)])
const list = <T extends z.ZodType>(of: T, max: number) => z.array(of).min(1).max(max)
const count = z.int().min(1)
const date = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const style = z.enum(['primary', 'danger']).optional()

const confirm = z
  .strictObject({
    title: plain(100),
    text: anyText(300),
    confirm: plain(30),
    deny: plain(30),
    style,
  })
  .partial({ title: true, confirm: true, deny: true })

// The type definitions say 75 for a value; what Slack documents is 150.
const optionOf = <T extends z.ZodType>(text: T) =>
  z.strictObject({ text, value: string(150), description: may(plain(75)) })
const option = optionOf(plain(75))
const richOption = optionOf(anyText(75))
const group = z.strictObject({ label: plain(75), options: list(option, 100) })
const choice = { options: list(option, 100).optional(), option_groups: list(group, 100).optional() }
const eitherChoice = { message: 'needs options or option_groups, and not both' }
const hasOneChoice = (given: { options?: unknown; option_groups?: unknown }) =>
  (given.options === undefined) !== (given.option_groups === undefined)

const action = { action_id: may(string(255)), confirm: may(confirm) }
const focus = { ...action, focus_on_load: may(z.boolean()) }
const field = { ...focus, placeholder: may(plain(150)) }
const dispatch = z.strictObject({
  trigger_actions_on: list(z.enum(['on_enter_pressed', 'on_character_entered']), 2).optional(),
})
const { confirm: _, ...unconfirmed } = field
const typed = { ...unconfirmed, dispatch_action_config: may(dispatch) }
const element = <N extends string, T extends z.ZodRawShape>(name: N, shape: T) =>
  z.strictObject({ type: z.literal(name), ...shape })

const button = element('button', {
  ...action,
  text: plain(75),
  value: may(string(2000)),
  url: may(string(3000)),
  style,
  accessibility_label: may(string(75)),
})
const image = element('image', { image_url: string(3000), alt_text: string(2000) })
const many = { ...field, max_selected_items: may(count) }
const external = { action_id: string(255), min_query_length: may(z.int().min(0)) }
const filter = z.strictObject({
  include: list(z.enum(['im', 'mpim', 'private', 'public']), 4).optional(),
  exclude_external_shared_channels: may(z.boolean()),
  exclude_bot_users: may(z.boolean()),
})
const conversations = { default_to_current_conversation: may(z.boolean()), filter: may(filter) }
const respondable = { response_url_enabled: may(z.boolean()) }
const ids = z.array(string(255)).optional()
const selects = [
  element('static_select', { ...field, ...choice, initial_option: may(option) }).refine(
    hasOneChoice,
    eitherChoice,
  ),
  element('multi_static_select', {
    ...many,
    ...choice,
    initial_options: z.array(option).optional(),
  }).refine(hasOneChoice, eitherChoice),
  element('external_select', { ...field, ...external, initial_option: may(option) }),
  element('multi_external_select', {
    ...many,
    ...external,
    initial_options: z.array(option).optional(),
  }),
  element('users_select', { ...field, initial_user: may(string(255)) }),
  element('multi_users_select', { ...many, initial_users: ids }),
  element('channels_select', { ...field, ...respondable, initial_channel: may(string(255)) }),
  element('multi_channels_select', { ...many, initial_channels: ids }),
  element('conversations_select', {
    ...field,
    ...respondable,
    ...conversations,
    initial_conversation: may(string(255)),
  }),
  element('multi_conversations_select', { ...many, ...conversations, initial_conversations: ids }),
] as const
const pickers = [
  element('datepicker', { ...field, initial_date: may(date) }),
  element('timepicker', {
    ...field,
    initial_time: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .optional(),
    timezone: may(string(255)),
  }),
  element('checkboxes', {
    ...focus,
    options: list(richOption, 10),
    initial_options: list(richOption, 10).optional(),
  }),
  element('radio_buttons', {
    ...focus,
    options: list(richOption, 10),
    initial_option: may(richOption),
  }),
] as const
const dateTime = element('datetimepicker', {
  ...focus,
  initial_date_time: z.int().min(1e9).max(9_999_999_999).optional(),
})
const overflow = element('overflow', {
  ...action,
  options: list(option.extend({ url: may(string(3000)) }), 5),
})
const length = z.int().min(0).max(3000)
const inputs = [
  element('plain_text_input', {
    ...typed,
    initial_value: may(string(3000)),
    multiline: may(z.boolean()),
    min_length: may(length),
    max_length: length.min(1).optional(),
  }),
  element('number_input', {
    ...typed,
    is_decimal_allowed: z.boolean(),
    initial_value: may(string(255)),
    min_value: may(string(255)),
    max_value: may(string(255)),
  }),
  element('email_text_input', { ...typed, initial_value: may(string(3000)) }),
  element('url_text_input', { ...typed, initial_value: may(string(3000)) }),
] as const

const fontStyle = z
  .strictObject({
    bold: z.boolean(),
    code: z.boolean(),
    italic: z.boolean(),
    strike: z.boolean(),
    underline: z.boolean(),
  })
  .partial()
const inline = <N extends string, T extends z.ZodRawShape>(name: N, shape: T) =>
  element(name, { ...shape, style: fontStyle.optional() })
const words = [
  inline('text', { text: string(messageCharsMax) }),
  inline('link', { url: string(3000), text: may(string(3000)), unsafe: may(z.boolean()) }),
] as const
const inlines = z.discriminatedUnion('type', [
  ...words,
  inline('emoji', { name: string(255), unicode: may(string(255)), url: may(string(3000)) }),
  inline('user', { user_id: string(255) }),
  inline('usergroup', { usergroup_id: string(255) }),
  inline('team', { team_id: string(255) }),
  inline('channel', { channel_id: string(255) }),
  inline('broadcast', { range: z.enum(['here', 'channel', 'everyone']) }),
  inline('color', { value: string(255) }),
  inline('date', {
    timestamp: z.int(),
    format: string(255),
    url: may(string(3000)),
    fallback: may(string(255)),
  }),
])
const border = { border: z.literal([0, 1]).optional() }
const richSection = element('rich_text_section', { elements: z.array(inlines) })
const richText = element('rich_text', {
  block_id: may(string(255)),
  elements: z
    .array(
      z.discriminatedUnion('type', [
        richSection,
        element('rich_text_quote', { elements: z.array(inlines), ...border }),
        element('rich_text_preformatted', {
          elements: z.array(z.discriminatedUnion('type', words)),
          ...border,
        }),
        element('rich_text_list', {
          elements: z.array(richSection).min(1),
          style: z.enum(['bullet', 'ordered']),
          indent: z.int().min(0).max(8).optional(),
          offset: may(z.int().min(0)),
          ...border,
        }),
      ]),
    )
    .min(1),
})
const cell = z.discriminatedUnion('type', [
  richText,
  element('raw_text', { text: string(messageCharsMax) }),
  element('raw_number', { value: z.number(), text: string(255) }),
])
const column = z.strictObject({
  align: z.enum(['left', 'center', 'right']).optional(),
  is_wrapped: may(z.boolean()),
})

const block = <N extends string, T extends z.ZodRawShape>(name: N, shape: T) =>
  element(name, { block_id: may(string(255)), ...shape })
const blocks = z.discriminatedUnion('type', [
  block('section', {
    text: may(anyText(3000)),
    fields: list(anyText(2000), 10).optional(),
    accessory: z
      .discriminatedUnion('type', [button, image, overflow, ...selects, ...pickers])
      .optional(),
    expand: may(z.boolean()),
  }).refine(({ text, fields }) => text ?? fields, { message: 'needs text or fields' }),
  block('header', { text: plain(150) }),
  block('divider', {}),
  block('context', {
    elements: list(z.discriminatedUnion('type', [plain(3000), mrkdwn(3000), image]), 10),
  }),
  block('actions', {
    elements: list(
      z.discriminatedUnion('type', [button, overflow, dateTime, ...selects, ...pickers]),
      25,
    ),
  }),
  block('image', { image_url: string(3000), alt_text: string(2000), title: may(plain(2000)) }),
  block('input', {
    label: plain(2000),
    hint: may(plain(2000)),
    optional: may(z.boolean()),
    dispatch_action: may(z.boolean()),
    element: z.discriminatedUnion('type', [dateTime, ...inputs, ...selects, ...pickers]),
  }),
  block('markdown', { text: string(messageCharsMax) }),
  richText,
  block('table', {
    rows: list(list(cell, 20), 100),
    column_settings: z.array(column.nullable()).max(20).optional(),
  }),
])

export const messageBlocks = z.array(blocks).max(messageBlocksMax)
const attachment = z.looseObject({ blocks: may(messageBlocks) })
const flags = ['reply_broadcast', 'unfurl_links', 'unfurl_media', 'mrkdwn', 'link_names', 'as_user', 'replace_original', 'delete_original'] as const // biome-ignore format: one list
const names = ['channel', 'ts', 'thread_ts', 'user', 'token', 'username', 'icon_emoji', 'icon_url', 'parse'] as const // biome-ignore format: one list
const flag = z.union([z.boolean(), z.enum(['true', 'false'])])
export const message = z
  .strictObject({
    text: string(40_000),
    blocks: messageBlocks,
    attachments: z.array(attachment).max(100),
    metadata: z.looseObject({ event_type: string(255), event_payload: z.looseObject({}) }),
    response_type: z.enum(['in_channel', 'ephemeral']),
    ...(Object.fromEntries(flags.map((name) => [name, flag])) as Record<string, typeof flag>),
    ...(Object.fromEntries(names.map((name) => [name, string(3000)])) as Record<string, z.ZodType>),
  })
  .partial()

const viewParts = {
  blocks: z.array(blocks).max(100),
  private_metadata: may(string(3000)),
  callback_id: may(string(255)),
  external_id: may(string(255)),
}
export const modal = element('modal', {
  ...viewParts,
  title: plain(24),
  submit: may(plain(24)),
  close: may(plain(24)),
  clear_on_close: may(z.boolean()),
  notify_on_close: may(z.boolean()),
})
export const home = element('home', viewParts)
export const suggestion = z
  .strictObject({
    options: z.array(option).max(100).optional(),
    option_groups: z.array(group).max(100).optional(),
  })
  .refine(hasOneChoice, eitherChoice)
const respond = <N extends string, T extends z.ZodRawShape>(name: N, shape: T) =>
  z.strictObject({ response_action: z.literal(name), ...shape })
export const viewResponse = z.discriminatedUnion('response_action', [
  respond('update', { view: modal }),
  respond('push', { view: modal }),
  respond('clear', {}),
  respond('errors', {
    errors: z
      .record(string(255), string(3000))
      .refine((errors) => Object.keys(errors).length > 0, { message: 'names no block' }),
  }),
])
