import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { githubSecret } from '../../support/github-server.ts'
import { githubSurface } from '../../support/github-surface.ts'

type Json = Record<string, unknown>
const kinds = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string
  examples: Json[]
}[]
const mutationsMax = 10_000
const atOnce = 50

const installation = { id: 42, node_id: 'MDQ2' }

/** What stands where something else is expected. */
const odd: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, '', 'x', '/gimlet release web staging', '../../etc'],
  ...['\u0000', '\ud800', 'x'.repeat(70_000), [], [null], {}, { id: 1 }, { __proto__: null }],
  ...['2026-02-30T25:00:00Z', '-1', 'refs/heads/main', '0'.repeat(40)],
]

/** A generator of numbers below a limit, the same ones for the same seed (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}

/** Every object and list in a payload with the keys of what it holds. */
function places(value: unknown): { of: Json; key: string }[] {
  if (typeof value !== 'object' || value === null) return []
  const of = value as Json
  return Object.keys(of).flatMap((key) => [{ of, key }, ...places(of[key])])
}

/** Makes a field, whatever it is called. */
const put = (of: Json, key: string, value: unknown) =>
  Object.defineProperty(of, key, { value, enumerable: true, configurable: true, writable: true })

/** An example with one to three of its fields taken away, changed, doubled or moved. */
function mutated(example: Json, next: (limit: number) => number): Json {
  const changed = structuredClone(example)
  for (let count = next(3); count >= 0; count--) {
    const all = places(changed)
    // What stands high in a payload is what is read.
    const { of, key } = all[next(next(2) === 0 ? Math.min(all.length, 40) : all.length)]!
    const other = all[next(all.length)]!
    const how = [
      () => delete of[key],
      () => put(of, key, odd[next(odd.length)]),
      () => put(of, key, [of[key], of[key]]),
      () => put(of, key, structuredClone(other.of[other.key])),
      () => put(of, '__proto__', { admin: true }),
    ]
    how[next(how.length)]?.()
  }
  return changed
}

/** GitHub's part of the server, and what it answers to what is signed. */
async function started() {
  const here = await githubSurface()
  const send = async (name: string, payload: Json) => {
    const body = JSON.stringify(payload)
    const hmac = createHmac('sha256', githubSecret).update(body).digest('hex')
    const headers = {
      'content-type': 'application/json',
      'x-github-event': name,
      'x-github-delivery': crypto.randomUUID(),
      'x-hub-signature-256': `sha256=${hmac}`,
    }
    const { status } = await here.surface.handle(new Request('http://localhost/', { method: 'POST', body, headers })) // biome-ignore format: one call
    return status
  }
  return {
    ...here,
    send,
    /** All was carried out, but for branches whose end GitHub does not tell of: it is asked again. */
    looked: () =>
      eventually(async () => {
        const open = await here.database.read(`select body ->> 'name' as name from deliveries where is_done = 0`) // biome-ignore format: one line
        expect(open.filter(({ name }) => name !== 'delete')).toEqual([])
      }),
  }
}

describe('A6: what GitHub may send', () => {
  it('of every example there is, is taken, and asks for nothing', async () => {
    const { send, settled, requests, told } = await started()
    for (const { name, examples } of kinds)
      for (const example of examples) expect([name, await send(name, example)]).toEqual([name, 202])
    await settled()
    expect([await requests(), await told()]).toEqual([0, 0])
  })

  it(`of ${mutationsMax} examples that were changed, is taken or refused, and asks for nothing`, async () => {
    const { send, looked, requests, told, sender, pull, lines } = await started()
    const next = numbers(20_261_124)
    const all = kinds.flatMap(({ name, examples }) => examples.map((example) => ({ name, example: { ...example, installation } }))) // biome-ignore format: one line
    const seen = new Set<number>()
    for (let done = 0; done < mutationsMax; done += atOnce) {
      const some = Array.from({ length: atOnce }, () => {
        const { name, example } = all[next(all.length)]!
        return send(next(20) === 0 ? all[next(all.length)]!.name : name, mutated(example, next))
      })
      for (const status of await Promise.all(some)) seen.add(status)
    }
    expect([...seen].filter((status) => status !== 202 && status !== 400)).toEqual([])
    await looked()
    expect([await requests(), await told()]).toEqual([0, 0])
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
    // It is alive, and does what it is asked.
    await sender.comment(pull, '/gimlet release staging')
    await eventually(async () => expect(await requests()).toBe(1))
  })
})
