import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errorAnswer } from './errors.ts'

/** 1 MiB, and for GitHub's deliveries 25 MiB: contract, section 2. */
export const bodyBytesMax = 1 << 20
const deliveryBytesMax = 25 << 20
export const githubPath = '/api/github/webhooks'

const limitOf = (bytes: number) => {
  const tooLarge = () => errorAnswer('too_large', `A body has at most ${bytes} bytes`)
  return { bytes, tooLarge, counted: bodyLimit({ maxSize: bytes, onError: tooLarge }) }
}
const usual = limitOf(bodyBytesMax)
const ofGithub = limitOf(deliveryBytesMax)

/**
 * Refuses a body that is too large before any of it is kept. Node itself holds a body to its
 * Content-Length, so the stream is counted only where there is none: that costs a tenth of the rate.
 */
export const limitBody: MiddlewareHandler = (c, next) => {
  const { bytes, tooLarge, counted } = c.req.path === githubPath ? ofGithub : usual
  const length = c.req.header('content-length')
  if (length === undefined)
    return c.req.header('transfer-encoding') === undefined ? next() : counted(c, next)
  return Number(length) <= bytes ? next() : Promise.resolve(tooLarge())
}
