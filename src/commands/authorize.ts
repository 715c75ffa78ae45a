import type { Actor, Role } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { type Refusal, refuse } from '../domain/fault.ts'

/** What can be done, and which roles may. What is not listed here, nobody may do. */
const allowed = {
  look: ['viewer', 'ci', 'releaser', 'approver', 'admin'],
  'push artifacts': ['ci', 'admin'],
  release: ['releaser', 'admin'],
  'roll back': ['releaser', 'admin'],
  'delete apps': ['releaser', 'admin'],
  'manage users': ['admin'],
} as const satisfies Readonly<Record<string, readonly Role[]>>

export type Action = keyof typeof allowed

/** The action that each command is: a command without one does not compile. */
export const actionOf: Readonly<Record<Command['verb'], Action>> = {
  'push-artifact': 'push artifacts',
  release: 'release',
  rollback: 'roll back',
  delete: 'delete apps',
  artifacts: 'look',
  artifact: 'look',
  status: 'look',
  history: 'look',
  event: 'look',
  decision: 'look',
  'gitops-repo': 'look',
  whoami: 'look',
  users: 'manage users',
  user: 'manage users',
  'add-user': 'manage users',
  'remove-user': 'manage users',
}

/** What an action is done to: the repository whose code it would move, `null` when that is unknown. */
export type Resource = { readonly repository: string | null }

/** The one place that says who may do what. Answers why not, or nothing. */
export function authorize(actor: Actor, action: Action, resource: Resource | null): Refusal | null {
  const needed: readonly Role[] = allowed[action]
  if (!needed.some((role) => actor.roles.includes(role)))
    return refuse(
      'forbidden',
      `${actor.login} may not ${action}; that takes the role ${needed.join(' or ')}`,
    )
  if (resource === null || actor.repositories.length === 0) return null
  return resource.repository !== null && actor.repositories.includes(resource.repository)
    ? null
    : refuse(
        'forbidden',
        `${actor.login} may ${action} only of ${actor.repositories.join(', ')}, not of ${resource.repository ?? 'what belongs to no repository yet'}`,
      )
}

/** Every action that an actor's roles cover. */
export const actionsOf = (actor: Actor): Action[] =>
  (Object.keys(allowed) as Action[]).filter((action) => authorize(actor, action, null) === null)
