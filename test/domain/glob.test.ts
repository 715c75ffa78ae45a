import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { compileGlob, type Glob, globCharsMax } from '../../src/domain/glob.ts'

function glob(pattern: string): Glob {
  const compiled = compileGlob(pattern)
  if (isRefusal(compiled)) throw new Error(compiled.message)
  return compiled
}

describe('a glob matches', () => {
  test.each([
    { pattern: 'main', yes: ['main'], no: ['', 'mai', 'main2', 'Main', 'xmain'] },
    { pattern: '*', yes: ['', 'a', 'a/b/c'], no: [] },
    {
      pattern: 'release/*',
      yes: ['release/', 'release/1', 'release/1/2'],
      no: ['release', 'xrelease/1'],
    },
    { pattern: '*/v?', yes: ['a/v1', 'a/b/v2', '/v3'], no: ['v1', 'a/v', 'a/v12'] },
    {
      pattern: '{release,hotfix}/*',
      yes: ['release/1', 'hotfix/a/b'],
      no: ['feature/1', 'release'],
    },
    { pattern: 'v{1,2{a,b},}', yes: ['v1', 'v2a', 'v2b', 'v'], no: ['v2', 'v1a', 'va'] },
    { pattern: '!main', yes: ['', 'master'], no: ['main'] },
    { pattern: '!{main,master}', yes: ['dev'], no: ['main', 'master'] },
    { pattern: '!!main', yes: ['main'], no: ['dev'] },
    { pattern: '\\!a\\*\\{\\\\', yes: ['!a*{\\'], no: ['!ab{\\', 'a*{\\'] },
    { pattern: '*[skip deploy]*', yes: ['fix [skip deploy] now'], no: ['s', 'skip deploy'] },
    { pattern: 'a,b', yes: ['a,b'], no: ['a', 'b'] },
    { pattern: '?', yes: ['a', '😀', '\n'], no: ['', 'ab', '😀😀'] },
    { pattern: 'a.c', yes: ['a.c'], no: ['abc'] },
  ])('$pattern', ({ pattern, yes, no }) => {
    const { matches } = glob(pattern)
    expect(yes.filter((text) => !matches(text))).toEqual([])
    expect(no.filter((text) => matches(text))).toEqual([])
  })
})

test.each([
  { name: 'nothing', pattern: '', want: 'write *' },
  { name: 'only a negation', pattern: '!', want: 'write *' },
  { name: 'an open brace', pattern: 'a{b,c', want: 'write {one,other}' },
  { name: 'a brace that nothing opened', pattern: 'a}', want: 'write \\}' },
  { name: 'empty braces', pattern: 'a{}', want: 'write {one,other}' },
  { name: 'a last backslash', pattern: 'a\\', want: 'write \\\\' },
  { name: 'braces too deep', pattern: '{{{{{a}}}}}', want: 'spell it out' },
  { name: 'a pattern too long', pattern: 'a'.repeat(globCharsMax + 1), want: 'at most 256' },
])('a pattern is refused for $name, with what to write', ({ pattern, want }) => {
  const compiled = compileGlob(pattern)
  expect(isRefusal(compiled) && compiled.message).toContain(want)
})

type Tree = { readonly pattern: string; readonly regex: string }
const join = (trees: readonly Tree[]): Tree => ({
  pattern: trees.map(({ pattern }) => pattern).join(''),
  regex: trees.map(({ regex }) => regex).join(''),
})
const leaf = fc.constantFrom<Tree>(
  { pattern: 'a', regex: 'a' },
  { pattern: 'b', regex: 'b' },
  { pattern: '[', regex: '\\[' },
  { pattern: '\\*', regex: '\\*' },
  { pattern: '*', regex: '.*' },
  { pattern: '?', regex: '.' },
)
const flat = fc.array(leaf, { minLength: 1, maxLength: 4 }).map(join)
const braces = (inner: fc.Arbitrary<Tree>) =>
  fc.array(inner, { minLength: 1, maxLength: 3 }).map((choices) => ({
    pattern: `{${choices.map(({ pattern }) => pattern).join(',')}}`,
    regex: `(?:${choices.map(({ regex }) => regex).join('|')})`,
  }))
const nested = fc.array(fc.oneof(leaf, braces(flat)), { minLength: 1, maxLength: 3 }).map(join)
const tree = fc.array(fc.oneof(leaf, braces(nested)), { minLength: 1, maxLength: 4 }).map(join)
const shortText = fc.string({ unit: fc.constantFrom('a', 'b', '[', '*', '/', '😀'), maxLength: 8 })

test('a glob agrees with the regular expression that means the same', () => {
  fc.assert(
    fc.property(tree, shortText, ({ pattern, regex }, text) => {
      expect(glob(pattern).matches(text)).toBe(new RegExp(`^(?:${regex})$`, 'su').test(text))
    }),
    { numRuns: 3_000 },
  )
})

test('!p is the complement of p', () => {
  const anyPattern = fc.string({ unit: fc.constantFrom(...'ab*?{},\\!['), maxLength: 12 })
  fc.assert(
    fc.property(anyPattern, shortText, (pattern, text) => {
      const plain = compileGlob(pattern)
      const negated = compileGlob(`!${pattern}`)
      expect(isRefusal(negated)).toBe(isRefusal(plain))
      if (!isRefusal(plain) && !isRefusal(negated))
        expect(negated.matches(text)).toBe(!plain.matches(text))
    }),
    { numRuns: 3_000 },
  )
})

test('A22: a hostile pattern takes no more steps than pattern times text', () => {
  const comparisons = vi.spyOn(String.prototype, 'startsWith')
  const text = `${'a'.repeat(2_000)}b`
  const patterns = [
    '*a'.repeat(100),
    `${'{a,*}'.repeat(40)}c`,
    `${'{*a,*a,*a}'.repeat(20)}c`,
    `${'{{{{a,aa},*},*},*}'.repeat(12)}c`,
    `${'?*'.repeat(60)}c`,
  ]
  for (const pattern of patterns) {
    comparisons.mockClear()
    const { matches, steps } = glob(pattern)
    matches(text)
    expect(comparisons.mock.calls.length).toBeLessThanOrEqual(steps(text))
  }
  comparisons.mockRestore()
})
