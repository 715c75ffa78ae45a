import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastDueMs, minutesOf } from '../../src/policy/schedule.ts'
import { weekdays } from '../../src/policy/within.ts'

const budapest = { minutes: minutesOf('02:30'), days: weekdays, timeZone: 'Europe/Budapest' }
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

test.each([
  { now: '2026-11-23T01:29:59Z', want: '2026-11-22T01:30:00.000Z' },
  { now: '2026-11-23T01:30:00Z', want: '2026-11-23T01:30:00.000Z' },
  { now: '2026-07-06T12:00:00Z', want: '2026-07-06T00:30:00.000Z' },
  // In spring 02:30 is skipped: it comes when the clock goes from 02:00 to 03:00.
  { now: '2026-03-29T12:00:00Z', want: '2026-03-29T01:00:00.000Z' },
  // In autumn it comes twice: the first counts.
  { now: '2026-10-25T12:00:00Z', want: '2026-10-25T00:30:00.000Z' },
])('before $now, 02:30 in Budapest last came at $want', ({ now, want }) => {
  expect(iso(lastDueMs(budapest, Date.parse(now)))).toBe(want)
})

test('a day that is not meant has no time', () => {
  const sundays = { ...budapest, days: ['sunday'] }
  expect(iso(lastDueMs(sundays, Date.parse('2026-11-22T12:00:00Z')))).toBe('2026-11-22T01:30:00.000Z') // biome-ignore format: one claim
  expect(lastDueMs(sundays, Date.parse('2026-11-25T12:00:00Z'))).toBeUndefined()
})

test('a time comes once a day, is never to come, and moves forward only', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Budapest', 'America/New_York', 'Australia/Lord_Howe')
  const moment = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2027-01-01') })
  fc.assert(
    fc.property(zone, fc.integer({ min: 0, max: 1439 }), moment, (timeZone, minutes, nowMs) => {
      const schedule = { minutes, days: weekdays, timeZone }
      const last = lastDueMs(schedule, nowMs) ?? Number.NaN
      expect(last).toBeLessThanOrEqual(nowMs)
      expect(nowMs - last).toBeLessThanOrEqual(25.5 * 3_600_000)
      expect(lastDueMs(schedule, last)).toBe(last)
      expect(lastDueMs(schedule, nowMs + 3_600_000)).toBeGreaterThanOrEqual(last)
    }),
    { numRuns: 500 },
  )
})
