import { z } from 'zod'
import { isLabel, labelRule } from '../domain/names.ts'
import { declarations } from './declarations.ts'
import { isTimeZone } from './now.ts'
import { computedOperators, libraryOperators, ownOperators, textOperators } from './operators.ts'
import { weekdays } from './within.ts'

const minuteMs = 60_000
const unitsMs: Readonly<Record<string, number>> = {
  m: minuteMs,
  h: 60 * minuteMs,
  d: 24 * 60 * minuteMs,
}
export const expiresMsMax = 90 * 24 * 60 * minuteMs

/** `30m`, `24h` or `7d` in milliseconds. */
export const durationMs = (text: string): number =>
  Number(text.slice(0, -1)) * (unitsMs[text.slice(-1)] ?? Number.NaN)

// What a policy says reaches terminals, commits and logs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const oneLine = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/
const line = (charsMax: number) =>
  z
    .string({ error: 'must be text' })
    .max(charsMax, `must have at most ${charsMax} characters`)
    .regex(oneLine, 'must be one line without control characters')

// What these hold is checked by checkRule and readScope; to zod they are only a place.
const rule = (description: string) => z.unknown().meta({ ...ref('rule'), description })
const names = (description: string) => z.unknown().meta({ ...ref('names'), description })

const common = {
  $schema: z.string({ error: 'must be text' }).optional(),
  description: line(300).default('').describe('What the policy is for, in one sentence'),
  enabled: z
    .boolean({ error: 'must be true or false' })
    .default(true)
    .describe('false turns the policy off; the file is checked all the same'),
  app: names('The apps it is about; absent is all').optional(),
  timeZone: z
    .string({ error: 'must be text' })
    .refine(isTimeZone, 'must be the IANA name of a time zone, such as Europe/Budapest')
    .default('UTC')
    .describe('The time zone of now.weekday, now.hour and now.minute'),
  when: rule('The policy applies only when this is true').optional(),
}

export const artifactEvents = ['push', 'tag', 'pr'] as const
export type ArtifactEvent = (typeof artifactEvents)[number]

/** What a trigger can answer to. */
export const triggerSources = [
  'artifact',
  'released',
  'branchDeleted',
  'health',
  'schedule',
] as const
export type TriggerSource = (typeof triggerSources)[number]

const clockTime = z
  .string({ error: 'must be text' })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 02:00')
const label = z.string({ error: 'must be text' }).refine(isLabel, `must be one name: ${labelRule}`)

const trigger = z
  .strictObject({
    kind: z.literal('trigger'),
    on: z.enum(triggerSources, {
      error:
        'must be "artifact", "released", "branchDeleted", "health" or "schedule": this version knows no other trigger',
    }),
    ...common,
    env: names('The environments to release to'),
    events: z
      .array(z.enum(artifactEvents, { error: 'must be push, tag or pr' }), {
        error: 'must be a list of push, tag and pr',
      })
      .min(1, 'must name an event')
      .optional()
      .describe('Of which events the artifact may be; push and tag when absent'),
    ask: z
      .enum(['release', 'rollback', 'delete'], { error: 'must be release, rollback or delete' })
      .optional()
      .describe(
        'What it asks for: absent means delete on branchDeleted, rollback on health, release on all else',
      ),
    at: clockTime.optional().describe('Of a schedule: the time of day in timeZone'),
    days: z
      .array(z.enum(weekdays, { error: 'must be days such as monday' }), 'must be a list of days')
      .min(1, 'must name a day')
      .optional()
      .describe('Of a schedule: on which days; absent is every day'),
    from: label
      .optional()
      .describe('Of a scheduled release: the environment whose running artifact is released'),
  })
  .superRefine((trigger, context) => {
    const { on, ask, at, days, from } = trigger
    const say = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message })
    const isScheduled = on === 'schedule'
    if (isScheduled && at === undefined) say('at', 'is missing: write "at": "02:00"')
    if (!isScheduled && at !== undefined)
      say('at', 'only a trigger on schedule takes it: remove it')
    if (!isScheduled && days !== undefined)
      say('days', 'only a trigger on schedule takes it: remove it')
    if (!isScheduled && from !== undefined)
      say('from', 'only a trigger on schedule takes it: remove it')
    if (isScheduled && (ask ?? 'release') === 'release' && from === undefined)
      say('from', 'is missing: name the environment whose running artifact is released')
    if (isScheduled && ask !== undefined && ask !== 'release' && from !== undefined)
      say('from', 'only a release takes it: remove it')
    if (['artifact', 'released'].includes(on) && ask !== undefined && ask !== 'release')
      say('ask', `a trigger on ${on} asks for a release: remove it`)
    if (on === 'health' && trigger.when === undefined)
      say('when', 'is missing: write { "==": [ { "var": "current.health" }, "failed" ] }')
    if (on === 'health' && ask === 'release')
      say('ask', 'a trigger on health asks for a rollback, or to delete')
    if (on === 'branchDeleted' && ask !== undefined && ask !== 'delete')
      say('ask', 'a trigger on branchDeleted asks to delete: remove it')
  })
  .refine(({ on, events }) => on === 'artifact' || events === undefined, {
    path: ['events'],
    message: 'only a trigger on artifacts takes it: remove it',
  })
  .describe('Asks for a release of every artifact that fits')

