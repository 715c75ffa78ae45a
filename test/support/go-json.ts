/** JSON keys by Go type, of each struct. */
export type GoTypes = Readonly<Record<string, Readonly<Record<string, string>> | string>>

/**
 * What Go's `encoding/json` would find wrong when it decodes a value into a type, each with its path: keys
 * fit in any case, one that is missing or null leaves the zero value, and one that is not known is nothing.
 */
export const goProblems = (types: GoTypes, type: string, value: unknown): string[] =>
  problemsAt({ types, path: '$' }, type, value)

type At = { readonly types: GoTypes; readonly path: string }

function problemsAt({ types, path }: At, type: string, value: unknown): string[] {
  const below = (more: string) => ({ types, path: path + more })
  if (value === null || value === undefined || type === 'any') return []
  const wrong = [`${path}: ${JSON.stringify(value).slice(0, 60)} is no ${type}`]
  if (type.startsWith('*')) return problemsAt({ types, path }, type.slice(1), value)
  if (type.startsWith('[]'))
    return Array.isArray(value)
      ? value.flatMap((one, at) => problemsAt(below(`[${at}]`), type.slice(2), one))
      : wrong
  switch (type) {
    case 'string':
      return typeof value === 'string' ? [] : wrong
    case 'bool':
      return typeof value === 'boolean' ? [] : wrong
    case 'int64':
      return Number.isSafeInteger(value) ? [] : wrong
  }
  if (typeof value !== 'object' || Array.isArray(value)) return wrong
  const entries = Object.entries(value)
  if (type.startsWith('map[string]'))
    return entries.flatMap(([key, one]) => problemsAt(below(`.${key}`), type.slice(11), one))
  const fields = types[type]
  if (typeof fields !== 'object') throw new Error(`there is no type ${type}`)
  const byKey = new Map(Object.entries(fields).map(([key, one]) => [key.toLowerCase(), one]))
  return entries.flatMap(([key, one]) =>
    problemsAt(below(`.${key}`), byKey.get(key.toLowerCase()) ?? 'any', one),
  )
}
