import { z } from 'zod'

/** What a person or a token may do; `commands/authorize.ts` says what each role covers. */
export const roles = ['viewer', 'ci', 'releaser', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who asks. `repositories` limits a token to artifacts of these; empty means any. */
export type Actor = {
  readonly login: string
  readonly kind: 'token' | 'policy'
  readonly roles: readonly Role[]
  readonly repositories: readonly string[]
}

/** A token's owner as the store keeps it, without the token. */
export type User = {
  readonly login: string
  readonly roles: readonly Role[]
  readonly repositories: readonly string[]
  readonly createdUnix: number
}

/** Logins stand in commit trailers, so they are one short word. */
export const loginSchema = z
  .string()
  .regex(
    /^(?!(?:policy|github):)[A-Za-z0-9][A-Za-z0-9._@:-]{0,62}$/,
    'must be one word of at most 63 letters, digits, . _ @ : -, and not begin with policy: or github:',
  )

/** The actor of what a policy asks for by itself: it needs no role, the policy is its licence. */
export const policyActor = (policy: string): Actor => ({
  login: `policy:${policy}`,
  kind: 'policy',
  roles: [],
  repositories: [],
})
