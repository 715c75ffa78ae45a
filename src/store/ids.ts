/** Crockford's base 32: no letter that is easily taken for another. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const lettersPerId = 12

const prefixes = { event: 'r', decision: 'd' } as const

/** A new name that people can say: 60 random bits behind `r-` for requests, `d-` for decisions. */
export function newId(kind: keyof typeof prefixes): string {
  const bytes = crypto.getRandomValues(new Uint8Array(lettersPerId))
  const name = Array.from(bytes, (byte) => letters[byte % letters.length]).join('')
  return `${prefixes[kind]}-${name}`
}
