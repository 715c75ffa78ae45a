import type { Facts } from '../domain/facts.ts'

/** The `now` facts of a moment: the clock of the wall is that of the named time zone. */
export function nowFacts(nowMs: number, timeZone: string): Facts {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(nowMs)
      .map(({ type, value }) => [type, value]),
  )
  return {
    iso: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    unix: Math.floor(nowMs / 1000),
    weekday: (parts.get('weekday') ?? '').toLowerCase(),
    hour: Number(parts.get('hour')),
    minute: Number(parts.get('minute')),
  }
}

/** True for a time zone that this machine's time zone database knows. */
export function isTimeZone(name: string): boolean {
  try {
    return formatterOf(name) !== undefined
  } catch {
    return false
  }
}

// To make a formatter costs a hundred times what using it does.
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known) return known
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'long',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    second: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  formatters.set(timeZone, formatter)
  return formatter
}

/** How far the clock on the wall of a time zone is ahead of UTC at a moment, in milliseconds. */
export function offsetMs(ms: number, timeZone: string): number {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const wallMs = Date.UTC(
    of('year'),
    of('month') - 1,
    of('day'),
    of('hour'),
    of('minute'),
    of('second'),
  )
  return wallMs - Math.floor(ms / 1000) * 1000
}
