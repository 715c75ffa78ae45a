import { nearestFew } from '../domain/nearest.ts'
import { type Invocation, type Problem, problem } from './invocation.ts'
import type { Table, Values, Verb } from './verb.ts'
import { chatTable, checks, otherFlags } from './verbs.ts'

/** Words that may stand before a name, as people say them. */
const fillers = new Set(['to', 'in', 'on', 'from'])
const suggestionsMax = 3

/**
 * What words mean, on every surface. A verb is not case-sensitive; what it is about may be given by
 * position or as a flag; a time may be a duration, `2h`, from now on or until now. Words that are not understood are never run: the answer is a problem with
 * lines to copy. Never throws.
 */
export function parseWords(
  words: readonly string[],
  nowUnix: number,
  table: Table = chatTable,
): Invocation {
  if (words.length === 0) return { kind: 'help' }
  const found = findVerb(words, table)
  if (found.kind === 'problem') return found
  const read = readValues(found.verb, found.rest, nowUnix)
  if (read.kind === 'problem') return read
  const { verb } = found
  const missing = verb.positions
    .slice(0, verb.required)
    .filter((name) => read.values[name] === undefined && !isNamedOtherwise(name, read.values))
  if (missing.length > 0) return problem(`${verb.name} needs more: ${verb.usage}`, [verb.example])
  return verb.build(read.values)
}

type Found =
  | { readonly kind: 'verb'; readonly verb: Verb; readonly rest: readonly string[] }
  | Problem

function findVerb(words: readonly string[], { verbs, otherNames }: Table): Found {
  const [first = '', second = ''] = words.map((word) => word.toLowerCase())
  const named = (typed: string) => {
    const name = otherNames.get(typed) ?? typed
    return verbs.find((one) => one.name === name)
  }
  const pair = named(`${first} ${second}`)
  const verb = pair ?? named(first)
  if (verb) return { kind: 'verb', verb, rest: words.slice(pair === undefined ? 1 : 2) }
  const known = [...verbs.map((one) => one.name), ...otherNames.keys()]
  const meant = nearestFew(first, known, suggestionsMax)
  const lines = meant.map((one) => [one, ...words.slice(1)].join(' '))
  return problem(`There is no command "${first}"`, lines.length > 0 ? lines : ['help'])
}

type Read = { readonly kind: 'values'; readonly values: Values } | Problem

function readValues(verb: Verb, words: readonly string[], nowUnix: number): Read {
  const values: Record<string, string> = {}
  const positions = verb.positions.filter((name) => !hasFlag(name, verb, words))
  let at = 0
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const flag = /^--?([A-Za-z][A-Za-z-]*)(?:=(.*))?$/s.exec(word)
    if (!flag) {
      const name = positions[at]
      const isText = name === undefined ? verb.text !== undefined : name === verb.text
      if (fillers.has(word.toLowerCase()) && !isText) continue
      if (name === undefined && !isText)
        return problem(`Unexpected "${word}": ${verb.usage}`, [verb.example])
      const key = name ?? verb.text ?? ''
      values[key] = values[key] === undefined ? word : `${values[key]} ${word}`
      at++
      continue
    }
    const name = flagNamed(flag[1] ?? '', verb)
    if (name === undefined) return unknownFlag(word, verb)
    if (verb.switches.includes(name)) {
      values[name] = 'true'
      continue
    }
    const value = flag[2] ?? words[++index]
    if (value === undefined) return problem(`${word} needs a value: ${verb.usage}`, [verb.example])
    values[name] = value
  }
  return checked(values, nowUnix)
}

/** The value of what was typed as a flag, when it is not given by position. */
const hasFlag = (name: string, verb: Verb, words: readonly string[]): boolean =>
  words.some((word) => {
    const flag = /^--?([A-Za-z][A-Za-z-]*)/.exec(word)?.[1]
    const given = flag === undefined ? undefined : flagNamed(flag, verb)
    return given !== undefined && (given === name || isNamedOtherwise(name, { [given]: word }))
  })

/** `release --app web` and `release --artifact ID` name what otherwise stands first. */
const isNamedOtherwise = (name: string, values: Values): boolean =>
  name === 'what' && (values.app !== undefined || values.artifact !== undefined)

function flagNamed(typed: string, { positions, flags, switches }: Verb): string | undefined {
  const plain = typed.toLowerCase().replaceAll('-', '')
  const known = [...positions, ...flags, ...switches]
  return [plain, otherFlags.get(plain)].find((name) => name !== undefined && known.includes(name))
}

function unknownFlag(word: string, verb: Verb): Problem {
  const known = [...verb.positions, ...verb.flags, ...verb.switches]
  const plain = word.replace(/^-+/, '').replace(/=.*$/s, '')
  const [meant] = nearestFew(plain, known, 1)
  const hint = meant === undefined ? verb.usage : `did you mean --${meant}?`
  return problem(`${verb.name} has no ${word.replace(/=.*$/s, '')}: ${hint}`, [verb.example])
}

function checked(typed: Readonly<Record<string, string>>, nowUnix: number): Read {
  const values: Record<string, string> = { ...typed }
  for (const [name, direction] of moments) {
    const value = values[name]
    if (value !== undefined) values[name] = momentOf(value, direction, nowUnix)
  }
  for (const [name, value] of Object.entries(values)) {
    const wrong = checks[name]?.(value)
    if (wrong) return problem(`"${value}" cannot be: ${wrong}`, [])
  }
  return { kind: 'values', values }
}

/** What takes a moment, and whether a duration leads to one that is to come, or past. */
const moments = [
  ['since', -1],
  ['at', -1],
  ['until', 1],
  ['expires', 1],
] as const

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 }

/** `2h` as the moment it leads to; anything else as it was typed. */
function momentOf(typed: string, direction: 1 | -1, nowUnix: number): string {
  const [, count, unit = ''] = /^(\d{1,4})(?:min|([mhd]))$/.exec(typed) ?? []
  if (count === undefined) return typed
  const seconds = Number(count) * (secondsOf[unit] ?? 60)
  return new Date((nowUnix + direction * seconds) * 1000).toISOString()
}
