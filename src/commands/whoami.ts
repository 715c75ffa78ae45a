import type { Actor } from '../domain/actor.ts'
import type { Outcome } from '../domain/outcome.ts'
import { actionsOf } from './authorize.ts'

/** Who the server thinks the caller is, and what that may do. */
export function whoami(actor: Actor): Outcome {
  const { login, roles, teams, repositories } = actor
  const actions = actionsOf(actor)
  return { kind: 'whoami', whoami: { login, roles, teams, repositories, actions } }
}
