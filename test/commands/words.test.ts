import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitWords } from '../../src/commands/words.ts'

const rows: readonly { line: string; want: readonly string[] }[] = [
  { line: '', want: [] },
  { line: '  status   web ', want: ['status', 'web'] },
  { line: 'status\u00a0web\r\n', want: ['status', 'web'] },
  { line: 'lock x --reason "two words"', want: ['lock', 'x', '--reason', 'two words'] },
  { line: 'lock x --reason “two words”', want: ['lock', 'x', '--reason', 'two words'] },
  { line: 'lock x —reason “hot fix”', want: ['lock', 'x', '--reason', 'hot fix'] },
  { line: 'lock x –reason=hot', want: ['lock', 'x', '--reason=hot'] },
  { line: 'lock x --reason="two words"', want: ['lock', 'x', '--reason=two words'] },
  { line: "lock x --reason ‘don't do it’", want: ['lock', 'x', '--reason', "don't do it"] },
  { line: "reject r-1 don't", want: ['reject', 'r-1', "don't"] },
  { line: 'reject r-1 "he said "no" twice"', want: ['reject', 'r-1', 'he said "no', 'twice"'] },
  { line: 'a "" b', want: ['a', '', 'b'] },
  { line: 'release web—api x', want: ['release', 'web—api', 'x'] },
  { line: 'artifacts --since 2h --limit=3', want: ['artifacts', '--since', '2h', '--limit=3'] },
]

describe('a typed line', () => {
  it.each(rows)('is words: $line', ({ line, want }) => {
    expect(splitWords(line)).toEqual({ kind: 'words', words: want })
  })

  it.each([
    { line: 'release "half', says: 'A quotation mark is not closed: "half' },
    { line: 'release “half', says: 'A quotation mark is not closed: “half' },
    { line: 'release we\u200bb', says: 'U+200B' },
    { line: 'release \u202eweb', says: 'U+202E' },
    { line: 'release web\u0000', says: 'U+0000' },
    { line: 'release we\u00adb', says: 'U+00AD' },
    { line: 'x'.repeat(4_001), says: 'at most 4000 characters' },
  ])('is refused, with what is wrong: $says', ({ line, says }) => {
    expect(splitWords(line)).toMatchObject({ kind: 'problem', message: expect.stringContaining(says) }) // biome-ignore format: one line
  })

  it('never throws, and loses nothing of plain words', () => {
    const word = fc.stringMatching(/^[a-z0-9@.=/-]{1,12}$/)
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        expect(splitWords(words.join('  '))).toEqual({ kind: 'words', words })
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => void splitWords(line)),
    )
  })

  it('gives back what was quoted, whatever the marks', () => {
    const inner = fc.stringMatching(/^[a-z0-9 ]{0,20}$/)
    const marks = fc.constantFrom('""', '“”', '„“', "''", '‘’')
    fc.assert(
      fc.property(inner, marks, (text, [open = '', close = '']) => {
        expect(splitWords(`a ${open}${text}${close} b`)).toEqual({ kind: 'words', words: ['a', text, 'b'] }) // biome-ignore format: one line
      }),
    )
  })
})
