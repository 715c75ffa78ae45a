import { parseWords } from '../../../../src/commands/grammar.ts'
import { chatTable, programTable } from '../../../../src/commands/verbs.ts'
import { splitWords } from '../../../../src/commands/words.ts'
import type { Command } from '../../../../src/domain/command.ts'
import { commentLines } from '../../../../src/ingress/github/comment-lines.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { isPlainLabel, isSafePath } from './names.ts'
import { gist } from './said.ts'

const nowUnix = 1_800_000_000

/** What people type: to the program, in Slack and in comments. */
export const grammarDoor: Door = {
  name: 'grammar',
  about: 'A12, A15: commands that people type, on every surface',
  form: 'text',
  words: [
    'release',
    'promote',
    'rollback',
    'history',
    'lock',
    'approve',
    '--reason',
    '--dry-run',
    '--force',
    '—env',
    '"',
    '“',
    'production',
    'staging',
    'web',
    '*',
    '../web',
    '-1',
    '30m',
  ],
  seeds: [
    'status web --env production',
    'release web@a1b2c3d staging --reason "fixes the prices" --dry-run',
    'promote web staging production',
    'history web production --limit 5 --since 2h',
    'rollback web production a1b2c3d',
    'delete web staging',
    'artifacts web --branch main --event pr',
    'lock production web --reason freeze --until 2h',
    'approve r-01kbrc3vq8m2x4t',
    'explain r-1',
    'help release',
    'user add ci --roles releaser --repositories acme/web',
    'audit --since 1d --limit 3',
  ],
  take(input) {
    const line = String(input)
    const split = splitWords(line)
    if (split.kind === 'problem') return gist(split.message)
    const outcomes = [chatTable, programTable].map((table) => {
      const asked = parseWords(split.words, nowUnix, table)
      if (asked.kind === 'problem' && asked.message === '') broken('it says nothing')
      return asked.kind === 'command' ? commanded(asked.command) : asked.kind
    })
    return outcomes.join(' ')
  },
}

/** What a command names is a name: nothing else is looked up, written or shown (A12). */
function commanded(command: Command): string {
  const { filter, ...rest } = command as Readonly<Record<string, unknown>>
  const said = { ...rest, ...(filter as object | undefined) } as Readonly<Record<string, unknown>>
  for (const name of ['app', 'env', 'from']) {
    const value = said[name]
    if (typeof value === 'string' && value !== '*' && !isPlainLabel(value))
      broken(`${command.verb} has the ${name} ${JSON.stringify(value)}`)
  }
  if (typeof said.artifactId === 'string' && !isSafePath(said.artifactId))
    broken(`${command.verb} has the artifact ${JSON.stringify(said.artifactId)}`)
  if (typeof said.sha === 'string' && !/^[0-9a-f]{7,40}$/.test(said.sha))
    broken(`${command.verb} has the commit ${JSON.stringify(said.sha)}`)
  return `${command.verb} ${Object.keys(said).length}`
}

/** Comments of pull requests, in which lines may be commands. */
export const commentDoor: Door = {
  name: 'comments',
  about: 'A6: comments of pull requests, in which commands stand among other things',
  form: 'text',
  words: [
    '/gimlet release staging',
    '\n\n',
    '> ',
    '- ',
    '```\n',
    '<details>',
    '</details>',
    '<!--',
    '-->',
    '[a](b)',
    '    ',
    '| a | b |\n|---|---|\n',
    '[^1]: ',
  ],
  share: 0.5,
  seeds: [
    '/gimlet release staging,production',
    'Thanks!\n\n/gimlet status\n/gimlet release web staging',
    '> /gimlet release staging\n\n/gimlet help',
    '```\n/gimlet release staging\n```',
    '<details>\n\n/gimlet release staging\n\n</details>',
  ],
  take(input) {
    const comment = String(input)
    const read = commentLines(comment)
    const typed = new Set(comment.split(/\r\n?|\n/).map((line) => line.trim()))
    for (const line of read.lines)
      if (!typed.has(line)) broken(`${JSON.stringify(line)} was never typed`)
    same(commentLines(comment.replaceAll('\r\n', '\n')), read, 'with other ends of lines')
    return `${Math.min(read.lines.length, 5)} ${read.isSwallowed}`
  },
}
