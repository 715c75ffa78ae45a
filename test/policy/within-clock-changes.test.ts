import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/policy/rule.ts'
import { evaluate } from '../../src/policy/rule.ts'
import { checkRule } from '../../src/policy/rule-check.ts'
import { weekdays } from '../../src/policy/within.ts'

const unix = (iso: string) => Math.floor(Date.parse(iso) / 1000)
const ruleOf = (window: unknown): Rule | undefined => {
  const checked = checkRule({ within: window })
  return checked.kind === 'rule' ? checked.rule : undefined
}
const holds = (rule: Rule, now: number) => evaluate(rule, { now: { unix: now } }).result === true
const holdsAt = (window: unknown, iso: string): boolean => {
  const rule = ruleOf(window)
  if (!rule) throw new Error('the window is refused')
  return holds(rule, unix(iso))
}

/** The moments, to the second, at which a window begins or ends; half an hour is never stepped over. */
function edges(window: unknown, first: string, last: string): string[] {
  const rule = ruleOf(window)
  if (!rule) throw new Error('the window is refused')
  const found: string[] = []
  const stepSeconds = 300
  for (let at = unix(first); at < unix(last); at += stepSeconds)
    if (holds(rule, at) !== holds(rule, at + stepSeconds)) {
      let [low, high] = [at, at + stepSeconds]
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (holds(rule, middle) === holds(rule, low)) low = middle
        else high = middle
      }
      found.push(new Date(high * 1000).toISOString().replace('.000Z', 'Z'))
    }
  return found
}

const budapest = 'Europe/Budapest'
const newYork = 'America/New_York'
const kathmandu = 'Asia/Kathmandu'
const lordHowe = 'Australia/Lord_Howe'
const zones = [budapest, newYork, kathmandu, lordHowe, 'UTC']

describe('F23: a weekly window on the day that the clocks change', () => {
  test.each<{
    name: string
    from: string
    to: string
    timeZone: string
    date: string
    day?: string
    want: string[]
  }>([
    // Budapest: 02:00 becomes 03:00 at 01:00 UTC.
    {
      name: 'is not, when spring skips all of it',
      from: '02:00',
      to: '03:00',
      timeZone: budapest,
      date: '2026-03-29',
      want: [],
    },
    {
      name: 'ends with what spring skips',
      from: '01:00',
      to: '02:30',
      timeZone: budapest,
      date: '2026-03-29',
      want: ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z'],
    },
    {
      name: 'begins after what spring skips',
      from: '02:30',
      to: '04:00',
      timeZone: budapest,
      date: '2026-03-29',
      want: ['2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'],
    },
    // Budapest: 03:00 becomes 02:00 at 01:00 UTC, so 02:00 to 03:00 is there twice.
    {
      name: 'is as long as autumn makes it',
      from: '02:00',
      to: '03:00',
      timeZone: budapest,
      date: '2026-10-25',
      want: ['2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z'],
    },
    {
      name: 'is there twice when autumn repeats it',
      from: '02:15',
      to: '02:45',
      timeZone: budapest,
      date: '2026-10-25',
      want: [
        '2026-10-25T00:15:00Z',
        '2026-10-25T00:45:00Z',
        '2026-10-25T01:15:00Z',
        '2026-10-25T01:45:00Z',
      ],
    },
    {
      name: 'over midnight is an hour longer',
      day: 'saturday',
      from: '22:00',
      to: '06:00',
      timeZone: budapest,
      date: '2026-10-25',
      want: ['2026-10-24T20:00:00Z', '2026-10-25T05:00:00Z'],
    },
    // New York: 02:00 becomes 03:00 at 07:00 UTC; 02:00 becomes 01:00 at 06:00 UTC.
    {
      name: 'is not, in New York',
      from: '02:00',
      to: '03:00',
      timeZone: newYork,
      date: '2026-03-08',
      want: [],
    },
    {
      name: 'is there twice, in New York',
      from: '01:15',
      to: '01:45',
      timeZone: newYork,
      date: '2026-11-01',
      want: [
        '2026-11-01T05:15:00Z',
        '2026-11-01T05:45:00Z',
        '2026-11-01T06:15:00Z',
        '2026-11-01T06:45:00Z',
      ],
    },
    // Lord Howe: half an hour. 02:00 becomes 02:30 at 15:30 UTC, 02:00 becomes 01:30 at 15:00 UTC.
    {
      name: 'is half, on Lord Howe',
      from: '02:00',
      to: '03:00',
      timeZone: lordHowe,
      date: '2026-10-04',
      want: ['2026-10-03T15:30:00Z', '2026-10-03T16:00:00Z'],
    },
    {
      name: 'is twice as long, on Lord Howe',
      from: '01:30',
      to: '02:00',
      timeZone: lordHowe,
      date: '2026-04-05',
      want: ['2026-04-04T14:30:00Z', '2026-04-04T15:30:00Z'],
    },
    // Kathmandu is 5:45 ahead and never changes.
    {
      name: 'is what it always is, in Kathmandu',
      from: '09:00',
      to: '17:00',
      timeZone: kathmandu,
      date: '2026-03-29',
      want: ['2026-03-29T03:15:00Z', '2026-03-29T11:15:00Z'],
    },
  ])('$name: $from to $to on $date', ({ from, to, timeZone, date, day = 'sunday', want }) => {
    const aroundMs = 2 * 86_400_000
    const [first, last] = [-aroundMs, aroundMs].map((ms) => new Date(Date.parse(date) + ms))
    const window = { days: [day], from, to, timeZone }
    expect(edges(window, first?.toISOString() ?? '', last?.toISOString() ?? '')).toEqual(want)
  })
})

