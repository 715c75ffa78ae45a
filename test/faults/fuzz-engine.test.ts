import { describe, expect, test } from 'vitest'
import { dice } from './fuzz/dice.ts'
import { type Door, fuzz } from './fuzz/fuzz.ts'
import { type Form, mutated } from './fuzz/mutate.ts'
import { shrunk } from './fuzz/shrink.ts'

const door = (take: Door['take'], given: Partial<Door> = {}): Door => ({
  ...{ name: 'planted', about: 'a door that breaks', form: 'json', take },
  seeds: [{ name: 'web', tags: ['a', 'b'], size: 3 }],
  ...given,
})
const run = (one: Door) => fuzz(one, { count: 20_000, seed: 1 })
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

describe('what is planted is found, with the smallest input and the place to keep it', () => {
  test('an error that is none of the door’s own', async () => {
    const broken = run(
      door((input) => {
        if (!isObject(input) || typeof input.name !== 'string') return 'refused'
        return (input.tags as string[]).join()
      }),
    )
    await expect(broken).rejects.toThrow(/the door planted is broken by input \d+ of seed 1/)
    await expect(broken).rejects.toThrow(/TypeError/)
    await expect(broken).rejects.toThrow('the smallest such input: {"name":"","tags":""}')
    await expect(broken).rejects.toThrow('keep it as test/fixtures/fuzz/planted/')
  })

  test('a word of three letters, by what came of the letters before', async () => {
    const broken = run(
      door(
        (input) => {
          const text = String(input)
          if (text.startsWith('\u0000{{')) throw new RangeError('deep')
          return text.startsWith('\u0000{') ? 'two' : text.startsWith('\u0000') ? 'one' : 'none'
        },
        { form: 'text', seeds: ['web'] },
      ),
    )
    await expect(broken).rejects.toThrow('"\\u0000{{"')
  })

  test('a prototype that was given a field, which it is given no longer', async () => {
    const merged = (to: Record<string, unknown>, from: Readonly<Record<string, unknown>>) => {
      for (const [key, value] of Object.entries(from))
        if (isObject(value) && isObject(to[key])) merged(to[key] as Record<string, unknown>, value)
        else to[key] = value
    }
    const broken = run(
      door((input) => {
        if (isObject(input)) merged({}, input)
        return 'merged'
      }),
    )
    await expect(broken).rejects.toThrow('Object.prototype has got')
    expect({}).not.toHaveProperty('polluted')
  })

  test('an input that takes too long', async () => {
    let nowMs = 0
    const slow = door(() => {
      nowMs = performance.now() + 1_050
      while (performance.now() < nowMs);
      return 'at last'
    })
    await expect(fuzz(slow, { count: 1, seed: 1 })).rejects.toThrow(/an input took 1\d{3} ms/)
  })
})

test('an error that the door is known for is none', async () => {
  const own = door(
    () => {
      throw new URIError('own')
    },
    { isNamed: (error) => error instanceof URIError },
  )
  expect((await fuzz(own, { count: 100, seed: 1 })).inputs).toBe(100)
})

test('the same seed makes the same inputs, whatever their form', () => {
  const inputs = (form: Form, seed: number) => {
    const next = dice(seed)
    const input = form === 'text' ? 'a: 1\nb: 2\n' : { a: 'x', b: 'y' }
    const hand = { next, words: ['w'], other: () => input }
    return Array.from({ length: 500 }, () => mutated(input, form, hand))
  }
  for (const form of ['json', 'text', 'texts'] as const) {
    expect(inputs(form, 7)).toEqual(inputs(form, 7))
    expect(inputs(form, 7)).not.toEqual(inputs(form, 8))
    for (const one of inputs(form, 7)) expect(JSON.parse(JSON.stringify(one))).toEqual(one)
  }
})

test('what is shrunk still breaks', async () => {
  const breaks = async (input: unknown) => JSON.stringify(input).includes('7')
  expect(await shrunk({ a: [1, { b: 'x7y' }], c: 'z' }, breaks)).toEqual({ a: [{ b: '7' }] })
})
