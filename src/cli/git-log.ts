import { spawnSync } from 'node:child_process'
import type { Environment } from './ci/build.ts'
import type { Git } from './ci/git-facts.ts'

/** No answer of git about one commit takes longer, or is longer. */
const gitMsMost = 10_000
const answerBytesMax = 4 * 1_048_576

/** What git may see of the environment: where it is, and whose configuration says that it may look. */
const inherited = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'GIT_DIR', 'GIT_WORK_TREE']

/** Asks the git of the folder that the program was started in; it only reads. */
export function gitIn(folder: string, environment: Environment): Git {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }
  for (const name of inherited) if (environment[name] !== undefined) env[name] = environment[name]
  return (args) => {
    const { status, stdout } = spawnSync('git', args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: gitMsMost,
      maxBuffer: answerBytesMax,
    })
    return status === 0 ? stdout : undefined
  }
}