/** The clock on the wall, by another way than the code under test asks it. */
function wallOf(now: number, timeZone: string): { day: number; minute: number } {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(now * 1000) // biome-ignore format: one value
  const [date = '', time = ''] = text.split(' ')
  const [hour, minute] = time.split(':').map(Number)
  const day = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7
  return { day, minute: (hour ?? 0) * 60 + (minute ?? 0) }
}

const clock = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}` // biome-ignore format: one value
const zone = fc.constantFrom(...zones)
const minute = fc.integer({ min: 0, max: 24 * 60 - 1 })
/** Any moment of two years, and often one near a change of the clocks. */
const changes = ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', '2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z', '2026-10-03T15:30:00Z', '2026-04-04T15:00:00Z'] // biome-ignore format: one list
const moment = fc.oneof(
  fc.integer({ min: unix('2026-01-01T00:00:00Z'), max: unix('2028-01-01T00:00:00Z') }),
  fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -12 * 3_600, max: 12 * 3_600 }))
    .map(([change, seconds]) => unix(change) + seconds),
)

test('F23: a weekly window is what the clock on the wall shows, at any moment, in any zone', () => {
  const days = fc.subarray([...weekdays], { minLength: 1 })
  fc.assert(
    fc.property(zone, moment, fc.tuple(minute, minute, days), (timeZone, now, [from, to, on]) => {
      fc.pre(from !== to)
      const { day, minute: at } = wallOf(now, timeZone)
      const isOn = (nth: number) => on.includes(weekdays[(nth + 7) % 7] ?? 'monday')
      const want =
        from < to
          ? isOn(day) && at >= from && at < to
          : (isOn(day) && at >= from) || (isOn(day - 1) && at < to)
      const rule = ruleOf({ days: on, from: clock(from), to: clock(to), timeZone })
      expect(rule && holds(rule, now)).toBe(want)
    }),
    { numRuns: 2_000 },
  )
})

describe('F23: a dated freeze over a change of the clocks', () => {
  test.each([
    {
      from: '2026-10-04T02:15',
      to: '2026-10-04T03:00',
      timeZone: lordHowe,
      want: ['2026-10-03T15:30:00Z', '2026-10-03T16:00:00Z'],
    },
    {
      from: '2026-04-05T01:45',
      to: '2026-04-05T03:00',
      timeZone: lordHowe,
      want: ['2026-04-04T14:45:00Z', '2026-04-04T16:30:00Z'],
    },
    {
      from: '2026-04-05T01:00',
      to: '2026-04-05T01:45',
      timeZone: lordHowe,
      want: ['2026-04-04T14:00:00Z', '2026-04-04T15:15:00Z'],
    },
    {
      from: '2026-03-08T02:30',
      to: '2026-03-08T04:00',
      timeZone: newYork,
      want: ['2026-03-08T07:00:00Z', '2026-03-08T08:00:00Z'],
    },
    {
      from: '2026-11-01T01:30',
      to: '2026-11-01T01:31',
      timeZone: newYork,
      want: ['2026-11-01T05:30:00Z', '2026-11-01T06:31:00Z'],
    },
    {
      from: '2026-03-28T18:00',
      to: '2026-03-30T08:00',
      timeZone: kathmandu,
      want: ['2026-03-28T12:15:00Z', '2026-03-30T02:15:00Z'],
    },
    {
      from: '2026-03-28T18:00',
      to: '2026-03-30T08:00',
      timeZone: budapest,
      want: ['2026-03-28T17:00:00Z', '2026-03-30T06:00:00Z'],
    },
  ])('from $from to $to in $timeZone', ({ from, to, timeZone, want }) => {
    const first = new Date(Date.parse(`${from}:00Z`) - 86_400_000).toISOString()
    const last = new Date(Date.parse(`${to}:00Z`) + 86_400_000).toISOString()
    expect(edges({ from, to, timeZone }, first, last)).toEqual(want)
  })

  test('is one piece, which begins and ends as the clock on the wall says', () => {
    const start = fc.constantFrom(...changes).chain((change) => fc.integer({ min: -48 * 60, max: 24 * 60 }).map((minutes) => Date.parse(change) + minutes * 60_000)) // biome-ignore format: one value
    fc.assert(
      fc.property(zone, start, fc.integer({ min: 31, max: 48 * 60 }), (timeZone, begin, length) => {
        const wall = (ms: number) => new Date(ms).toISOString().slice(0, 16)
        const [from, to] = [wall(begin), wall(begin + length * 60_000)]
        // All of it may lie in the hour that spring skips: then it is refused.
        if (!ruleOf({ from, to, timeZone })) {
          expect(length).toBeLessThan(60)
          return
        }
        const day = 86_400_000
        const near = [begin - day, begin + length * 60_000 + day].map((ms) => new Date(ms).toISOString()) // biome-ignore format: one value
        const found = edges({ from, to, timeZone }, near[0] ?? '', near[1] ?? '')
        expect(found).toHaveLength(2)
        const [first, end] = found.map((iso) => wallOf(unix(iso), timeZone).minute)
        const skipped = (shown: number | undefined, asked: string) => ((shown ?? 0) - wallMinute(asked) + 1_440) % 1_440 // biome-ignore format: one value
        expect(skipped(first, from)).toBeLessThan(60)
        expect(skipped(end, to)).toBeLessThan(60)
      }),
      { numRuns: 150 },
    )
  })
})

const wallMinute = (wall: string) => Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14))

test('F23: leap days and year ends are days as others', () => {
  const freeze = { from: '2027-12-31T23:30', to: '2028-03-01T00:00', timeZone: budapest }
  expect(edges(freeze, '2027-12-31T00:00:00Z', '2028-03-02T00:00:00Z')).toEqual(['2027-12-31T22:30:00Z', '2028-02-29T23:00:00Z']) // biome-ignore format: one claim
  expect(ruleOf({ ...freeze, to: '2027-02-29T00:00' })).toBeUndefined()
  expect(holdsAt({ days: ['tuesday'], timeZone: 'UTC' }, '2028-02-29T12:00:00Z')).toBe(true)
})
