import { z } from 'zod'
import { limitDefault, limitMax } from '../../domain/command.ts'
import { isArtifactId, isLabel, isRepository, isShaPrefix, labelRule } from '../../domain/names.ts'

/** The kinds of values that queries and bodies are made of, each with what it should be. */
const text = (most: number) =>
  z.string({ error: 'must be text' }).max(most, `must have at most ${most} characters`)

export const label = z
  .string({ error: `must be ${labelRule}` })
  .refine(isLabel, `must be ${labelRule}`)
export const artifactId = z
  .string({ error: 'must be an artifact id' })
  .refine(isArtifactId, 'must be an artifact id')
export const sha = z
  .string()
  .refine(isShaPrefix, 'must be a commit id of 7 to 40 lower-case hexadecimal characters')
export const reason = text(2_000)
export const repository = z
  .string({ error: 'must be a repository name such as owner/name' })
  .refine(isRepository, 'must be a repository name such as owner/name')
/** A reason that must be given. */
export const why = text(2_000).refine((value) => value.trim() !== '', 'must say why')
export const search = text(200)
export const requestId = text(250).min(1, 'must not be empty')

/** Bounds a number of a query string. */
const count = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`)

export const limit = count(1, limitMax).default(limitDefault)
export const offset = count(0, 999_999_999).default(0)

/** RFC 3339, as Unix seconds. */
export const time = z
  .string()
  .refine(
    (value) => z.iso.datetime({ offset: true }).safeParse(value).success,
    'must be a time such as 2026-11-23T09:30:00Z',
  )
  .transform((value) => Math.floor(Date.parse(value) / 1000))

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 }

/** `30m`, `24h` or `90d`, as seconds; 0 of any is at once. */
export const duration = z
  .string({ error: 'must be a duration such as 24h or 90d' })
  .regex(/^\d{1,5}[mhd]$/, 'must be a duration such as 24h or 90d')
  .transform((text) => Number(text.slice(0, -1)) * (secondsOf[text.slice(-1)] ?? 0))

/** When something ends: a duration from now, or a time. */
export const expiry = z.union(
  [duration.transform((seconds) => ({ seconds })), time.transform((unix) => ({ unix }))],
  'must be a duration such as 90d, or a time such as 2026-11-23T09:30:00Z',
)

/** Leaves out what was not given: an absent option and an `undefined` one are two things. */
export const given = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
