import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { isRefusal } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { CommandPorts } from './ports.ts'

type GitopsCommand = Extract<Command, { verb: 'gitops-repo' | 'gitops-state' | 'resume-gitops' }>

/** Tells of the GitOps repositories, and lets writing go on. */
export async function gitops(
  ports: CommandPorts,
  actor: Actor,
  command: GitopsCommand,
): Promise<Outcome> {
  switch (command.verb) {
    case 'gitops-repo':
      return { kind: 'gitops-repo', url: ports.gitops.url }
    case 'gitops-state':
      return gitopsState(ports)
    case 'resume-gitops':
      return resumeGitops(ports, actor, command.tip)
  }
}

/** The GitOps repositories, their tips as far as they were seen, and what halts writing. */
async function gitopsState({ gitops }: CommandPorts): Promise<Outcome> {
  return { kind: 'gitops-state', states: await gitops.states() }
}

/** Lets writing go on from the tip that this person has looked at, and from no other one. */
async function resumeGitops(
  { gitops, wake }: CommandPorts,
  actor: Actor,
  tip: Sha,
): Promise<Outcome> {
  const resumed = await gitops.resume({ tip, by: actor.login })
  if (isRefusal(resumed)) return resumed
  wake()
  return { kind: 'gitops-resumed', ...resumed, by: actor.login }
}
