import { simpleGit } from 'simple-git'

type Printed = { readonly exitCode: number; readonly stderr: string; readonly stdout: string }

/** A git command that ended with another exit code than 0, with what git said about it. */
export class GitFailure extends Error {
  readonly exitCode: number
  readonly stderr: string
  readonly stdout: string

  constructor(command: string, { exitCode, stderr, stdout }: Printed) {
    super(`git ${command} ended with ${exitCode}: ${stderr}`)
    this.name = 'GitFailure'
    this.exitCode = exitCode
    this.stderr = stderr
    this.stdout = stdout
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
      timeout: { block: silenceMs },
      ...(input === undefined ? {} : { input: () => input }),
      errors(error, { exitCode, stdErr, stdOut }) {
        if (exitCode === 0 && !(error instanceof Error)) return undefined
        const stderr = Buffer.concat(stdErr).toString('utf8').trim() || String(error ?? '')
        const stdout = Buffer.concat(stdOut).toString('utf8')
        failure = new GitFailure(args[0] ?? '', { exitCode, stderr, stdout })
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
