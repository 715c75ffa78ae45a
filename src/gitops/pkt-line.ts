/** One packet of git's wire format, or the flush that ends a section. */
export type Packet = Buffer | 'flush'

export const flush = '0000'

/** Frames one line for git: its length in four hexadecimal digits, then the bytes. */
export const packet = (text: string): string =>
  (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text

/** The packets in what comes in. Throws at whatever is none, and at an end in the middle of one. */
export async function* packetsIn(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Packet, undefined> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
    for (let size = sizeOf(held); size !== undefined && size <= held.length; size = sizeOf(held)) {
      yield size === 0 ? 'flush' : held.subarray(4, size)
      held = held.subarray(size || 4)
    }
  }
  if (held.length > 0) throw new Error('the git host ended in the middle of a packet')
}

/** The size of the first packet, 0 for a flush; undefined while its head is not there. */
function sizeOf(held: Buffer): number | undefined {
  if (held.length < 4) return undefined
  const head = held.toString('latin1', 0, 4)
  const size = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : Number.NaN
  if (size === 0 || size >= 4) return size
  throw new Error('the git host sent what is no packet')
}
