/** Draws whole numbers from 0 up to a limit, the same ones for the same seed. */
export type Dice = (limit: number) => number

/** A generator by a seed (mulberry32): whatever it makes can be made again. */
export function dice(seed: number): Dice {
  let state = seed | 0
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** One of several. */
export function oneOf<T>(next: Dice, all: readonly T[]): T {
  if (all.length === 0) throw new Error('there is nothing to choose from')
  return all[next(all.length)] as T
}
