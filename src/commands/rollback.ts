import type { Actor } from '../domain/actor.ts'
import { limitMax } from '../domain/command.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import { releaseBefore } from '../release/rollback-target.ts'
import { ask } from './ask.ts'
import type { CommandPorts } from './ports.ts'

type Rollback = { env: string; app: string; sha?: string; reason?: string }

/**
 * Asks for a rollback, to the named GitOps commit or to the release before the current one. The
 * target is fixed now: the same request repeated later means the same commit.
 */
export async function rollback(
  ports: CommandPorts,
  actor: Actor,
  command: Rollback,
): Promise<Outcome> {
  const to = await targetOf(ports, command)
  if (isRefusal(to)) return to
  const { env, app, reason } = command
  const { artifactId, gitopsRef: toRef } = to
  return ask(ports, actor, { kind: 'rollback', artifactId, env, app, toRef, reason })
}

async function targetOf(
  { releases }: CommandPorts,
  { env, app, sha }: Rollback,
): Promise<Release | Refusal> {
  if (sha !== undefined) {
    const found = await releases.withRef({ env, app, ref: sha })
    const [first, ...others] = found
    if (!first)
      return refuse('not_found', `The GitOps commit ${sha} released nothing of ${app} to ${env}`)
    return others.some(({ gitopsRef }) => gitopsRef !== first.gitopsRef)
      ? refuse('invalid', `sha: ${sha} stands for several commits; give more of it`)
      : first
  }
  const [current] = await releases.running({ env, app })
  if (!current) return refuse('not_found', `${app} does not run in ${env}`)
  const before = releaseBefore(await releases.history({ env, app, limit: limitMax }))
  return before ?? refuse('not_found', `${app} has no release in ${env} before the current one`)
}
