/**
 * In place of `@probot/pino`, the streams of Node that Probot's own log goes through. It is given ours.
 *
 * It can go when pino runs on Workers (pinojs/pino#2079), or when Probot loads it only for its own log.
 */
export function getTransformStream(): never {
  throw new Error('Probot’s log does not run on Workers: give it one')
}
