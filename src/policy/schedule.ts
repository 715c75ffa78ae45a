import { offsetMs } from './now.ts'
import { instantsOf, weekdays } from './within.ts'

/** When a trigger's time comes: on these days, so many minutes after midnight by the clock on the wall. */
export type Schedule = {
  readonly minutes: number
  readonly days: readonly string[]
  readonly timeZone: string
}

const dayMs = 86_400_000
const minuteMs = 60_000

/** `02:30` in minutes after midnight. */
export const minutesOf = (clock: string): number =>
  Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

/** The last time, in Unix milliseconds, that a schedule came to before or at a moment, within two days. */
export function lastDueMs(schedule: Schedule, nowMs: number): number | undefined {
  const { minutes, days, timeZone } = schedule
  const todayMs = Math.floor((nowMs + offsetMs(nowMs, timeZone)) / dayMs) * dayMs
  const times = [todayMs, todayMs - dayMs]
    .filter((midnight) => days.includes(weekdayOf(midnight)))
    .map((midnight) => new Date(midnight + minutes * minuteMs).toISOString().slice(0, 16))
    .map((wall) => instantsOf(wall, timeZone)[0])
  return times.find((ms) => ms <= nowMs)
}

/** 1 January 1970 was a Thursday. */
const weekdayOf = (midnightMs: number): string =>
  weekdays[(Math.floor(midnightMs / dayMs) + 3) % 7] ?? ''
