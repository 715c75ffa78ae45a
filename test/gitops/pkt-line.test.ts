import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flush, packet, packetsIn } from '../../src/gitops/pkt-line.ts'

async function read(chunks: readonly (string | Uint8Array)[]) {
  const found: string[] = []
  for await (const one of packetsIn(chunks.map((chunk) => Buffer.from(chunk))))
    found.push(one.toString())
  return found
}

describe('packets', () => {
  test('come out as they were put in, wherever the bytes are cut', async () => {
    const lines = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lines, cuts, async (given, sizes) => {
        const bytes = Buffer.from(given.map(packet).join('') + flush)
        const chunks: Uint8Array[] = []
        for (let [at, turn] = [0, 0]; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(await read(chunks)).toEqual([...given, 'flush'])
      }),
    )
  })

  test.each([
    { name: 'a page', bytes: '<html>' },
    { name: 'a size that is no number', bytes: '00g4' },
    { name: 'the delimiter of another version', bytes: '0001' },
    { name: 'half a head', bytes: '00' },
    { name: 'less than was promised', bytes: '0009a' },
  ])('are not found in $name', async ({ bytes }) => {
    await expect(read([bytes])).rejects.toThrow('the git host')
  })
})
