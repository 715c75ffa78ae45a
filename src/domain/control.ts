/**
 * What people put in the way of releases or out of it, apart from policies. A `freeze` stops everyone
 * but `--force`; a `rollback`, which every rollback leaves behind, stops only what policies ask for.
 */
export type Lock = {
  readonly id: string
  readonly kind: 'freeze' | 'rollback'
  readonly env: string
  /** `null` stands for every app. */
  readonly app: string | null
  readonly reason: string
  readonly by: string
  readonly createdUnix: number
  /** When it ends by itself; `null` is never. */
  readonly untilUnix: number | null
}

/** An artifact that is never released again, by anyone or any policy. */
export type Block = {
  readonly artifactId: string
  readonly reason: string
  readonly by: string
  readonly createdUnix: number
}

/** Someone's yes to one request. */
export type Approval = {
  readonly eventId: string
  readonly login: string
  readonly createdUnix: number
}

/** Everything of this that concerns one request. */
export type Controls = {
  readonly locks: readonly Lock[]
  readonly block: Block | null
  /** The logins of those who approved. */
  readonly approvedBy: readonly string[]
}

/** The locks that cover an app in an environment now. */
export const locksOn = (
  locks: readonly Lock[],
  { env, app, nowUnix }: { env: string; app: string; nowUnix: number },
): Lock[] =>
  locks.filter(
    (lock) =>
      lock.env === env &&
      (lock.app === null || lock.app === app) &&
      (lock.untilUnix === null || lock.untilUnix > nowUnix),
  )
