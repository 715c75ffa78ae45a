/**
 * In place of `pino-http`, which Probot loads for a server of its own that is not used here.
 *
 * It reads `pino.symbols` while it is loaded, which pino's build for browsers has not; Workers are given
 * that build (pinojs/pino#2079). It can go when Probot is split from its server (probot/probot#1656), or
 * when pino runs on Workers.
 */
export const startTime: unique symbol = Symbol('startTime')

export function pinoHttp(): never {
  throw new Error('Probot’s server does not run on Workers: requests go to httpApp')
}
