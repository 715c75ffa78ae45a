import { z } from 'zod'
import type { CiRun } from './ci-run.ts'
import { isRefusal } from './fault.ts'
import { compileGlob } from './glob.ts'

/** What a person or a token may do; `commands/authorize.ts` says what each role covers. */
export const roles = ['viewer', 'ci', 'cluster', 'releaser', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** What GimletD's users could do: post artifacts and release. */
export const rolesByDefault: readonly Role[] = ['ci', 'releaser']

/** A role everywhere, or a role for the apps and environments that a name, a pattern or a list fits. */
export type Grant =
  | Role
  | {
      readonly role: Role
      readonly env?: string | readonly string[] | undefined
      readonly app?: string | readonly string[] | undefined
    }

/** Who asks. `repositories` limits a token to artifacts of these; empty means any. */
export type Actor = {
  readonly login: string
  readonly kind: 'token' | 'policy'
  readonly roles: readonly Grant[]
  readonly teams: readonly string[]
  readonly repositories: readonly string[]
  /** The commands that a token is for; without it, all that the roles allow. */
  readonly verbs?: readonly string[]
  /** Of the token of a CI run: what its issuer says of the run. */
  readonly run?: CiRun
}

/** The roles that grants give for one place, or those that they give anywhere when it is `null`. */
export function rolesAt(
  grants: readonly Grant[],
  place: { readonly env: string | null; readonly app: string | null } | null,
): Role[] {
  const covering = grants.filter(
    (grant) =>
      typeof grant === 'string' ||
      place === null ||
      (fits(grant.env, place.env) && fits(grant.app, place.app)),
  )
  return [...new Set(covering.map((grant) => (typeof grant === 'string' ? grant : grant.role)))]
}

/** Of a place that is not known, only a pattern that fits everything is sure to fit. */
function fits(patterns: string | readonly string[] | undefined, name: string | null): boolean {
  if (patterns === undefined) return true
  if (name === null) return patterns === '*'
  return [patterns].flat().some((pattern) => {
    const glob = compileGlob(pattern)
    return !isRefusal(glob) && glob.matches(name)
  })
}

/** A token's owner as the store keeps it, without the token. */
export type User = {
  readonly login: string
  readonly roles: readonly Role[]
  readonly repositories: readonly string[]
  readonly createdUnix: number
  /** The commands that the token is for; none means all that the roles allow. */
  readonly verbs?: readonly string[]
  /** When the token ends; `null` is never. */
  readonly expiresUnix?: number | null
  /** When the token was made, if not with the user. */
  readonly tokenCreatedUnix?: number | null
  /** When a token of theirs was last used, within an hour. */
  readonly lastUsedUnix?: number | null
  /** When the token before this one ends, or ended; `null` when there is none. */
  readonly previousExpiresUnix?: number | null
}

/** Logins stand in commit trailers, so they are one short word. */
export const loginSchema = z
  .string()
  .regex(
    /^(?!(?:policy|github|oidc):)[A-Za-z0-9][A-Za-z0-9._@:-]{0,62}$/,
    'must be one word of at most 63 letters, digits, . _ @ : -, and not begin with policy:, github: or oidc:',
  )

/** The actor of what a policy asks for by itself: it needs no role, the policy is its licence. */
export const policyActor = (policy: string): Actor => ({
  login: `policy:${policy}`,
  kind: 'policy',
  roles: [],
  teams: [],
  repositories: [],
})
