/** A clock that stands still until it is moved. */
export type TestClock = {
  nowMs(): number
  monotonicMs(): number
  moveMs(ms: number): void
}

/** Monday, 2026-11-23, 09:30 UTC, unless told otherwise. */
export function settableClock(startIso = '2026-11-23T09:30:00Z'): TestClock {
  let nowMs = Date.parse(startIso)
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    moveMs(ms) {
      nowMs += ms
    },
  }
}
