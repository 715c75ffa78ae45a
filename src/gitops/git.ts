import { simpleGit } from 'simple-git'
import { inGroup } from './process-group.ts'

/** A git command that ended with another exit code than 0, with what git said about it. */
export class GitFailure extends Error {
  /** -1 when a signal ended it. */
  readonly exitCode: number
  readonly stderr: string
  /** What a program may read, such as the lines of `push --porcelain`. */
  readonly stdout: string

  constructor(command: string, exitCode: number, said: { stderr: string; stdout?: string }) {
    super(`git ${command} ended with ${exitCode}: ${said.stderr}`)
    this.name = 'GitFailure'
    this.exitCode = exitCode
    this.stderr = said.stderr
    this.stdout = said.stdout ?? ''
  }
}

/** Runs git with these arguments and answers what it printed. Throws GitFailure. */
export type Git = (args: readonly string[], input?: string) => Promise<string>

/** A command that is silent for this long is ended: a peer that hangs must not hold up the queue. */
const silenceMsMost = 30_000

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
 * so those on the hot path print. A command that is silent for `silenceMs` is ended with its children.
 */
export function gitIn(
  folder: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  silenceMs = silenceMsMost,
): Git {
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
  return async (args, input) => {
    let failure: GitFailure | undefined
    const git = simpleGit({
      baseDir: folder,
      allowEnvironment: guarded,
      ...(input === undefined ? {} : { input: () => input }),
      errors(error, { exitCode, stdErr, stdOut }) {
        if (exitCode === 0 && !(error instanceof Error)) return undefined
        const stderr = textOf(stdErr) || String(error ?? '')
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
