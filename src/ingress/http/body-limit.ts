import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errorAnswer } from './errors.ts'

/** 1 MiB, and for GitHub's deliveries 25 MiB: contract, section 2. */
export const bodyBytesMax = 1 << 20
const deliveryBytesMax = 25 << 20
export const githubPath = '/api/github/webhooks'
export const slackPath = '/slack/events'

/** What a signature covers is read before anybody knows who sent it; a token comes before its body. */
const signedPaths: readonly string[] = [githubPath, slackPath]
/** Signed bodies that are larger than this, as few of those are that GitHub sends, share what follows. */
const largeBytes = 64 << 10
/** So much of large ones is in hand at once; each may take three times its size until it is answered. */
const inHandBytesMax = 32 << 20

const limitOf = (bytes: number) => {
  const tooLarge = () => errorAnswer('too_large', `A body has at most ${bytes} bytes`)
  return { bytes, tooLarge, counted: bodyLimit({ maxSize: bytes, onError: tooLarge }) }
}
const usual = limitOf(bodyBytesMax)
const ofGithub = limitOf(deliveryBytesMax)

/**
 * Refuses a body that is too large before any of it is kept, and large ones of unknown senders while there
 * are too many of them (rows F33, A5). What GitHub is refused it does not send again: the sweep finds it.
 */
export function limitBodies(): MiddlewareHandler {
  let inHandBytes = 0
  return async (c, next) => {
    const bytes = bytesOf(c)
    if (bytes === 0) return next()
    const { tooLarge, counted, bytes: most } = limitAt(c)
    // Node itself holds a body to its Content-Length, so the stream is counted only where there is none:
    // that costs a tenth of the rate.
    const isUnsaid = bytes === undefined
    if (!isUnsaid && !(bytes <= most)) return tooLarge()
    const read = () => (isUnsaid ? counted(c, next) : next())
    const large = signedPaths.includes(c.req.path) ? (bytes ?? most) : 0
    if (large <= largeBytes) return read()
    if (inHandBytes + large > inHandBytesMax) return tooMuchInHand()
    inHandBytes += large
    try {
      return await read()
    } finally {
      inHandBytes -= large
    }
  }
}

const limitAt = (c: Context) => (c.req.path === githubPath ? ofGithub : usual)

/** What a request says of its body; nothing when it comes in chunks. */
function bytesOf({ req }: Context): number | undefined {
  const length = req.header('content-length')
  if (length !== undefined) return Number(length)
  return req.header('transfer-encoding') === undefined ? 0 : undefined
}

const tooMuchInHand = () =>
  errorAnswer('overloaded', 'Too many large bodies are being read; send it again in a moment')
