/** A secret that was put into one slot of the product, and nowhere else. */
export type Canary = { readonly slot: string; readonly value: string }

/** Something that was written or said, and the slots whose secret it is there to carry. */
export type Place = {
  readonly name: string
  readonly bytes: Uint8Array | string
  readonly carries?: readonly string[]
}

export type Leak = { readonly slot: string; readonly place: string; readonly as: string }

/** Halves are looked for in what is longer: shorter halves turn up by chance. */
const halvedFrom = 20
/** A line of a key that is shorter, such as its last one, turns up by chance as well. */
const lineCharsMin = 20

/** Every secret that stands in a place which is not there to carry it, and how it is written there. */
export function leaks(canaries: readonly Canary[], places: readonly Place[]): readonly Leak[] {
  const looked = canaries.map(({ slot, value }) => ({ slot, forms: [...formsOf(value)] }))
  return places.flatMap(({ name: place, bytes, carries = [] }) => {
    // Bytes as characters, one each, so that what is no text is searched as well.
    const text = Buffer.from(bytes as Uint8Array).toString('latin1')
    const searched = looked.filter(({ slot }) => !carries.includes(slot))
    return searched.flatMap(({ slot, forms }) => {
      const [as] = forms.find(([, form]) => text.includes(form)) ?? []
      return as === undefined ? [] : [{ slot, place, as }]
    })
  })
}

/** The ways in which a secret is written, by their names; of a key each of its lines. */
export function formsOf(secret: string): ReadonlyMap<string, string> {
  const lines = secret.split('\n').filter((line) => line.length >= lineCharsMin)
  const parts = secret.includes('\n') ? lines.filter((line) => !line.startsWith('-----')) : [secret]
  return new Map(
    parts.flatMap((part, at) => {
      const half = Math.ceil(part.length / 2)
      const halves = [part.slice(0, half), part.slice(half)]
      const isHalved = part.length > halvedFrom && parts.length === 1
      const ways = [
        ...waysOf(part, ''),
        ...(isHalved ? halves.flatMap((one) => waysOf(one, 'half, ')) : []),
      ]
      return ways.map(([as, form], way) => [`${as} (${at}.${way})`, form] as const)
    }),
  )
}

function waysOf(text: string, what: string): [string, string][] {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const ways: [string, string][] = [
    ['plain', bytes.toString('latin1')],
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['URL-encoded', encodeURIComponent(text)],
    ['as JSON', JSON.stringify(text).slice(1, -1)],
    ...[0, 1, 2].flatMap((shift): [string, string][] => {
      const form = inBase64(bytes, shift)
      const ofUrl = form.replaceAll('+', '-').replaceAll('/', '_')
      return [
        ['base64', form],
        ['base64url', ofUrl],
      ]
    }),
  ]
  return ways.map(([as, form]) => [what + as, form])
}

/** What base64 makes of bytes that stand behind `shift` others: only what no neighbour changes. */
function inBase64(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
  const bits = { from: shift * 8, to: Math.floor((whole.length * 8) / 6) * 6 }
  return whole
    .toString('base64')
    .replaceAll('=', '')
    .slice(Math.ceil(bits.from / 6), bits.to / 6)
}
