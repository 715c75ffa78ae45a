import type { Actor, User } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/fault.ts'
import { actorOf, type People } from '../policy/people.ts'

/** How long a token's owner is remembered: the longest that a removed token still works. */
const rememberedMs = 1_000
const rememberedMax = 1_000
/** How often it is noted that a token is used. */
const notedSeconds = 3_600

type TokenOwner = {
  readonly user: User
  /** False of the token before theirs of now. */
  readonly isNewest: boolean
  /** When exactly this token ends, in Unix seconds; `null` is never. */
  readonly endsUnix: number | null
}

type Ports = {
  readonly clock: { nowMs(): number }
  readonly hash: (token: string) => string
  readonly users: {
    withToken(hash: string): Promise<TokenOwner | undefined>
    used(login: string, nowUnix: number): Promise<void>
  }
  /** The owner of a token of a GimletD before us, or nobody. */
  readonly former?: (token: string) => Promise<User | undefined>
  /** The people as they stand now in the policies. */
  readonly people: () => Promise<People>
  /** Whose token a CI made itself. */
  readonly keyless: (token: string) => Promise<Actor | Refusal>
}

/**
 * Who owns a token; nobody, or why not. Tokens are looked up by their hash, so no comparison takes its
 * time.
 */
export type Authenticate = (token: string) => Promise<Actor | Refusal | undefined>

/** Knows the administrator's token by its hash, others by the store, and those of a CI by their issuer. */
export function authenticator(ports: Ports, { adminHash }: { adminHash: string }): Authenticate {
  const { clock, hash, users, people, keyless } = ports
  const remembered = new Map<string, { actor: Actor; untilMs: number }>()
  return async (token) => {
    const key = hash(token)
    if (key === adminHash) return admin
    const nowMs = clock.nowMs()
    const known = remembered.get(key)
    if (known && known.untilMs > nowMs) return known.actor
    remembered.delete(key)
    const owner = (await users.withToken(key)) ?? (await formerOwner(ports, token))
    // Of ours none has a dot.
    if (!owner) return token.includes('.') ? keyless(token) : undefined
    const { user, endsUnix } = owner
    const endsMs = endsUnix === null ? Number.POSITIVE_INFINITY : endsUnix * 1000
    if (endsMs <= nowMs) return ended(owner)
    const actor = actorOf(user, (await people()).ofToken(user.login))
    if (!actor) return undefined
    noteUse(ports, user)
    if (remembered.size >= rememberedMax) remembered.clear()
    remembered.set(key, { actor, untilMs: Math.min(nowMs + rememberedMs, endsMs) })
    return actor
  }
}

async function formerOwner({ former }: Ports, token: string): Promise<TokenOwner | undefined> {
  const user = await former?.(token)
  return user && { user, isNewest: true, endsUnix: null }
}

function ended({ user: { login }, isNewest, endsUnix }: TokenOwner): Refusal {
  const at = new Date((endsUnix ?? 0) * 1000).toISOString()
  return refuse(
    'unauthenticated',
    isNewest
      ? `The token of ${login} expired at ${at}; an admin makes a new one: POST /api/user/${login}/token`
      : `This token of ${login} was replaced, and ended at ${at}; use the new one`,
  )
}

/** Nobody waits for it, and what is not noted now is noted at the next use. */
function noteUse({ clock, users }: Ports, { login, lastUsedUnix }: User): void {
  const nowUnix = Math.floor(clock.nowMs() / 1000)
  if (nowUnix - (lastUsedUnix ?? 0) < notedSeconds) return
  users.used(login, nowUnix).catch(() => undefined)
}

/** The owner of the token that the server was started with. */
export const admin: Actor = {
  login: 'admin',
  kind: 'token',
  roles: ['admin'],
  teams: [],
  repositories: [],
}
