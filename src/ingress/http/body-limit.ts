import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errorAnswer } from './errors.ts'

/** 1 MiB: contract, section 2. */
const bodyBytesMax = 1 << 20

const tooLarge = () => errorAnswer('too_large', `A body has at most ${bodyBytesMax} bytes`)
const counted = bodyLimit({ maxSize: bodyBytesMax, onError: tooLarge })

/**
 * Refuses a body that is too large before any of it is kept. Node itself holds a body to its
 * Content-Length, so the stream is counted only where there is none: that costs a tenth of the rate.
 */
export const limitBody: MiddlewareHandler = (c, next) => {
  const length = c.req.header('content-length')
  if (length === undefined)
    return c.req.header('transfer-encoding') === undefined ? next() : counted(c, next)
  return Number(length) <= bodyBytesMax ? next() : Promise.resolve(tooLarge())
}
