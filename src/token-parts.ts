import { setTimeout as pause } from 'node:timers/promises'
import { type Authenticate, admin, authenticator } from './commands/authenticate.ts'
import { keyless } from './commands/keyless.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import { refuse } from './domain/fault.ts'
import { tokenVerifier } from './oidc/verify.ts'
import { actorOf } from './policy/people.ts'
import type { PolicySet } from './policy/policy.ts'
import type { Database } from './store/client.ts'
import { formerOwner } from './store/former-tokens.ts'
import { tokenHash, type UserStore } from './store/users.ts'

type Given = {
  readonly adminToken: string
  readonly database: Database
  readonly clock: { nowMs(): number }
  readonly users: UserStore
  /** The policies as they stand now. */
  readonly policies: () => Promise<PolicySet>
  readonly log: { warn(fields: object, text: string): void }
}

/** Who owns a token: the administrator, a user, or a run of a CI that is known by its issuer. */
export function tokenParts(
  { url, oidcIssuers: issuers }: Config,
  { adminToken, database, clock, users, policies, log }: Given,
): Authenticate {
  const ports = {
    ...{ clock, users, hash: tokenHash },
    former: formerOwner(database, adminToken, clock),
    people: async () => (await policies()).people,
  }
  const ci = async () => (await policies()).ci
  const ofRuns =
    url === null
      ? async () => noAudience
      : keyless({ verify: tokenVerifier({ clock, pause, log }, { audience: url, issuers }), ci })
  return authenticator({ ...ports, keyless: ofRuns }, { adminHash: tokenHash(adminToken) })
}

/** Every server without a URL has the same one: a token for it could be meant for another. */
const noAudience = refuse(
  'unauthenticated',
  'The token is not known; tokens that a CI made itself are taken once GIMLET_URL is set',
)

/** Who someone is now: the person of `people.json` with every token of theirs, or a token's owner. */
export const identifier =
  (users: UserStore): CommandPorts['identify'] =>
  async (login, people) => {
    if (login === admin.login) return admin
    const person = people.ofToken(login)
    const owners = await Promise.all(
      [login, ...(person?.tokens ?? [])].map((one) => users.find(one)),
    )
    const known = owners.flatMap((user) => user ?? [])
    const [first] = known
    const roles = [...new Set(known.flatMap((user) => user.roles))]
    return actorOf(first && { ...first, roles }, person)
  }
