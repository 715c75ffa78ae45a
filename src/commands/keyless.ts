import type { Actor } from '../domain/actor.ts'
import type { CiRun } from '../domain/ci-run.ts'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import type { CiEntries } from '../policy/ci.ts'

type Ports = {
  /** Verifies a token of an issuer that `mayPost` knows. */
  readonly verify: (token: string, mayPost: (issuer: string) => boolean) => Promise<CiRun | Refusal>
  /** Whose runs may post, as it stands now in the policies. */
  readonly ci: () => Promise<CiEntries>
}

/** Who a CI's own token is of: the run that its issuer tells of, if `ci.json` has its repository. */
export const keyless =
  ({ verify, ci }: Ports) =>
  async (token: string): Promise<Actor | Refusal> => {
    const entries = await ci()
    const run = await verify(token, (issuer) => entries.hasIssuer(issuer))
    return isRefusal(run) ? run : (entries.problemOf(run) ?? actorOf(run))
  }

const actorOf = (run: CiRun): Actor => ({
  login: `oidc:${run.kind}:${run.repository}`,
  kind: 'token',
  roles: ['ci'],
  teams: [],
  repositories: [run.repository],
  run,
})
