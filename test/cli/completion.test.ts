import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { gimletIn } from '../support/gimlet.ts'

const gimlet = gimletIn({})

/** What bash would offer for a line whose last word is being typed. */
async function offered(...line: readonly string[]): Promise<readonly string[]> {
  const { out: script } = await gimlet('completion', 'bash')
  const words = line.map((word) => `'${word}'`).join(' ')
  const asked = `COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _gimlet; echo "\${COMPREPLY[@]}"`
  const printed = execFileSync('bash', ['-c', `${script}\n${asked}`], { encoding: 'utf8' })
  return printed.trim().split(' ').filter(Boolean)
}

test.each([
  { line: ['gimlet', 'sta'], want: ['status'] },
  { line: ['gimlet', 'release', 'ma'], want: ['make'] },
  { line: ['gimlet', 'release', 'make', '--ar'], want: ['--artifact'] },
  { line: ['gimlet', 'user', 'add', '--ro'], want: ['--roles'] },
  { line: ['gimlet', 'rollback', 'web', '--en'], want: ['--env'] },
  { line: ['gimlet', 'policy', 're'], want: ['replay'] },
  { line: ['gimlet', 'nothing', 'x', '--ser'], want: ['--server'] },
])('bash completes $line', async ({ line, want }) => {
  expect(await offered(...line)).toEqual(want)
})

test('completion is there for zsh and fish, and says so of others', async () => {
  expect((await gimlet('completion', 'zsh')).out).toContain('bashcompinit')
  expect((await gimlet('completion', 'fish')).out).toContain(
    `complete -c gimlet -n '__fish_seen_subcommand_from release; and __fish_seen_subcommand_from make' -l artifact`,
  )
  expect(await gimlet('completion', 'csh')).toMatchObject({ code: 2 })
})
