import { type Refusal, refuse } from '../../domain/fault.ts'
import { nearest } from '../../domain/nearest.ts'

/** What may follow a flag: a value, several by repeating it, or nothing. */
export type FlagKind = 'one' | 'many' | 'switch'
export type FlagTable = Readonly<Record<string, FlagKind>>

export type Flags = {
  /** Its values by the flag's name; a switch is `true`, or what stands behind `=`. */
  readonly given: ReadonlyMap<string, readonly string[]>
  /** What is no flag of the table, in its order. */
  readonly rest: readonly string[]
}

/**
 * Takes the flags of a table out of the arguments. `--sourceBranch`, GimletD's spelling, and
 * `--source-branch` are the same. Answers a refusal for one without its value.
 */
export function readFlags(args: readonly string[], table: FlagTable): Flags | Refusal {
  const names = new Map(Object.keys(table).map((name) => [plain(name), name]))
  const given = new Map<string, string[]>()
  const rest: string[] = []
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const [, typed = '', joined] = /^--([A-Za-z][A-Za-z-]*)(?:=(.*))?$/s.exec(arg) ?? []
    const name = names.get(plain(typed))
    if (name === undefined) {
      rest.push(arg)
      continue
    }
    const value = table[name] === 'switch' ? (joined ?? 'true') : (joined ?? args[++at])
    if (value === undefined) return refuse('invalid', `--${name} needs a value`)
    const before = given.get(name) ?? []
    if (table[name] !== 'many' && before.length > 0)
      return refuse('invalid', `--${name} is given twice; give it once`)
    given.set(name, [...before, value])
  }
  return { given, rest }
}

/** What to say about a word that nobody took, or nothing when there is none. */
export function leftOver(words: readonly string[], known: readonly string[]): Refusal | undefined {
  const [word] = words
  if (word === undefined) return undefined
  if (!word.startsWith('-')) return refuse('invalid', `Unexpected "${word}"`)
  const flag = word.replace(/=.*$/s, '')
  const meant = nearest(flag.replace(/^-+/, ''), known)
  return refuse('invalid', `There is no ${flag}${meant ? `; did you mean --${meant}?` : ''}`)
}

const plain = (name: string) => name.toLowerCase().replaceAll('-', '')
