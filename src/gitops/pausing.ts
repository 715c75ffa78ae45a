import { isForbidden } from './failure.ts'
import type { Git } from './git.ts'

/** After the host refused who we are it is left alone for this long: it locks out who asks too often. */
const pauseMs = 30_000
/** What speaks to the host. */
const remoteCommands: readonly string[] = ['fetch', 'push']

/** Git that does not ask a host again and again that has just refused its credentials. */
export function pausing(git: Git, monotonicMs = () => performance.now()): Git {
  let refused: { error: unknown; untilMs: number } | undefined
  return async (args, input) => {
    if (!remoteCommands.includes(args[0] ?? '')) return git(args, input)
    if (refused && monotonicMs() < refused.untilMs) throw refused.error
    try {
      const printed = await git(args, input)
      refused = undefined
      return printed
    } catch (error) {
      if (isForbidden(error)) refused = { error, untilMs: monotonicMs() + pauseMs }
      throw error
    }
  }
}
