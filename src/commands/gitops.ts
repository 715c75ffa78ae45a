import type { Actor } from '../domain/actor.ts'
import { isRefusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

/** The GitOps repositories, their tips as far as they were seen, and what halts writing. */
export async function gitopsState({ gitops }: CommandPorts): Promise<Outcome> {
  return { kind: 'gitops-state', states: await gitops.states() }
}

/** Lets writing go on from the tip that this person has looked at, and from no other one. */
export async function resumeGitops(
  { gitops, wake }: CommandPorts,
  actor: Actor,
  tip: Sha,
): Promise<Outcome> {
  const resumed = await gitops.resume({ tip, by: actor.login })
  if (isRefusal(resumed)) return resumed
  wake()
  return { kind: 'gitops-resumed', ...resumed, by: actor.login }
}
