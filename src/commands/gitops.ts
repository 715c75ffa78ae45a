import type { Actor } from '../domain/actor.ts'
import { isRefusal, refuse } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** The GitOps repository, its tip as far as it was seen, and what halts writing. */
export async function gitopsState({ gitops }: CommandPorts): Promise<Outcome> {
  return { kind: 'gitops-state', state: await gitops.state() }
}

/** Lets writing go on from the tip that this person has looked at, and from no other one. */
export async function resumeGitops(
  { gitops, wake }: CommandPorts,
  actor: Actor,
  tip: Sha,
): Promise<Outcome> {
  const { halt } = await gitops.state()
  if (halt === null)
    return refuse('conflict', 'Nothing is halted: the branch holds all that was seen of it')
  const resumed = await gitops.resume({ tip, by: actor.login })
  if (isRefusal(resumed)) return resumed
  wake()
  return { kind: 'gitops-resumed', tip, seenTip: halt.seenTip, by: actor.login }
}
