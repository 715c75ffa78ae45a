import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What git may see of this machine: no configuration of a user, and no gc that runs on afterwards. */
const environment = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  ...{ GIT_AUTHOR_NAME: 'bench', GIT_AUTHOR_EMAIL: 'bench@example.com' },
  ...{ GIT_COMMITTER_NAME: 'bench', GIT_COMMITTER_EMAIL: 'bench@example.com' },
}

/**
 * Runs a program in a folder, with nothing between it and this process, and answers what it printed.
 * `input` is a text or an iterable of texts; `fails` says that another exit code than 0 is an answer, too.
 */
export async function run(folder, [program, ...args], { input = '', env = {}, fails } = {}) {
  const child = spawn(program, args, { cwd: folder, env: { ...environment, ...env } })
  const chunks = { out: [], err: [] }
  child.stdout.on('data', (chunk) => chunks.out.push(chunk))
  child.stderr.on('data', (chunk) => chunks.err.push(chunk))
  const ended = new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', done)
  })
  // A program that ends early closes its input: its exit code tells.
  if (typeof input === 'string') child.stdin.on('error', () => undefined).end(input)
  else await pipeline(input, child.stdin)
  const code = await ended
  if (code !== 0 && !fails)
    throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${Buffer.concat(chunks.err)}`)
  return Buffer.concat(chunks.out).toString('utf8').trimEnd()
}

export const git = (folder, args, options) => run(folder, ['git', ...args], options)

/** The commit that main of a bare repository stands at since its last push: 41 bytes, read without a process. */
export const pushedTipOf = (repository) =>
  readFileSync(join(repository, 'refs/heads/main'), 'latin1').trim()

/** Milliseconds that the work took. */
export async function timed(work) {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
