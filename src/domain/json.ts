/** How deep posted JSON may nest: far above any artifact, far below what exhausts a stack. */
const depthMax = 32

const hostileKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** What makes a parsed JSON value unsafe to keep, or nothing. Looks at the first 32 levels only. */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string')
    return value.includes('\u0000') ? 'text must not contain NUL characters' : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === depthMax) return `must not nest deeper than ${depthMax} levels`
  for (const key of Object.keys(value)) {
    if (hostileKeys.has(key)) return `must not have a key ${key}`
    const problem = jsonProblem((value as Record<string, unknown>)[key], depth + 1)
    if (problem) return problem
  }
  return undefined
}

/** JSON text that is the same for the same content, in whatever order its keys came. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`)
  return `{${entries.join(',')}}`
}
