/** Crockford's base 32: no letter that is easily taken for another. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
/** 45 bits of Unix milliseconds: enough until the year 3084. */
const timeLetters = 9
/** 30 random bits for what happens in one millisecond. */
const randomLetters = 6

/** Random bytes are asked for in bulk: each request to the system costs ten microseconds. */
const pool = new Uint8Array(128 * randomLetters)
let poolUsed = pool.length

const prefixes = { event: 'r', decision: 'd', lock: 'l' } as const

/**
 * A new name for a request (`r-…`), a decision (`d-…`) or a lock (`l-…`): one that people can say, and
 * that sorts by time. The order also keeps the insert at one end of its index: random names cost a page each.
 */
export function newId(kind: keyof typeof prefixes): string {
  let id = firstIdAt(kind, Date.now())
  if (poolUsed === pool.length) {
    crypto.getRandomValues(pool)
    poolUsed = 0
  }
  for (const byte of pool.subarray(poolUsed, poolUsed + randomLetters))
    id += letters.charAt(byte % 32)
  poolUsed += randomLetters
  return id
}

/** What sorts before every name that is made from this moment on, in Unix milliseconds. */
export function firstIdAt(kind: keyof typeof prefixes, nowMs: number): string {
  let time = ''
  let rest = nowMs
  for (let at = 0; at < timeLetters; at++) {
    time = letters.charAt(rest % 32) + time
    rest = Math.floor(rest / 32)
  }
  return `${prefixes[kind]}-${time}`
}

/** A name for a server, or for one start of it. */
export const newServerId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(10))
  return [...bytes].map((byte) => letters.charAt(byte % 32)).join('')
}

/** A name for a write, that no other has. */
export const newWriteId = (): string => crypto.randomUUID()
