import { inspect, isDeepStrictEqual } from 'node:util'
import { corpusFolder, corpusOf } from './corpus.ts'
import { dice, oneOf } from './dice.ts'
import { type Form, mutated } from './mutate.ts'
import { shrunk } from './shrink.ts'

/** A place where something of others comes in, and what must always hold there. */
export type Door = {
  /** The folder of its corpus. */
  readonly name: string
  /** What this door is for, and the rows of the tables that its inputs prove. */
  readonly about: string
  readonly form: Form
  /** Words that mean something there. */
  readonly words?: readonly string[]
  /** Valid inputs that lie elsewhere, besides those of the corpus. */
  readonly seeds?: readonly unknown[]
  /**
   * Takes an input and says in a few words what came of it; throws where something does not hold. An
   * input of which something new came is mutated further.
   */
  readonly take: (input: unknown) => string | Promise<string>
  /** Errors that the door is known to throw, for whoever called it. */
  readonly isNamed?: (error: unknown) => boolean
  /** The part of the usual number of inputs that it gets; a whole one if it does not say. */
  readonly share?: number
}

/** An invariant that does not hold. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** Says what does not hold. */
export function broken(message: string): never {
  throw new Broken(message)
}

/** Two values that must be the same. */
export function same(one: unknown, other: unknown, what: string): void {
  if (isDeepStrictEqual(one, other)) return
  broken(`${what}: ${inspect(one, { depth: 6 })} is not ${inspect(other, { depth: 6 })}`)
}

export type Ran = {
  readonly inputs: number
  readonly perSecond: number
  /** How many different things came of the inputs. */
  readonly outcomes: number
}

type Of = { readonly count: number; readonly seed: number }

/** No input may take longer, as often as it is tried again. */
const inputMsMax = 1_000
const slowTriesMax = 2
/** So many inputs are mutated further. */
const poolMax = 1_000
/** A longer one costs time and says no more. */
const pooledCharsMax = 100_000

/** Runs the corpus of a door, then mutants of it. Throws with the smallest input that breaks it. */
export async function fuzz(door: Door, { count, seed }: Of): Promise<Ran> {
  const kept = corpusOf(door.name)
  for (const { file, input } of kept)
    await tried(door, input, (error) => report(door, { input, error, at: file }))
  const next = dice(seed)
  const pool: unknown[] = [...kept.map(({ input }) => input), ...(door.seeds ?? [])]
  const { words = [] } = door
  const other = () => oneOf(next, pool)
  const outcomes = new Set<string>()
  const startMs = performance.now()
  for (let nth = 0; nth < count; nth++) {
    const input = mutated(oneOf(next, pool), door.form, { next, words, other })
    const outcome = await tried(door, input, async (error) => {
      const smallest = await shrunk(input, (one) => isBrokenAlike(door, one, error))
      return report(door, { input: smallest, error, at: `input ${nth} of seed ${seed}` })
    })
    if (outcomes.has(outcome)) continue
    outcomes.add(outcome)
    if (pool.length < poolMax && isShort(input)) pool.push(input)
  }
  const perSecond = Math.round((1_000 * count) / (performance.now() - startMs))
  return { inputs: count, perSecond, outcomes: outcomes.size }
}

const isShort = (input: unknown): boolean =>
  typeof input === 'string'
    ? input.length <= pooledCharsMax
    : JSON.stringify(input).length <= pooledCharsMax

async function tried(
  door: Door,
  input: unknown,
  reported: (error: unknown) => string | Promise<string>,
): Promise<string> {
  for (let more = slowTriesMax; ; more--)
    try {
      const taken = attempt(door, input)
      return typeof taken === 'string' ? taken : await taken
    } catch (error) {
      // A busy machine is slow once; an input that is slow is so each time.
      if (error instanceof Slow && more > 0) continue
      throw new Broken(await reported(error), { cause: error })
    }
}

class Slow extends Error {
  override readonly name = 'Slow'
}

/** Takes an input, and looks at what is looked at everywhere. Not async: most doors are not. */
function attempt(door: Door, input: unknown): string | Promise<string> {
  const startMs = performance.now()
  const ended = (outcome: string) => {
    const ms = performance.now() - startMs
    if (ms > inputMsMax) throw new Slow(`an input took ${Math.round(ms)} ms`)
    return unpolluted(outcome)
  }
  try {
    const taken = door.take(input)
    if (typeof taken === 'string') return ended(taken)
    return taken.catch((error: unknown) => named(door, error)).then(ended)
  } catch (error) {
    return ended(named(door, error))
  }
}

function named(door: Door, error: unknown): string {
  if (error instanceof Broken || door.isNamed?.(error) !== true) throw error
  return `throws ${error instanceof Error ? error.name : 'something'}`
}

/** Whatever is set on the prototype of all objects turns up here. */
function unpolluted(outcome: string): string {
  for (const name in {}) {
    Reflect.deleteProperty(Object.prototype, name)
    broken(`Object.prototype has got ${name}`)
  }
  return outcome
}

/** Breaks in the same way as another input. */
async function isBrokenAlike(door: Door, input: unknown, error: unknown): Promise<boolean> {
  try {
    await attempt(door, input)
    return false
  } catch (another) {
    return kindOf(another) === kindOf(error)
  }
}

const kindOf = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${error.message.replaceAll(/\d+/g, '').slice(0, 30)}` : ''

type Found = { readonly input: unknown; readonly error: unknown; readonly at: string }

/** What a person needs to mend it, and to keep it mended. */
function report(door: Door, { input, error, at }: Found): string {
  const isText = typeof input === 'string' && !/[\ud800-\udfff\r]/.test(input)
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    `the door ${door.name} is broken by ${at}: ${words.split('\n').slice(0, 6).join('\n')}`,
    `the smallest such input: ${JSON.stringify(input)?.slice(0, 4_000)}`,
    `keep it as ${corpusFolder(door.name)}/<what it broke>.${isText ? 'txt' : 'json'}`,
  ].join('\n')
}
