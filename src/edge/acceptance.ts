import { acceptArtifact } from '../commands/handle.ts'
import type { Config } from '../config.ts'
import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { Fault, refuse } from '../domain/fault.ts'
import { apiApp } from '../ingress/http/app.ts'
import { artifactRoutes } from '../ingress/http/artifacts.ts'
import type { Logger } from '../logger.ts'
import { loadPolicies, type PolicySet } from '../policy/policy.ts'
import { type Arrival, ArtifactStore } from '../store/artifacts.ts'
import { type Database, openForRequests } from '../store/client.ts'
import { DeliveryStore } from '../store/deliveries.ts'
import { newId } from '../store/ids.ts'
import { KeptSourcesStore } from '../store/kept-sources.ts'
import { TokenStore } from '../store/tokens.ts'
import { UserStore } from '../store/users.ts'
import { tokenParts } from '../token-parts.ts'
import type { Bindings, ServerCalls } from './bindings.ts'
import { logOf } from './log.ts'
import { queuedHooks } from './queued-hooks.ts'

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }

export type Acceptance = {
  readonly database: Database
  /** Answers artifacts and GitHub's deliveries. */
  readonly app: ReturnType<typeof apiApp>
  readonly deliveries: DeliveryStore
}

type Given = {
  readonly queue: Bindings['DELIVERIES']
  /** Got anew for each call: it belongs to the request. */
  readonly server: () => ServerCalls
}

/**
 * Takes in what comes in bursts, without the rest of the server. Who may post artifacts is read from the
 * policies as the server read them last, so that nothing is asked of GitHub. Asks nobody when it is made.
 */
export function acceptance(config: Config, { queue, server }: Given): Acceptance {
  const { url, token } = config.database
  const database = openForRequests(url ?? '', token)
  const log = logOf(config)
  const deliveries = new DeliveryStore(database)
  const ports = {
    ...{ clock, ids: { next: newId }, tokens: new TokenStore(database) },
    artifacts: { accept: acceptBy(server, database, log) },
    wake: () => undefined,
  }
  const given = {
    log,
    handle: async (actor: Actor, command: Command) =>
      command.verb === 'push-artifact'
        ? acceptArtifact(ports, actor, command)
        : refuse('not_found', 'This is for the server'),
    authenticate: tokenParts(config, {
      ...{ adminToken: config.adminToken ?? '', database, clock, log },
      users: new UserStore(database),
      policies: policiesIn(database, config.policies.folder),
    }),
    github:
      config.github &&
      queuedHooks({
        ...{ queue, wake: () => server().wake(), deliveries, clock, log },
        secrets: config.github.secrets,
      }),
  }
  const app = apiApp(given, artifactRoutes)
  return { database, app, deliveries }
}

/** The server keeps what arrives together by one commit; what it does not take is kept one by one. */
function acceptBy(server: Given['server'], database: Database, log: Logger) {
  const own = new ArtifactStore(database, { isShared: false })
  return (arrival: Arrival) =>
    server()
      .accept(arrival)
      .catch((error: unknown) => {
        log.warn(
          { err: error },
          'the server takes no artifact: it goes into the database by itself',
        )
        return own.accept(arrival)
      })
}

/** The policies that the server read last, parsed once. */
function policiesIn(database: Database, folder: string): () => Promise<PolicySet> {
  const kept = new KeptSourcesStore(database, folder)
  let last: { readonly tree: string; readonly policies: PolicySet } | undefined
  return async () => {
    const tree = await kept.newest()
    const sources = tree === last?.tree ? undefined : tree && (await kept.find(tree))
    if (tree && sources) last = { tree, policies: loadPolicies(sources) }
    if (!last) throw new Fault('sources_unreadable', 'waiting for the server to read the policies')
    return last.policies
  }
}
