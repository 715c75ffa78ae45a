import { vi } from 'vitest'

/** Asks again and again until something is so, and answers it. How long that may take is patience only. */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: 120_000, interval: 20 })
