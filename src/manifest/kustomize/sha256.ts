/** SHA-256 (FIPS 180-4) of a text in UTF-8, in hexadecimal; plain arithmetic, so that it runs anywhere. */
export function sha256(text: string): string {
  const bytes = padded(new TextEncoder().encode(text))
  const state = Uint32Array.from(initial)
  for (let at = 0; at < bytes.length; at += blockBytes)
    compress(state, new DataView(bytes.buffer, at, blockBytes))
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('')
}

const blockBytes = 64
const rounds = 64

/** The first 32 bits of a fraction. */
const fraction = (number: number): number => Math.floor((number - Math.floor(number)) * 2 ** 32)

const primes = firstPrimes(rounds)
const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const constants = primes.map((prime) => fraction(Math.cbrt(prime)))

function firstPrimes(count: number): readonly number[] {
  const found: number[] = []
  for (let number = 2; found.length < count; number++)
    if (found.every((prime) => number % prime !== 0)) found.push(number)
  return found
}

/** The message, a 1 bit, zeros, and its length in bits. */
function padded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes)
  bytes.set(message)
  bytes[message.length] = 0x80
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, BigInt(message.length) * 8n)
  return bytes
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

function compress(state: Uint32Array, block: DataView): void {
  const words = schedule(block)
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let round = 0; round < rounds; round++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const first = (h + sum1 + choice + (constants[round] ?? 0) + (words[round] ?? 0)) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sum0 + majority) | 0]
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] = (state[at] ?? 0) + word
}

function schedule(block: DataView): Int32Array {
  const words = new Int32Array(rounds)
  const at = (index: number): number => words[index] ?? 0
  for (let index = 0; index < rounds; index++) {
    if (index < 16) {
      words[index] = block.getInt32(index * 4)
      continue
    }
    const [old, recent] = [at(index - 15), at(index - 2)]
    const sum0 = rotate(old, 7) ^ rotate(old, 18) ^ (old >>> 3)
    const sum1 = rotate(recent, 17) ^ rotate(recent, 19) ^ (recent >>> 10)
    words[index] = at(index - 16) + sum0 + at(index - 7) + sum1
  }
  return words
}
