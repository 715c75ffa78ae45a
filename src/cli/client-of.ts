import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clean } from '../messages/paint.ts'
import { idTokenSource } from './ci/id-token.ts'
import { Client } from './client.ts'
import type { Options } from './options.ts'
import type { Terminal } from './terminal.ts'

/**
 * Without a token, a build shows who it is by its CI system, and a server on this machine is tried with
 * the token that it keeps in this folder.
 */
export function clientOf({ server, token }: Options, terminal: Terminal): Client {
  const { environment, err, paint } = terminal
  const own = idTokenSource(environment, server)
  const shown = token ?? own ?? (isLocal(server) ? localToken() : null)
  return new Client(server, shown, (notice) => err(paint.yellow(clean(notice))))
}

const isLocal = (server: string) =>
  /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/.test(server)

function localToken(): string | null {
  try {
    return readFileSync(join('data', 'admin.token'), 'utf8').trim()
  } catch {
    return null
  }
}
