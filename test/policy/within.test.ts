import { describe, expect, test } from 'vitest'
import { checkRule } from '../../src/policy/rule-check.ts'
import { run } from './support/rules.ts'

const unix = (iso: string) => Math.floor(Date.parse(iso) / 1000)
const at = (windows: unknown, iso: string) => run({ within: windows }, { now: { unix: unix(iso) } }).result // biome-ignore format: one call
const budapest = 'Europe/Budapest'
const office = { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '09:00', to: '17:00', timeZone: budapest } // biome-ignore format: one value
const nights = { days: ['saturday'], from: '22:00', to: '06:00', timeZone: budapest }

describe('F23: a weekly window', () => {
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
    { window: [office, nights], iso: '2026-11-23T08:00:00Z', want: true },
    { window: [office, nights], iso: '2026-11-28T20:59:59Z', want: false },
    {
      window: { from: '22:00', to: '24:00', timeZone: 'UTC' },
      iso: '2026-11-23T23:59:59Z',
      want: true,
    },
    {
      window: { from: '22:00', to: '00:00', timeZone: 'UTC' },
      iso: '2026-11-23T23:59:59Z',
      want: true,
    },
    {
      window: { from: '22:00', to: '00:00', timeZone: 'UTC' },
      iso: '2026-11-24T00:00:00Z',
      want: false,
    },
    { window: { to: '06:00', timeZone: 'UTC' }, iso: '2026-11-24T00:00:00Z', want: true },
    { window: { to: '06:00', timeZone: 'UTC' }, iso: '2026-11-24T06:00:00Z', want: false },
    // Sunday night belongs to Sunday, also in the week before.
    { window: { ...nights, days: ['sunday'] }, iso: '2026-11-30T04:59:59Z', want: true },
    { window: { ...nights, days: ['monday'] }, iso: '2026-11-30T04:59:59Z', want: false },
  ])('at $iso is $want', ({ window, iso, want }) => {
    expect(at(window, iso)).toBe(want)
  })
})

describe('F23: a dated window', () => {
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
  { name: 'nothing at all', window: null, want: '/within takes a window' },
  { name: 'a list in a list', window: [office, [office]], want: '/within/1 takes a window' },
  {
    name: 'the second of two',
    window: [office, { ...nights, to: 6 }],
    want: '/within/1/to must be a time of day',
  },
  // It would never begin, and so never freeze.
  {
    name: 'a beginning at the end of the day',
    window: { from: '24:00', to: '06:00', timeZone: budapest },
    want: '/within/from must be a time of day',
  },
  { name: 'an hour that is none', window: { ...office, to: '25:00' }, want: '/within/to must be' },
  { name: 'a difference to UTC', window: { ...office, timeZone: '+01:00' }, want: 'IANA name' },
  { name: 'a zone that is no text', window: { ...office, timeZone: 1 }, want: 'IANA name' },
  {
    name: 'one day, not in a list',
    window: { ...office, days: 'monday' },
    want: '/within/days must',
  },
  {
    name: 'half of a date',
    window: { from: '2026-12-24T00:00', timeZone: budapest },
    want: '/within/to must be a date',
  },
  {
    name: 'a date to a time of day',
    window: { from: '2026-12-24T00:00', to: '09:00', timeZone: budapest },
    want: '/within/to must be a date',
  },
  {
    name: 'a date without a time',
    window: { from: '2026-12-24', to: '2026-12-27', timeZone: budapest },
    want: '/within/from must be a date and time such as',
  },
  {
    name: 'no time at all between two dates',
    window: { from: '2026-12-24T00:00', to: '2026-12-24T00:00', timeZone: budapest },
    want: '/within/to must be later',
  },
  // Both are skipped, and stand for the one moment of the change.
  {
    name: 'dates that spring takes away',
    window: { from: '2026-03-29T02:10', to: '2026-03-29T02:50', timeZone: budapest },
    want: '/within/to must be later',
  },
])('A20: refuses $name', ({ window, want }) => {
  const checked = checkRule({ within: window })
  const problems = checked.kind === 'problems' ? checked.problems : []
  expect(problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')).toContain(want)
})
