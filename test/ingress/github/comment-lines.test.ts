import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commentLines } from '../../../src/ingress/github/comment-lines.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'

const command = '/gimlet release staging'
const hidden = '/gimlet release production'

/** A comment, and the commands that a reader of it sees. */
const rows: readonly { name: string; comment: string; want: readonly string[] }[] = [
  { name: 'alone', comment: command, want: [command] },
  { name: 'between other lines', comment: `LGTM\n${command}\nthanks`, want: [command] },
  { name: 'after a blank line', comment: `LGTM\n\n${command}`, want: [command] },
  { name: 'in capitals, with CRLF and spaces', comment: `/Gimlet Release staging \r\n`, want: ['/Gimlet Release staging'] }, // biome-ignore format: one row
  { name: 'with bare CR', comment: `LGTM\r${command}\r`, want: [command] },
  { name: 'indented by three', comment: `   ${command}`, want: [command] },
  { name: 'two of them', comment: `${command}\n/gimlet status`, want: [command, '/gimlet status'] },
  { name: 'alone by its name', comment: '/gimlet', want: ['/gimlet'] },
  { name: 'with a link in it', comment: '/gimlet lock x --reason https://a.b/c?d', want: ['/gimlet lock x --reason https://a.b/c?d'] }, // biome-ignore format: one row
  { name: 'with code in it', comment: '/gimlet lock x --reason `y`', want: ['/gimlet lock x --reason `y`'] }, // biome-ignore format: one row
  { name: 'another word', comment: '/gimletrelease staging', want: [] },
  { name: 'nearly the word', comment: '/gimlets release staging', want: [] },
  { name: 'in the middle of a line', comment: `see ${command}`, want: [] },
  { name: 'quoted', comment: `> ${command}`, want: [] },
  { name: 'quoted in a quote', comment: `> > ${command}`, want: [] },
  { name: 'above a quote', comment: `${command}\n\n> ${hidden}`, want: [command] },
  { name: 'below a quote, with a blank line', comment: `> said\n\n${command}`, want: [command] },
  { name: 'below a quote, without one', comment: `> said\n${hidden}`, want: [] },
  { name: 'below a list, without a blank line', comment: `- one\n${hidden}`, want: [] },
  { name: 'fenced', comment: `\`\`\`\n${hidden}\n\`\`\``, want: [] },
  { name: 'fenced by tildes', comment: `~~~sh\n${hidden}\n~~~`, want: [] },
  { name: 'in a fence that is not closed', comment: `\`\`\`\n${hidden}`, want: [] },
  { name: 'in a fence within a fence', comment: `\`\`\`\`\n\`\`\`\n${hidden}\n\`\`\`\n\`\`\`\``, want: [] }, // biome-ignore format: one row
  { name: 'after a fence', comment: `\`\`\`\nx\n\`\`\`\n${command}`, want: [command] },
  { name: 'indented by four', comment: `    ${hidden}`, want: [] },
  { name: 'indented by a tab', comment: `\t${hidden}`, want: [] },
  { name: 'in inline code', comment: `\`${hidden}\``, want: [] },
  { name: 'in inline code over lines', comment: `\`a\n${hidden}\nb\``, want: [] },
  { name: 'after inline code over lines', comment: `\`a\nb\`\n${command}`, want: [command] },
  { name: 'in an HTML comment', comment: `<!-- ${hidden} -->`, want: [] },
  { name: 'in an HTML comment over lines', comment: `<!--\n${hidden}\n-->`, want: [] },
  { name: 'in an HTML comment with blank lines', comment: `<!--\n\n${hidden}\n\n-->`, want: [] },
  { name: 'in an HTML comment that is not closed', comment: `<!--\n${hidden}`, want: [] },
  { name: 'in an HTML comment inside a line', comment: `x <!--\n${hidden}\n--> y`, want: [] },
  { name: 'in an HTML comment inside a quote', comment: `> <!-- ${hidden} -->`, want: [] },
  { name: 'above an HTML trailer', comment: `${command}\n\n<!-- linear 123 -->`, want: [command] },
  { name: 'in an attribute', comment: `<a title="\n${hidden}\n">x</a>`, want: [] },
  { name: 'in details', comment: `<details>\n\n${hidden}\n\n</details>`, want: [] },
  { name: 'in tight details', comment: `<details>\n${hidden}\n</details>`, want: [] },
  { name: 'in details within a line', comment: `x <details>y\n${hidden}\n</details>`, want: [] },
  { name: 'in details that are not closed', comment: `<details>\n\n${hidden}`, want: [] },
  { name: 'after details', comment: `<details>\n\nx\n\n</details>\n\n${command}`, want: [command] },
  { name: 'in details within details', comment: `<details>\n\n<details>\n\nx\n\n</details>\n\n${hidden}\n\n</details>`, want: [] }, // biome-ignore format: one row
  { name: 'in a link', comment: `[x\n${hidden}](https://a.b)`, want: [] },
  { name: 'in the title of a link', comment: `[x](https://a.b "\n${hidden}\n")`, want: [] },
  { name: 'in a reference', comment: `[x]: https://a.b "\n${hidden}\n"`, want: [] },
  { name: 'in the text of an image', comment: `![x\n${hidden}](https://a.b/c.png)`, want: [] },
  { name: 'in a footnote', comment: `x[^1]\n\n[^1]: said\n${hidden}`, want: [] },
  {
    name: 'in a footnote over paragraphs',
    comment: `[^1]: said\n\n    more\n\n${hidden}`,
    want: [],
  },
  { name: 'in a heading', comment: `# ${hidden}`, want: [] },
  { name: 'as a heading by underline', comment: `${hidden}\n===`, want: [] },
  { name: 'as a list item', comment: `- ${hidden}`, want: [] },
  { name: 'as a task', comment: `- [ ] ${hidden}`, want: [] },
  { name: 'in a numbered list', comment: `1. x\n\n   ${hidden}`, want: [] },
  { name: 'in a table', comment: `| a |\n|---|\n| ${hidden} |`, want: [] },
  { name: 'in CDATA', comment: `<![CDATA[\n${hidden}\n]]>`, want: [] },
  { name: 'in a processing instruction', comment: `<?php\n${hidden}\n?>`, want: [] },
  { name: 'in raw HTML', comment: `<div>\n${hidden}\n</div>`, want: [] },
  { name: 'escaped', comment: `\\${hidden}`, want: [] },
  { name: 'as an entity', comment: hidden.replace('/', '&#47;'), want: [] },
  { name: 'after a Unicode line separator', comment: `x\u2028${hidden}`, want: [] },
  { name: 'bold', comment: `**${hidden}**`, want: [] },
  { name: 'struck through', comment: `~~${hidden}~~`, want: [] },
]

