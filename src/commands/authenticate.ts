import type { Actor, User } from '../domain/actor.ts'
import { actorOf, type People } from '../policy/people.ts'

/** How long a token's owner is remembered: the longest that a removed token still works. */
const rememberedMs = 1_000
const rememberedMax = 1_000

type Ports = {
  readonly clock: { nowMs(): number }
  readonly hash: (token: string) => string
  readonly users: { withToken(hash: string): Promise<User | undefined> }
  /** The owner of a token of a GimletD before us, or nobody. */
  readonly former?: (token: string) => Promise<User | undefined>
  /** The people as they stand now in the policies. */
  readonly people: () => Promise<People>
}

/** Who owns a token, or nobody. Tokens are looked up by their hash, so no comparison takes its time. */
export type Authenticate = (token: string) => Promise<Actor | undefined>

/** Knows the administrator's token by its hash, and all others by the store. */
export function authenticator(
  { clock, hash, users, former, people }: Ports,
  { adminHash }: { adminHash: string },
): Authenticate {
  const remembered = new Map<string, { actor: Actor; untilMs: number }>()
  return async (token) => {
    const key = hash(token)
    if (key === adminHash) return admin
    const known = remembered.get(key)
    if (known && known.untilMs > clock.nowMs()) return known.actor
    remembered.delete(key)
    const user = (await users.withToken(key)) ?? (await former?.(token))
    if (!user) return undefined
    const actor = actorOf(user, (await people()).ofToken(user.login))
    if (!actor) return undefined
    if (remembered.size >= rememberedMax) remembered.clear()
    remembered.set(key, { actor, untilMs: clock.nowMs() + rememberedMs })
    return actor
  }
}

/** The owner of the token that the server was started with. */
export const admin: Actor = {
  login: 'admin',
  kind: 'token',
  roles: ['admin'],
  teams: [],
  repositories: [],
}
