import { type Git, GitFailure } from './git.ts'

const inItsPlace = '[redacted]'

/**
 * Git whose failures keep the token to themselves. What a host says is told to people, and a host may
 * say back what it was shown: the token, or the header that it came in.
 */
export function discreet(git: Git, token: string | undefined): Git {
  if (!token) return git
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const shown = [token, encodeURIComponent(token), basic]
  const clean = (text: string) =>
    shown.reduce((said, secret) => said.replaceAll(secret, inItsPlace), text)
  return async (args, input) => {
    try {
      return await git(args, input)
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      const { command, exitCode, stderr, stdout } = error
      throw new GitFailure(command, exitCode, { stderr: clean(stderr), stdout: clean(stdout) })
    }
  }
}
