import { spawn } from 'node:child_process'
import { simpleGit } from 'simple-git'

/** A git command that ended with another exit code than 0, with what git said about it. */
export class GitFailure extends Error {
  readonly exitCode: number
  readonly stderr: string

  constructor(command: string, exitCode: number, stderr: string) {
    super(`git ${command} ended with ${exitCode}: ${stderr}`)
    this.name = 'GitFailure'
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/** Runs git with these arguments and answers what it printed. Throws GitFailure. */
export type Git = (args: readonly string[], input?: string) => Promise<string>

/** A command that is silent for this long is ended: a peer that hangs must not hold up the queue. */
const silenceMs = 30_000

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
const guarded = ['GIT_CONFIG_NOSYSTEM', 'GIT_TERMINAL_PROMPT', 'GIT_SSL_CAINFO']

/**
 * Git in one folder, with nothing of the machine's or a user's configuration: the folder's own
 * `config` file says everything. simple-git starts it; the exit code alone decides, which is not
 * simple-git's default. A command that prints nothing costs 50 ms more (its completion plugin waits),
 * so those on the hot path print.
 */
export function gitIn(folder: string, environment: Readonly<NodeJS.ProcessEnv>): Git {
  const env = environmentIn(folder, environment)
  return async (args, input) => {
    let failure: GitFailure | undefined
    const git = simpleGit({
      baseDir: folder,
      allowEnvironment: guarded,
      timeout: { block: silenceMs },
      ...(input === undefined ? {} : { input: () => input }),
      errors(error, { exitCode, stdErr }) {
        if (exitCode === 0 && !(error instanceof Error)) return undefined
        const stderr = Buffer.concat(stdErr).toString('utf8').trim() || String(error ?? '')
        failure = new GitFailure(args[0] ?? '', exitCode, stderr)
        return failure
      },
    }).env(env)
    try {
      return await git.raw([...args])
    } catch (error) {
      throw failure ?? error
    }
  }
}

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
    let silence = setTimeout(kill, silenceMs)
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        clearTimeout(silence)
        yield chunk
        silence = setTimeout(kill, silenceMs)
      }
      const exitCode = await ended
      if (exitCode !== 0) throw new GitFailure(args[0] ?? '', exitCode, stderr.trim())
    } finally {
      clearTimeout(silence)
      kill()
    }
  }
}

const stderrCharsMax = 2_000

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
