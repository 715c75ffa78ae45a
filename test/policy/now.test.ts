import { describe, expect, test } from 'vitest'
import { isTimeZone, nowFacts } from '../../src/policy/now.ts'

describe('now', () => {
  test.each([
    { at: '2026-11-23T09:30:15.900Z', zone: 'UTC', want: ['monday', 9, 30] },
    { at: '2026-11-23T09:30:15.900Z', zone: 'Europe/Budapest', want: ['monday', 10, 30] },
    { at: '2026-11-22T23:30:00Z', zone: 'Europe/Budapest', want: ['monday', 0, 30] },
    { at: '2026-07-01T22:00:00Z', zone: 'Europe/Budapest', want: ['thursday', 0, 0] },
    { at: '2026-03-29T01:00:00Z', zone: 'Europe/Budapest', want: ['sunday', 3, 0] },
    { at: '2026-10-25T01:30:00Z', zone: 'Europe/Budapest', want: ['sunday', 2, 30] },
    { at: '2026-11-23T09:30:00Z', zone: 'Asia/Kolkata', want: ['monday', 15, 0] },
    { at: '2026-11-23T02:30:00Z', zone: 'America/New_York', want: ['sunday', 21, 30] },
  ])('at $at in $zone is $want', ({ at, zone, want }) => {
    const { weekday, hour, minute } = nowFacts(Date.parse(at), zone)
    expect([weekday, hour, minute]).toEqual(want)
  })

  test('is the same moment everywhere', () => {
    const nowMs = Date.parse('2026-11-23T09:30:15.900Z')
    for (const zone of ['UTC', 'Asia/Kolkata'])
      expect(nowFacts(nowMs, zone)).toMatchObject({ iso: '2026-11-23T09:30:15Z', unix: 1795426215 })
  })
})

test.each([
  { name: 'Europe/Budapest', want: true },
  { name: 'UTC', want: true },
  { name: 'Europe/Atlantis', want: false },
  { name: '', want: false },
])('$name is a time zone: $want', ({ name, want }) => {
  expect(isTimeZone(name)).toBe(want)
})
