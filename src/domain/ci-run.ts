import type { Sha } from './names.ts'

/** Whose tokens they are: each kind of CI has its own claims. */
export const ciKinds = ['github', 'gitlab'] as const
export type CiKind = (typeof ciKinds)[number]

/** What a run was begun for, as the artifact of it has to say. */
export type BuiltRef =
  | { readonly event: 'push'; readonly branch: string }
  | { readonly event: 'tag'; readonly tag: string }
  /** `target` is `null` where the token does not say it. */
  | { readonly event: 'pr'; readonly branch: string; readonly target: string | null }

/** The run of a CI that a token was made for, as its issuer says and signed. */
export type CiRun = {
  readonly issuer: string
  readonly kind: CiKind
  readonly repository: string
  /** The number that stays when the repository is renamed, and goes to no other. */
  readonly repositoryId: number
  readonly sha: Sha
  /** In full, such as `refs/heads/main`. */
  readonly ref: string
  /** The CI's own word for what began the run, such as `pull_request`. */
  readonly event: string
  readonly built: BuiltRef
  /** The file that says what runs, with its ref; empty where the token does not say it. */
  readonly workflow: string
  readonly environment: string | null
  /** By what its one use is known, and how long that has to be remembered, in Unix seconds. */
  readonly token: { readonly id: string; readonly untilUnix: number }
}
