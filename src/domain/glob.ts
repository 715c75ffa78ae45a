import { assertNever, isRefusal, type Refusal, refuse } from './fault.ts'

/** A pattern that is ready to use. Matching takes at most `steps(text)` steps. */
export type Glob = {
  readonly matches: (text: string) => boolean
  readonly steps: (text: string) => number
}

export const globCharsMax = 256
/** How many braces may stand in one another. */
export const globDepthMax = 4

/**
 * Compiles a pattern that the whole text must match: `*` is any run of characters, `/` too, `?` is
 * one character, `{a,b}` is one of these, a leading `!` negates the whole, `\` takes the next
 * character as it is. Everything else, `[` too, stands for itself.
 */
export function compileGlob(pattern: string): Glob | Refusal {
  if (pattern.length > globCharsMax)
    return refuse('invalid', `the pattern is too long: write at most ${globCharsMax} characters`)
  const body = pattern.replace(/^!+/, '')
  if (body === '') return refuse('invalid', 'the pattern is empty: write * to match everything')
  const sequence = parseGlob(body)
  if (isRefusal(sequence)) return sequence
  const wanted = (pattern.length - body.length) % 2 === 0
  return {
    matches: (text) => (endsOf(sequence, text, startOf(text)).at(-1) === 1) === wanted,
    steps: (text) => pattern.length * (text.length + 1),
  }
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'run' }
  | { readonly kind: 'either'; readonly choices: readonly Sequence[] }
type Sequence = readonly Part[]

function parseGlob(body: string): Sequence | Refusal {
  // The choices of every brace that is open, the innermost last; the pattern itself is the first.
  const open: Part[][][] = [[[]]]
  for (let at = 0; at < body.length; at++) {
    const choices = open.at(-1) ?? []
    const sequence = choices.at(-1) ?? []
    const char = body.charAt(at)
    if (char === '*') sequence.push({ kind: 'run' })
    else if (char === '?') sequence.push({ kind: 'one' })
    else if (char === '{') {
      if (open.push([[]]) > globDepthMax + 1)
        return refuse(
          'invalid',
          `the pattern nests braces deeper than ${globDepthMax}: spell it out`,
        )
    } else if (char === ',' && open.length > 1) choices.push([])
    else if (char === '}') {
      if (open.length === 1)
        return refuse('invalid', 'the pattern closes a brace that is not open: write \\} for a }')
      if (choices.length === 1 && sequence.length === 0)
        return refuse('invalid', 'the pattern has empty braces: write {one,other}')
      open.pop()
      open.at(-1)?.at(-1)?.push({ kind: 'either', choices })
    } else if (char === '\\') {
      if (++at === body.length)
        return refuse('invalid', 'the pattern ends in a backslash: write \\\\ for one')
      addText(sequence, body.charAt(at))
    } else addText(sequence, char)
  }
  return open.length === 1
    ? (open[0]?.[0] ?? [])
    : refuse('invalid', 'the pattern leaves a brace open: write {one,other}, or \\{ for a {')
}

function addText(sequence: Part[], char: string): void {
  const last = sequence.at(-1)
  if (last?.kind === 'text')
    sequence[sequence.length - 1] = { kind: 'text', text: last.text + char }
  else sequence.push({ kind: 'text', text: char })
}

/** For every place in a text, and for its end, whether the match can have come so far: 1 or 0. */
type Places = Uint8Array

/**
 * Where a match of the sequence can end that began at one of `starts`. All beginnings go through the
 * pattern together, so there is nothing to go back to, however many ways there are.
 */
const endsOf = (sequence: Sequence, text: string, starts: Places): Places =>
  sequence.reduce((ends, part) => endsOfPart(part, text, ends), starts)

function endsOfPart(part: Part, text: string, starts: Places): Places {
  const ends = new Uint8Array(starts.length)
  switch (part.kind) {
    case 'text':
      for (let at = starts.indexOf(1); at >= 0; at = starts.indexOf(1, at + 1))
        if (text.startsWith(part.text, at)) ends[at + part.text.length] = 1
      return ends
    case 'one':
      for (let at = starts.indexOf(1); at >= 0; at = starts.indexOf(1, at + 1))
        ends[at + charLength(text, at)] = 1
      return ends
    case 'run':
      return starts.includes(1) ? ends.fill(1, starts.indexOf(1)) : ends
    case 'either':
      for (const choice of part.choices)
        for (const [at, reached] of endsOf(choice, text, starts).entries()) ends[at] ||= reached
      return ends
    default:
      return assertNever(part)
  }
}

function startOf(text: string): Places {
  const places = new Uint8Array(text.length + 1)
  places[0] = 1
  return places
}

const charLength = (text: string, at: number): number =>
  (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
