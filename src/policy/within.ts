import { isTimeZone, nowFacts, offsetMs } from './now.ts'
import { below, isObject, quote, report, type Spot, suggestion } from './problem.ts'

/** Whether a moment, in Unix seconds, lies in one of the windows that a rule names. */
type IsWithin = (unix: number) => boolean
type Json = Readonly<Record<string, unknown>>

export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const

const keys = ['days', 'from', 'to', 'timeZone']
const clockTime = /^(?:[01]\d|2[0-3]):[0-5]\d$/
const dateTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d$/
const minutesOfDay = 24 * 60

/**
 * Reads windows of time, one or a list. Weekly: `{ "days": […], "from": "22:00", "to": "06:00",
 * "timeZone": … }`, by the clock on the wall, the end not in it; over midnight it belongs to the day it
 * begins on. Dated: from and to as `2026-12-20T18:00`.
 */
export function readWindows(value: unknown, spot: Spot): IsWithin | null {
  if (!Array.isArray(value)) return readWindow(value, spot)
  if (value.length === 0) return report(spot, 'is an empty list: name a window of time')
  const windows = value.map((one, at) => readWindow(one, below(spot, at)))
  return windows.every((one) => one !== null)
    ? (unix) => windows.some((isWithin) => isWithin(unix))
    : null
}

function readWindow(value: unknown, spot: Spot): IsWithin | null {
  if (!isObject(value))
    return report(
      spot,
      'takes a window such as { "days": ["saturday", "sunday"], "timeZone": "Europe/Budapest" }',
    )
  const unknown = Object.keys(value).find((key) => !keys.includes(key))
  if (unknown !== undefined)
    return report(
      below(spot, unknown),
      `there is no key ${quote(unknown)}${suggestion(unknown, keys)}`,
    )
  const { timeZone } = value
  if (typeof timeZone !== 'string' || !isTimeZone(timeZone))
    return report(
      below(spot, 'timeZone'),
      'must be the IANA name of a time zone, such as Europe/Budapest',
    )
  return [value.from, value.to].some((time) => typeof time === 'string' && time.length > 5)
    ? readDated(value, timeZone, spot)
    : readWeekly(value, timeZone, spot)
}

function readDated({ days, from, to }: Json, timeZone: string, spot: Spot): IsWithin | null {
  if (days !== undefined) return report(below(spot, 'days'), 'cannot stand beside dates')
  for (const [key, time] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (typeof time !== 'string' || !isDate(time))
      return report(below(spot, key), 'must be a date and time such as 2026-12-20T18:00')
  const [beginMs] = instantsOf(String(from), timeZone)
  const [, endMs] = instantsOf(String(to), timeZone)
  return beginMs < endMs
    ? (unix) => unix * 1000 >= beginMs && unix * 1000 < endMs
    : report(below(spot, 'to'), 'must be later than from')
}

/** A date of the calendar: the 30th of February is none. */
function isDate(text: string): boolean {
  if (!dateTime.test(text)) return false
  return new Date(`${text}Z`).toISOString().startsWith(text)
}

/**
 * The moments at which the clock on the wall shows a time: the first and the last. They differ in the
 * hour that is repeated in autumn. A time that spring skips stands for the moment of the change.
 */
export function instantsOf(wall: string, timeZone: string): readonly [number, number] {
  const asUtcMs = Date.parse(`${wall}Z`)
  const dayMs = minutesOfDay * 60_000
  const offsets = [offsetMs(asUtcMs - dayMs, timeZone), offsetMs(asUtcMs + dayMs, timeZone)]
  const moments = offsets.map((offset) => asUtcMs - offset)
  const real = moments.filter((ms) => ms + offsetMs(ms, timeZone) === asUtcMs)
  const [one = 0, other = one] = real.length > 0 ? real : [changeBetween(moments, timeZone)]
  return [Math.min(one, other), Math.max(one, other)]
}

/** Where the offset changes between two moments, to the second. */
function changeBetween(moments: readonly number[], timeZone: string): number {
  let [low, high] = [Math.min(...moments), Math.max(...moments)]
  const before = offsetMs(low, timeZone)
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMs(middle, timeZone) === before) low = middle
    else high = middle
  }
  return Math.floor(high / 1000) * 1000
}

function readWeekly(value: Json, timeZone: string, spot: Spot): IsWithin | null {
  const { days, from = '00:00', to = '24:00' } = value
  if (days === undefined && value.from === undefined && value.to === undefined)
    return report(spot, 'names neither days nor times')
  const chosen = days === undefined ? weekdays : readDays(days, below(spot, 'days'))
  const begin = readClock(from, below(spot, 'from'))
  const end = to === '24:00' ? minutesOfDay : readClock(to, below(spot, 'to'))
  if (!chosen || begin === null || end === null) return null
  if (begin === end) return report(below(spot, 'to'), 'must differ from from')
  return weekly({ days: new Set(chosen), begin, end, timeZone })
}

function readDays(value: unknown, spot: Spot): readonly string[] | null {
  const known: readonly string[] = weekdays
  if (!Array.isArray(value) || value.length === 0)
    return report(spot, 'must be a list such as ["saturday", "sunday"]')
  const wrong = value.findIndex((day) => !known.includes(day))
  if (wrong === -1) return value
  const day: unknown = value[wrong]
  const meant = typeof day === 'string' ? suggestion(day, known) : ''
  return report(below(spot, wrong), `${quote(day)} is no day of the week${meant}`)
}

function readClock(value: unknown, spot: Spot): number | null {
  if (typeof value !== 'string' || !clockTime.test(value))
    return report(spot, 'must be a time of day such as 09:30')
  return Number(value.slice(0, 2)) * 60 + Number(value.slice(3))
}

type Weekly = {
  readonly days: ReadonlySet<string>
  /** Minutes after midnight. */
  readonly begin: number
  readonly end: number
  readonly timeZone: string
}

function weekly({ days, begin, end, timeZone }: Weekly): IsWithin {
  return (unix) => {
    const { weekday, hour, minute } = nowFacts(unix * 1000, timeZone)
    const today = String(weekday)
    const at = Number(hour) * 60 + Number(minute)
    if (begin < end) return days.has(today) && at >= begin && at < end
    return (days.has(today) && at >= begin) || (days.has(dayBefore(today)) && at < end)
  }
}

const dayBefore = (day: string): string =>
  weekdays[(weekdays.indexOf(day as (typeof weekdays)[number]) + 6) % 7] ?? day