describe('a command in a comment (A24, R20)', () => {
  it.each(rows)('is read as it is rendered: $name', ({ comment, want }) => {
    expect(commentLines(comment).lines).toEqual(want)
  })

  it.each([
    { comment: `> said\n${hidden}`, want: true },
    { comment: `- one\n${hidden}`, want: true },
    { comment: `> ${hidden}`, want: false },
    { comment: `- ${hidden}`, want: false },
    { comment: `> said\n${hidden}\n\n${command}`, want: false },
    { comment: 'nothing', want: false },
  ])(
    'is told to be swallowed where a blank line is missing: $want $comment',
    ({ comment, want }) => {
      expect(commentLines(comment).isSwallowed).toBe(want)
    },
  )

  it('is found within half a second in the most hostile comments', () => {
    const hostile = ['![[', '*a_ ', '> ', '[a](', '~~a~ ', '<!--', '`', '<details>', '[^1]: ', '- ', '| a ', '\\', '&#47;', '((((', '**', '<a href="', '![', '~~~\n', '_*', '1. '] // biome-ignore format: one list
    for (const part of hostile) {
      const rest = part.repeat(Math.floor((65_536 - command.length - 2) / part.length))
      const cpuMs = cpuMsOf(() => {
        expect([part, commentLines(`${command}\n\n${rest}`).lines]).toEqual([part, [command]])
      })
      expect([part, cpuMs < 2_000]).toEqual([part, true])
    }
  })

  it('is none in a comment that is longer than GitHub’s longest', () => {
    expect(commentLines(`${command}\n${'x'.repeat(65_536)}`).lines).toEqual([])
  })

  it('never throws, and is always a line of the comment', () => {
    const part = fc.constantFrom(command, '> ', '```', '\n', '\n\n', '<!--', '-->', '- ', '`', '[', '](', '<details>', '</details>', 'x', '    ', '|', '\\', '*') // biome-ignore format: one list
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        const comment = parts.join('')
        const source = comment.split('\n').map((line) => line.trim())
        for (const line of commentLines(comment).lines) expect(source).toContain(line)
      }),
    )
  })
})
