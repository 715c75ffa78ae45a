/** Lets so many pieces of work run at a time; the others wait in the order in which they came. */
export function atMost(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await work()
    } finally {
      // Whoever waits takes the place over: the number stays.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
