import type { Sha } from '../domain/names.ts'

/** The id that git gives a file of these bytes: it proves that what came is what was asked for. */
export async function blobIdOf(bytes: Uint8Array): Promise<Sha> {
  const head = new TextEncoder().encode(`blob ${bytes.length}\0`)
  const whole = new Uint8Array(head.length + bytes.length)
  whole.set(head)
  whole.set(bytes, head.length)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', whole))
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The same of a text. */
export const textIdOf = (text: string): Promise<Sha> => blobIdOf(new TextEncoder().encode(text))
