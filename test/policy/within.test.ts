import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRule } from '../../src/policy/rule-check.ts'
import { run } from './support/rules.ts'

const unix = (iso: string) => Math.floor(Date.parse(iso) / 1000)
const at = (windows: unknown, iso: string) => run({ within: windows }, { now: { unix: unix(iso) } }).result // biome-ignore format: one call
const budapest = 'Europe/Budapest'
const office = { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '09:00', to: '17:00', timeZone: budapest } // biome-ignore format: one value
const nights = { days: ['saturday'], from: '22:00', to: '06:00', timeZone: budapest }

describe('a weekly window', () => {
  test.each([
    { window: office, iso: '2026-11-23T08:00:00Z', want: true },
    { window: office, iso: '2026-11-23T07:59:59Z', want: false },
    { window: office, iso: '2026-11-23T15:59:59Z', want: true },
    { window: office, iso: '2026-11-23T16:00:00Z', want: false },
    { window: office, iso: '2026-11-22T10:00:00Z', want: false },
    // In summer the same clock is two hours ahead of UTC.
    { window: office, iso: '2026-07-06T07:00:00Z', want: true },
    { window: office, iso: '2026-07-06T15:00:00Z', want: false },
    { window: nights, iso: '2026-11-28T21:00:00Z', want: true },
    { window: nights, iso: '2026-11-29T04:59:00Z', want: true },
    { window: nights, iso: '2026-11-29T05:00:00Z', want: false },
    { window: nights, iso: '2026-11-28T04:00:00Z', want: false },
    { window: { days: ['sunday'], timeZone: budapest }, iso: '2026-11-22T23:30:00Z', want: false },
    { window: { days: ['sunday'], timeZone: budapest }, iso: '2026-11-21T23:30:00Z', want: true },
    {
      window: { from: '12:00', timeZone: 'Asia/Kathmandu' },
      iso: '2026-11-23T06:15:00Z',
      want: true,
    },
    {
      window: { from: '12:00', timeZone: 'Asia/Kathmandu' },
      iso: '2026-11-23T06:14:00Z',
      want: false,
    },
    { window: [office, nights], iso: '2026-11-28T21:00:00Z', want: true },
  ])('at $iso is $want', ({ window, iso, want }) => {
    expect(at(window, iso)).toBe(want)
  })

  test('is what the clock on the wall shows, at any moment, in any zone', () => {
    const zone = fc.constantFrom(
      budapest,
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
    )
    const year = fc.integer({
      min: unix('2026-01-01T00:00:00Z'),
      max: unix('2027-01-01T00:00:00Z'),
    })
    fc.assert(
      fc.property(zone, year, fc.integer({ min: 0, max: 22 }), (timeZone, now, hour) => {
        const from = `${String(hour).padStart(2, '0')}:00`
        const to = `${String(hour + 1).padStart(2, '0')}:00`
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }) // biome-ignore format: one value
        const got = run({ within: { from, to, timeZone } }, { now: { unix: now } }).result
        expect(got).toBe(Number(shown.format(now * 1000)) === hour)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a dated window', () => {
  test.each([
    {
      from: '2026-12-20T18:00',
      to: '2027-01-02T08:00',
      first: '2026-12-20T17:00:00Z',
      end: '2027-01-02T07:00:00Z',
    },
    // Spring: 02:30 does not exist on that day, 02:00 becomes 03:00 at 01:00 UTC.
    {
      from: '2026-03-29T02:30',
      to: '2026-03-29T04:00',
      first: '2026-03-29T01:00:00Z',
      end: '2026-03-29T02:00:00Z',
    },
    {
      from: '2026-03-29T01:00',
      to: '2026-03-29T02:30',
      first: '2026-03-29T00:00:00Z',
      end: '2026-03-29T01:00:00Z',
    },
    // Autumn: 02:30 comes twice, at 00:30 and 01:30 UTC; the window is as long as it can be.
    {
      from: '2026-10-25T02:30',
      to: '2026-10-25T04:00',
      first: '2026-10-25T00:30:00Z',
      end: '2026-10-25T03:00:00Z',
    },
    {
      from: '2026-10-25T01:00',
      to: '2026-10-25T02:30',
      first: '2026-10-24T23:00:00Z',
      end: '2026-10-25T01:30:00Z',
    },
  ])('from $from to $to in Budapest', ({ from, to, first, end }) => {
    const window = { from, to, timeZone: budapest }
    const around = [unix(first) - 1, unix(first), unix(end) - 1, unix(end)]
    const got = around.map((now) => run({ within: window }, { now: { unix: now } }).result)
    expect(got).toEqual([false, true, true, false])
  })

  test('half an hour of daylight saving: Lord Howe', () => {
    const window = { from: '2026-10-04T02:15', to: '2026-10-04T03:00', timeZone: 'Australia/Lord_Howe' } // biome-ignore format: one value
    expect(at(window, '2026-10-03T15:29:59Z')).toBe(false)
    expect(at(window, '2026-10-03T15:30:00Z')).toBe(true)
    expect(at(window, '2026-10-03T16:00:00Z')).toBe(false)
  })

  test('is one piece, however the clocks change in it', () => {
    const hours = fc.integer({ min: 0, max: 24 * 60 })
    const zone = fc.constantFrom(budapest, 'America/New_York', 'Australia/Lord_Howe')
    fc.assert(
      fc.property(zone, hours, fc.integer({ min: 1, max: 72 }), (timeZone, start, length) => {
        const wall = (hour: number) => new Date(Date.UTC(2026, 9, 1) + hour * 3_600_000).toISOString().slice(0, 16) // biome-ignore format: one value
        const window = { from: wall(start), to: wall(start + length), timeZone }
        const begin = unix('2026-09-29T00:00:00Z') + start * 3_600
        const seen = Array.from({ length: (length + 96) * 2 }, (_, half) => run({ within: window }, { now: { unix: begin + half * 1_800 } }).result) // biome-ignore format: one value
        const changes = seen.filter((one, index) => index > 0 && one !== seen[index - 1])
        expect(changes).toHaveLength(2)
      }),
      { numRuns: 100 },
    )
  })
})

test.each<{ name: string; window: unknown; want: string }>([
  { name: 'no zone', window: { days: ['monday'] }, want: '/within/timeZone must be the IANA name' },
  { name: 'a bad zone', window: { ...office, timeZone: 'Budapest' }, want: 'IANA name' },
  {
    name: 'a bad day',
    window: { ...office, days: ['mondays'] },
    want: '/within/days/0 "mondays" is no day of the week; did you mean monday?',
  },
  {
    name: 'no days in the list',
    window: { ...office, days: [] },
    want: '/within/days must be a list',
  },
  {
    name: 'a bad time',
    window: { ...office, from: '9:00' },
    want: '/within/from must be a time of day',
  },
  { name: 'one moment', window: { ...office, to: '09:00' }, want: '/within/to must differ' },
  { name: 'nothing', window: { timeZone: budapest }, want: 'names neither days nor times' },
  {
    name: 'a misspelt key',
    window: { ...office, until: '10:00' },
    want: '/within/until there is no key',
  },
  {
    name: 'a day that is none',
    window: { from: '2026-02-30T10:00', to: '2026-03-01T10:00', timeZone: budapest },
    want: '/within/from must be a date',
  },
  {
    name: 'an end before the beginning',
    window: { from: '2026-02-20T10:00', to: '2026-02-20T09:00', timeZone: budapest },
    want: '/within/to must be later',
  },
  {
    name: 'dates with days',
    window: {
      days: ['monday'],
      from: '2026-02-20T10:00',
      to: '2026-02-21T09:00',
      timeZone: budapest,
    },
    want: '/within/days cannot stand beside dates',
  },
  { name: 'a text', window: 'weekend', want: '/within takes a window' },
])('A20: refuses $name', ({ window, want }) => {
  const checked = checkRule({ within: window })
  const problems = checked.kind === 'problems' ? checked.problems : []
  expect(problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')).toContain(want)
})
