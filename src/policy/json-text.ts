export type ParsedJson =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly message: string }

/** How deep a file may nest: above any rule, below what exhausts a stack. */
export const jsonDepthMax = 100

/**
 * Parses JSON that people write. `JSON.parse` alone does not always say where a file is broken, and
 * of two keys of one name silently drops the first: a rule that its author believes in.
 */
export function parseJson(text: string): ParsedJson {
  const scan: Scan = { text, at: 0, depth: 0 }
  const problem = skipValue(scan) ?? (peek(scan) === '' ? undefined : 'nothing may follow the end')
  if (problem) return { kind: 'broken', message: `${placeOf(scan)}: ${problem}` }
  try {
    return { kind: 'value', value: JSON.parse(text) }
  } catch {
    return { kind: 'broken', message: 'is not JSON' }
  }
}

/**
 * The line, from 1, of what a JSON pointer leads to, or of the last thing on the way that is there; of
 * a text that is broken: where it is.
 */
export function lineOf(text: string, pointer: string): number {
  const whole: Scan = { text, at: 0, depth: 0 }
  if (skipValue(whole) !== undefined || peek(whole) !== '') return linesTo(whole).length
  const scan: Scan = { text, at: 0, depth: 0 }
  const keys = pointer.split('/').slice(1)
  keys.every((key) => enter(scan, key.replaceAll('~1', '/').replaceAll('~0', '~')))
  peek(scan)
  return linesTo(scan).length
}

/** Goes on to the value of a key, or at an index; answers false when there is none. */
function enter(scan: Scan, wanted: string): boolean {
  const look: Scan = { ...scan }
  const isObject = takeChar(look, '{')
  if (!isObject && !takeChar(look, '[')) return false
  for (let at = 0; !/^[\]}]?$/.test(peek(look)); at++) {
    const key: unknown = isObject ? JSON.parse(take(look, string) ?? '""') : String(at)
    if (isObject) takeChar(look, ':')
    if (key === wanted) {
      scan.at = look.at
      return true
    }
    skipValue(look)
    takeChar(look, ',')
  }
  return false
}

/** Line and column, from 1, of where the reading stopped. */
function placeOf(scan: Scan): string {
  const lines = linesTo(scan)
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}

const linesTo = ({ text, at }: Scan): string[] => text.slice(0, at).split('\n')

type Scan = { readonly text: string; at: number; depth: number }
/** What is wrong where the scan stands, or nothing. */
type Wrong = string | undefined

const space = /[ \t\n\r]*/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON text may not hold them unescaped
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

function take(scan: Scan, pattern: RegExp): string | undefined {
  pattern.lastIndex = scan.at
  const found = pattern.exec(scan.text)?.[0]
  scan.at += found?.length ?? 0
  return found
}

function peek(scan: Scan): string {
  take(scan, space)
  return scan.text.charAt(scan.at)
}

function takeChar(scan: Scan, char: string): boolean {
  const found = peek(scan) === char
  if (found) scan.at++
  return found
}

function skipValue(scan: Scan): Wrong {
  const first = peek(scan)
  if (first === '{' || first === '[') {
    if (scan.depth === jsonDepthMax) return `nests deeper than ${jsonDepthMax} levels`
    scan.at++
    scan.depth++
    const wrong = first === '{' ? skipObject(scan) : skipList(scan)
    scan.depth--
    return wrong
  }
  const known = first === '"' ? take(scan, string) : take(scan, scalar)
  if (known !== undefined) return undefined
  if (first === '"') return 'the text does not end on its line, or has an escape that JSON lacks'
  return first === '' ? 'the file ends too early' : `${JSON.stringify(first)} is no value`
}

function skipList(scan: Scan): Wrong {
  if (takeChar(scan, ']')) return undefined
  do {
    const wrong = skipValue(scan)
    if (wrong) return wrong
  } while (takeChar(scan, ','))
  return takeChar(scan, ']') ? undefined : 'a list goes on with , or ends with ]'
}

function skipObject(scan: Scan): Wrong {
  if (takeChar(scan, '}')) return undefined
  const keys = new Set<string>()
  do {
    const wrong = skipEntry(scan, keys)
    if (wrong) return wrong
  } while (takeChar(scan, ','))
  return takeChar(scan, '}') ? undefined : 'an object goes on with , or ends with }'
}

function skipEntry(scan: Scan, keys: Set<string>): Wrong {
  if (peek(scan) !== '"') return 'a key in double quotes is wanted (and no comma before a })'
  const began = scan.at
  const quoted = take(scan, string)
  if (quoted === undefined) return 'the key does not end'
  const key: string = JSON.parse(quoted)
  if (keys.has(key)) {
    scan.at = began
    return `the key ${quoted} stands twice: only the last would count`
  }
  keys.add(key)
  return takeChar(scan, ':') ? skipValue(scan) : 'a key is followed by :'
}
