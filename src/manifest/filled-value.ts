import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { hasTemplate } from './template.ts'
import { fill, type Variables } from './variables.ts'

/** Fills every text of a YAML value in, keys aside. Works on plain values only and knows no syntax. */
export function filledValue(value: unknown, variables: Variables): unknown | Refusal {
  let problem: Refusal | undefined
  // An alias is the same object again: filled once, however often it stands there.
  const known = new Map<unknown, unknown>()
  const filled = (given: unknown): unknown => {
    if (typeof given === 'string') {
      const text = hasTemplate(given) ? fill(given, variables) : given
      if (isRefusal(text)) problem ??= text
      return text
    }
    if (!(given instanceof Map || Array.isArray(given))) return given
    const copy =
      known.get(given) ??
      (Array.isArray(given)
        ? given.map(filled)
        : new Map([...given].map(([key, entry]) => [key, filled(entry)])))
    known.set(given, copy)
    return copy
  }
  const result = filled(value)
  return problem ?? result
}

type Texts = Readonly<Record<string, string | undefined>>

/** Fills the texts of mappings in. They stay texts, whatever they look like. */
export function filledTexts<Of extends Texts>(
  all: readonly Of[],
  { what, variables }: { what: string; variables: Variables },
): readonly Of[] | Refusal {
  const filled: Of[] = []
  for (const [at, texts] of all.entries()) {
    const own: Record<string, string | undefined> = {}
    for (const [key, text] of Object.entries(texts)) {
      const value = text !== undefined && hasTemplate(text) ? fill(text, variables) : text
      if (isRefusal(value)) return refuse(value.code, `${what}[${at}].${key}: ${value.message}`)
      own[key] = value === undefined ? undefined : String(value)
    }
    filled.push(own as Of)
  }
  return filled
}

/** True for two YAML values of the same types, the same content and the same order of keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  const compared = new Map<unknown, unknown>()
  const same = (one: unknown, other: unknown): boolean => {
    if (Object.is(one, other) || (compared.has(one) && compared.get(one) === other)) return true
    const [left, right] = [contentOf(one), contentOf(other)]
    if (!left || !right || left.kind !== right.kind) return false
    const isSame =
      left.entries.length === right.entries.length &&
      left.entries.every((entry, at) => same(entry, right.entries[at]))
    if (isSame) compared.set(one, other)
    return isSame
  }
  return same(a, b)
}

/** What a mapping or a list holds; a scalar holds nothing. */
function contentOf(value: unknown): { kind: string; entries: readonly unknown[] } | null {
  if (Array.isArray(value)) return { kind: 'list', entries: value }
  return value instanceof Map ? { kind: 'mapping', entries: [...value].flat() } : null
}
