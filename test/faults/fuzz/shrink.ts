/** How often, and for how long, a smaller input is tried before the smallest that was found counts. */
const triesMax = 3_000
const tryingMs = 5_000

/** The smallest input that can be found which still breaks the door. */
export async function shrunk(
  input: unknown,
  breaks: (input: unknown) => Promise<boolean>,
): Promise<unknown> {
  let smallest = input
  let tries = 0
  const endMs = performance.now() + tryingMs
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const candidate of smaller(smallest)) {
      if (++tries > triesMax || performance.now() > endMs) return smallest
      if (!(await breaks(candidate))) continue
      smallest = candidate
      isSmaller = true
      break
    }
  }
  return smallest
}

/** Inputs that are smaller than this one, those first that leave out most. */
function* smaller(value: unknown): Generator<unknown> {
  if (typeof value === 'string') yield* shorter(value)
  else if (typeof value === 'number' && value !== 0) yield 0
  else if (Array.isArray(value)) yield* fewer(value)
  else if (typeof value === 'object' && value !== null) yield* without(value)
}

function* shorter(text: string): Generator<string> {
  for (let size = text.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < text.length; at += size) yield text.slice(0, at) + text.slice(at + size)
}

function* fewer(list: readonly unknown[]): Generator<unknown> {
  for (let size = list.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < list.length; at += size) yield list.toSpliced(at, size)
  for (const [at, item] of list.entries()) for (const one of smaller(item)) yield list.with(at, one)
}

function* without(value: object): Generator<unknown> {
  const entries = Object.entries(value)
  for (const [key] of entries) yield Object.fromEntries(entries.filter(([name]) => name !== key))
  for (const [key, entry] of entries)
    for (const one of smaller(entry))
      yield Object.fromEntries(entries.map((pair) => (pair[0] === key ? [key, one] : pair)))
}
