import { acceptArtifact } from '../commands/handle.ts'
import type { Config } from '../config.ts'
import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { Fault, refuse } from '../domain/fault.ts'
import { apiApp } from '../ingress/http/app.ts'
import { artifactRoutes } from '../ingress/http/artifacts.ts'
import { loadPolicies, type PolicySet } from '../policy/policy.ts'
import { ArtifactStore } from '../store/artifacts.ts'
import { type Database, openForRequests } from '../store/client.ts'
import { DeliveryStore } from '../store/deliveries.ts'
import { newId } from '../store/ids.ts'
import { KeptSourcesStore } from '../store/kept-sources.ts'
import { TokenStore } from '../store/tokens.ts'
import { UserStore } from '../store/users.ts'
import { tokenParts } from '../token-parts.ts'
import type { Bindings } from './bindings.ts'
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
  /** Says to the server that there is something new. */
  readonly wake: () => Promise<void>
}

/**
 * Takes in what comes in bursts, without the rest of the server. Who may post artifacts is read from the
 * policies as the server read them last, so that nothing is asked of GitHub. Asks nobody when it is made.
 */
export function acceptance(config: Config, { queue, wake }: Given): Acceptance {
  const { url, token } = config.database
  const database = openForRequests(url ?? '', token)
  const log = logOf(config)
  const deliveries = new DeliveryStore(database)
  const ports = {
    ...{ clock, ids: { next: newId }, tokens: new TokenStore(database) },
    artifacts: new ArtifactStore(database, { isShared: false }),
    // The door wakes the server, once the answer is on its way.
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
      queuedHooks({ ...{ queue, wake, deliveries, clock, log }, secrets: config.github.secrets }),
  }
  const app = apiApp(given, artifactRoutes)
  return { database, app, deliveries }
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
