/** The time that so many of a hundred were done within. */
export function percentile(times: readonly number[], of: number): number {
  const sorted = [...times].sort((one, two) => one - two)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * of) / 100))] ?? 0
}

/** A time as a figure. */
export const inMs = (ms: number): string => `${Math.round(ms)} ms`