const gate = z
  .strictObject({
    kind: z.literal('gate'),
    ...common,
    env: names('The environments it guards; absent is all').optional(),
    require: rule('What must be true for a release to go'),
    otherwise: z
      .enum(['deny', 'hold', 'warn'], { error: 'must be deny, hold or warn' })
      .default('deny')
      .describe('What happens when it is not'),
    expires: z
      .string({ error: 'must be text' })
      .regex(/^[1-9]\d{0,4}[mhd]$/, 'must be a time such as 30m, 24h or 7d')
      .refine((text) => !(durationMs(text) > expiresMsMax), 'must be at most 90d')
      .optional()
      .describe('How long a hold waits before it is denied; 24h when absent'),
    newer: z
      .enum(['supersedes', 'queues'], { error: 'must be supersedes or queues' })
      .optional()
      .describe(
        'What a newer request does while this holds one: takes its place, or waits behind it',
      ),
    message: line(1_000).optional().describe('What to tell whoever asked'),
  })
  .refine(({ expires, otherwise }) => expires === undefined || otherwise === 'hold', {
    path: ['expires'],
    message: 'only a hold expires: remove it, or write "otherwise": "hold"',
  })
  .refine(({ newer, otherwise }) => newer === undefined || otherwise === 'hold', {
    path: ['newer'],
    message: 'only a hold makes others wait: remove it, or write "otherwise": "hold"',
  })
  .describe('Must hold for every release, whoever asks')

const object = z
  .strictObject({
    kind: z.literal('object'),
    ...common,
    env: names('The environments it guards; absent is all').optional(),
    each: z
      .enum(['object', 'container'], { error: 'must be object or container' })
      .default('object')
      .describe('What the rule is asked of: each object, or each container of each object'),
    require: rule('What must be true of it'),
    otherwise: z
      .enum(['deny', 'warn'], {
        error: 'must be deny or warn: an object does not change by waiting',
      })
      .default('deny')
      .describe('What happens when it is not'),
    message: line(1_000).optional().describe('What to tell whoever asked'),
  })
  .describe('Must hold for every Kubernetes object about to be written')

/** The shape of each kind of policy, without what its rules mean. */
export const policyShapes = { trigger, gate, object }

/** The JSON Schema that editors use: `policies/policy.schema.json`. */
export function policyJsonSchema(): object {
  const { $schema, ...policy } = z.toJSONSchema(z.union([trigger, gate, object]), { io: 'input' })
  return {
    $schema,
    title: 'A GimletD policy',
    ...policy,
    $defs: {
      names: namesSchema,
      rule: ruleSchema(),
      operand: operandSchema(),
      fact: factSchema(),
    },
  }
}

function ref(name: string): { readonly $ref: string } {
  return { $ref: `#/$defs/${name}` }
}

const namesSchema = {
  description: 'A name, a pattern such as web-*, or a list of these',
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
}

function ruleSchema(): object {
  const pair = { type: 'array', items: ref('operand'), minItems: 2, maxItems: 2 }
  const rules = { type: 'array', items: ref('rule'), minItems: 1 }
  const properties = {
    and: rules,
    or: rules,
    '!': { anyOf: [ref('rule'), { ...rules, maxItems: 1 }] },
    has: ref('fact'),
    ...Object.fromEntries([...libraryOperators, ...textOperators].map((name) => [name, pair])),
    // What these take is said by docs/policies.md and checked by `gimlet policy check`.
    ...Object.fromEntries(ownOperators.map((name) => [name, {}])),
  }
  const node = { type: 'object', additionalProperties: false, minProperties: 1, maxProperties: 1 }
  return {
    description: 'A rule in strict JSON-Logic: docs/policies.md',
    anyOf: [{ type: 'boolean' }, { ...node, properties }],
  }
}

function operandSchema(): object {
  const literals = [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }]
  const withDefault = { type: 'array', prefixItems: [ref('fact')], minItems: 2, maxItems: 2 }
  const properties = { var: { anyOf: [ref('fact'), withDefault] } }
  return {
    anyOf: [
      ...literals,
      { type: 'array', items: { anyOf: literals } },
      { type: 'object', additionalProperties: false, required: ['var'], properties },
      ...['image', ...computedOperators].map((name) => ({
        type: 'object',
        additionalProperties: false,
        required: [name],
        properties: { [name]: {} },
      })),
    ],
  }
}

function factSchema(): object {
  const paths = declarations.map(({ path }) => path)
  const patterns = paths
    .filter((path) => path.includes('*'))
    .map((path) => `^${path.replaceAll('.', '\\.').replace('*', '[^.*]+')}$`)
  return {
    anyOf: [
      { enum: paths.filter((path) => !path.includes('*')) },
      ...patterns.map((pattern) => ({ type: 'string', pattern })),
    ],
  }
}
