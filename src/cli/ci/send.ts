import { setTimeout as pause } from 'node:timers/promises'
import { type Reply, Unreachable } from '../client.ts'

/** How often a post is tried in all, and how long it is waited in between at most. */
const attemptsMax = 7
const backoffMsFirst = 500
const backoffMsMost = 16_000
/** A server that asks for more patience than this is given up. */
const retryAfterMsMost = 60_000

type Sending = {
  readonly post: () => Promise<Reply>
  /** Told why and for how long it waits. */
  readonly told: (sentence: string) => void
  readonly wait?: (ms: number) => Promise<unknown>
}

/**
 * Posts until the server has answered for good: what did not come through, 429 and 5xx are tried again,
 * with growing and jittered pauses. A repeat that was stored before is the same artifact. Throws Unreachable.
 */
export async function sendSurely({ post, told, wait = pause }: Sending): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const reply = await post().catch(unreachable)
    const isFinal = !(reply instanceof Unreachable) && !mayPass(reply.status)
    const retryAfterMs = reply instanceof Unreachable ? 0 : (reply.retryAfterMs ?? 0)
    if (isFinal || attempt === attemptsMax || retryAfterMs > retryAfterMsMost) {
      if (reply instanceof Unreachable) throw reply
      return reply
    }
    const ms = Math.max(retryAfterMs, backoffMs(attempt, Math.random()))
    const why = reply instanceof Unreachable ? 'No answer' : `The server answered ${reply.status}`
    told(`${why}; trying again in ${(ms / 1000).toFixed(1)} s (${attempt} of ${attemptsMax - 1})`)
    await wait(ms)
  }
}

/** For a `catch`: that nobody answered is a result, and everything else is a bug. */
export function unreachable(error: unknown): Unreachable {
  if (error instanceof Unreachable) return error
  throw error
}

/** True for an answer that may be another one in a moment. */
export const mayPass = (status: number): boolean =>
  status === 408 || status === 429 || status >= 500

/** Half of it is chance, so that builds that failed together do not come again together. */
export const backoffMs = (attempt: number, chance: number): number => {
  const whole = Math.min(backoffMsMost, backoffMsFirst * 2 ** (attempt - 1))
  return Math.round(whole / 2 + (whole / 2) * chance)
}
