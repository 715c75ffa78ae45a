import fc from 'fast-check'
import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { code, codeBlock, fold, link, words } from '../../../src/messages/github/markdown.ts'

/** Reads Markdown as widely as anyone might: HTML counts, addresses become links. */
const reader = new MarkdownIt({ html: true, linkify: true })
const kindsOf = (text: string) =>
  new Set(reader.parse(text, {}).flatMap(({ type, children }) => [type, ...(children ?? []).map((one) => one.type)])) // biome-ignore format: one value

const hostile = [
  '@octo-org/everyone',
  '@alice',
  'mallory@example.com',
  '[x](https://evil.example)',
  '![x](https://evil.example/a.png)',
  '<img src=x onerror=alert(1)>',
  '<!-- gimlet -->',
  'https://evil.example',
  'www.evil.example',
  'example/web#12',
  'fixes #12',
  '/gimlet release production',
  '```',
  '| a | b |',
  '# x',
  '1. x',
  '- x',
  '~~x~~',
  '**x**',
  '&lt;b&gt;',
  '\\@alice',
  ':tada:',
  '$x$',
  '\u202e',
]
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...hostile, ' ', '\n', '`', '\\'), { maxLength: 6 }).map((all) => all.join('')), // biome-ignore format: one value
)

describe('A30, R21, R22: text of others in a comment', () => {
  it('is words and nothing else: no link, no list, no HTML, no mention, no command', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = `${words(text)} end`
        const kinds = [...kindsOf(`so: ${shown}`)]
        const plain = ['paragraph_open', 'inline', 'paragraph_close', 'text', 'text_special']
        expect(kinds.filter((kind) => !plain.includes(kind))).toEqual([])
        expect(shown).not.toMatch(/@[A-Za-z0-9]|\/gimlet|\w#\d|[\n\r\u202a-\u202e\u2066-\u2069]/)
      }),
      { numRuns: 3_000 },
    )
  })

  it('as code stays code, however many backticks it has', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const kinds = [...kindsOf(`so: ${code(text)} end`)]
        expect(kinds.toSorted()).toEqual(['code_inline', 'inline', 'paragraph_close', 'paragraph_open', 'text']) // biome-ignore format: one list
      }),
      { numRuns: 3_000 },
    )
  })

  it('as a block of code stays one block, cut or not', () => {
    fc.assert(
      fc.property(anything, fc.nat(80), (text, charsMax) => {
        const kinds = [...kindsOf(`${codeBlock(text, 'diff', charsMax)}\n\nend`)]
        expect(kinds.toSorted()).toEqual(['fence', 'inline', 'paragraph_close', 'paragraph_open', 'text']) // biome-ignore format: one list
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    'javascript:alert(1)',
    'https://a.b/)![x](https://evil.example',
    'https://a.b/ "title',
    'https://a.b/\n/gimlet release production',
    '',
  ])('an address that is none is no link: %j', (url) => {
    expect(link('open', url)).toBe('open')
  })

  it('a summary of a fold ends where it should', () => {
    expect(fold('</summary><script>', 'x')).toContain('<summary>&lt;/summary&gt;&lt;script&gt;</summary>') // biome-ignore format: one line
  })
})
