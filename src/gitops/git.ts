import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { simpleGit } from 'simple-git'
import { endsWithUs, inGroup } from './process-group.ts'

/** A git command that ended with another exit code than 0, with what git said about it. */
export class GitFailure extends Error {
  readonly command: string
  /** -1 when a signal ended it. */
  readonly exitCode: number
  readonly stderr: string
  /** What a program may read, such as the lines of `push --porcelain`. */
  readonly stdout: string

  constructor(command: string, exitCode: number, said: { stderr: string; stdout?: string }) {
    super(`git ${command} ended with ${exitCode}: ${said.stderr}`)
    this.name = 'GitFailure'
    this.command = command
    this.exitCode = exitCode
    this.stderr = said.stderr
    this.stdout = said.stdout ?? ''
  }
}

/** Runs git with these arguments and answers what it printed. Throws GitFailure. */
export type Git = (args: readonly string[], input?: string) => Promise<string>

/** A command that is silent for this long is ended: a peer that hangs must not hold up the queue. */
export const silenceMsMost = 30_000

/** Variables of the server's environment that a git child may see; no secret is among them. */
const inherited = [
  'PATH',
  'SSH_AUTH_SOCK',
  'GIT_SSL_CAINFO',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
]
const dates = ['GIT_AUTHOR_DATE', 'GIT_COMMITTER_DATE']
const guarded = ['GIT_CONFIG_NOSYSTEM', 'GIT_TERMINAL_PROMPT', 'GIT_SSL_CAINFO', ...dates]

/**
 * Git in one folder, with nothing of the machine's or a user's configuration: the folder's own
 * `config` file says everything. simple-git starts it; the exit code alone decides, which is not
 * simple-git's default. A command that prints nothing costs 50 ms more (its completion plugin waits),
 * so those on the hot path print. A command that is silent for `silenceMs` is ended with its children.
 */
export const gitIn = (
  folder: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  silenceMs = silenceMsMost,
): Git => gitWith(folder, environmentIn(folder, environment), silenceMs)

/** The same git as `gitIn`, whose commits are of this moment. */
export function gitAt(folder: string, environment: Readonly<NodeJS.ProcessEnv>, unix: number): Git {
  const env = environmentIn(folder, environment)
  for (const name of dates) env[name] = `@${unix} +0000`
  return gitWith(folder, env, silenceMsMost)
}

function gitWith(folder: string, env: Record<string, string>, silenceMs: number): Git {
  return async (args, input) => {
    let failure: GitFailure | undefined
    const git = simpleGit({
      baseDir: folder,
      allowEnvironment: guarded,
      // A text without a byte would leave its pipe open.
      ...(input === undefined ? {} : { input: () => Buffer.from(input) }),
      errors(error, { exitCode, stdErr, stdOut }) {
        if (exitCode === 0 && !(error instanceof Error)) return undefined
        const said = [textOf(stdErr), error instanceof Error ? error.message : '']
        const stderr = said.filter(Boolean).join('\n')
        failure = new GitFailure(args[0] ?? '', exitCode ?? -1, { stderr, stdout: textOf(stdOut) })
        return failure
      },
    }).env(env)
    try {
      return await inGroup(git, silenceMs).raw([...args])
    } catch (error) {
      throw failure ?? error
    }
  }
}

const textOf = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('utf8').trim()

/**
 * Runs git and answers what it prints as it comes, for what is too much to be held at once. Whoever
 * stops reading ends it. Throws GitFailure.
 */
export type GitStream = (args: readonly string[], input?: string) => AsyncGenerator<Buffer>

/** The same git as `gitIn`, read as a stream. */
export function streamIn(folder: string, environment: Readonly<NodeJS.ProcessEnv>): GitStream {
  const env = environmentIn(folder, environment)
  return async function* (args, input = '') {
    const child = spawn('git', args, { cwd: folder, env, stdio: 'pipe' })
    const ended = new Promise<number>((done, failed) => {
      child.once('error', failed)
      child.once('close', (code) => done(code ?? -1))
    })
    // Whoever reads hears of it below; nobody may have come that far.
    ended.catch(() => undefined)
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk}`.slice(-stderrCharsMax)
    })
    // A git that ends before it has read everything says why by its exit code.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const kill = () => void child.kill('SIGKILL')
    let silence = setTimeout(kill, silenceMsMost)
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        clearTimeout(silence)
        yield chunk
        silence = setTimeout(kill, silenceMsMost)
      }
      const exitCode = await ended
      if (exitCode !== 0) throw new GitFailure(args[0] ?? '', exitCode, { stderr: stderr.trim() })
    } finally {
      clearTimeout(silence)
      kill()
    }
  }
}

const stderrCharsMax = 2_000

/** A program that is running and talked to. */
export type Talk = {
  readonly input: Writable
  readonly output: AsyncIterable<Uint8Array>
}

/** Where programs are started, and what of the server's environment they may see some of. */
export type From = {
  readonly folder: string
  readonly environment: Readonly<NodeJS.ProcessEnv>
  /** What git calls ssh with. */
  readonly ssh?: string | null | undefined
  /** How long a host may be silent, in ms. */
  readonly silenceMs?: number | undefined
}

/**
 * Starts git, or ssh by a shell as git does, to talk with it; with the environment of `gitIn`. It leads a process
 * group of its own, which is killed when it is silent for too long: its output then just ends.
 */
export function talkTo(
  [program, ...args]: readonly ['git' | 'sh', ...string[]],
  { folder, environment, silenceMs = silenceMsMost }: From,
): Talk {
  const env = environmentIn(folder, environment)
  const child = spawn(program, args, {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const { pid } = child
  const gone = pid === undefined ? () => undefined : endsWithUs(pid)
  const kill = () => {
    // Once it has ended, its number may be another program's.
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-pid, 'SIGKILL')
  }
  const silence = setTimeout(kill, silenceMs)
  child.once('exit', () => {
    clearTimeout(silence)
    gone()
  })
  // Without a listener either would end the server; the output, which ends, tells of both.
  child.once('error', () => clearTimeout(silence))
  child.stdin.on('error', () => undefined)
  return { input: child.stdin, output: heard(child.stdout, silence) }
}

async function* heard(output: Readable, silence: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  for await (const chunk of output) {
    silence.refresh()
    yield chunk
  }
}

function environmentIn(
  folder: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Record<string, string> {
  const env: Record<string, string> = {
    HOME: folder,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  }
  for (const name of inherited) {
    const value = environment[name]
    if (value !== undefined) env[name] = value
  }
  return env
}
