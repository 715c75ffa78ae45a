import { type Actor, type Role, rolesAt } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { type Refusal, refuse } from '../domain/fault.ts'

/** What can be done, and which roles may. What is not listed here, nobody may do. */
const allowed = {
  look: ['viewer', 'ci', 'releaser', 'approver', 'admin'],
  'push artifacts': ['ci', 'admin'],
  release: ['releaser', 'admin'],
  'roll back': ['releaser', 'admin'],
  'delete apps': ['releaser', 'admin'],
  'report health': ['cluster', 'ci', 'admin'],
  approve: ['approver', 'admin'],
  reject: ['approver', 'admin'],
  'block artifacts': ['releaser', 'approver', 'admin'],
  'lock and unlock': ['releaser', 'approver', 'admin'],
  'force past gates and locks': ['admin'],
  'manage users': ['admin'],
  'set up GitHub': ['admin'],
  'resume writing': ['admin'],
  'read the audit record': ['admin'],
} as const satisfies Readonly<Record<string, readonly Role[]>>

export type Action = keyof typeof allowed

/** The action that each command is: a command without one does not compile. */
export const actionOf: Readonly<Record<Command['verb'], Action>> = {
  'push-artifact': 'push artifacts',
  release: 'release',
  rollback: 'roll back',
  delete: 'delete apps',
  'branch-deleted': 'push artifacts',
  'report-health': 'report health',
  approve: 'approve',
  reject: 'reject',
  block: 'block artifacts',
  unblock: 'block artifacts',
  lock: 'lock and unlock',
  unlock: 'lock and unlock',
  locks: 'look',
  artifacts: 'look',
  artifact: 'look',
  status: 'look',
  history: 'look',
  event: 'look',
  decision: 'look',
  decisions: 'look',
  'gitops-repo': 'look',
  'gitops-state': 'look',
  'resume-gitops': 'resume writing',
  whoami: 'look',
  users: 'manage users',
  user: 'manage users',
  'add-user': 'manage users',
  'renew-token': 'manage users',
  'remove-user': 'manage users',
  audit: 'read the audit record',
}

/** Every action that a command takes. */
export const actionsIn = (command: Command): readonly Action[] =>
  command.verb === 'release' && command.force
    ? ['release', 'force past gates and locks']
    : [actionOf[command.verb]]

/** What an action is done to; `null` where that is not known, or all. */
export type Resource = {
  readonly env: string | null
  readonly app: string | null
  /** The repository whose code would move. */
  readonly repository: string | null
  /** Of a request: who made it. */
  readonly requester?: string
}

/** The one place that says who may do what. Answers why not, or nothing. */
export function authorize(actor: Actor, action: Action, resource: Resource | null): Refusal | null {
  // Whoever asked may take it back.
  if (action === 'reject' && resource?.requester === actor.login) return null
  const needed: readonly Role[] = allowed[action]
  const roles = rolesAt(actor.roles, resource)
  if (!needed.some((role) => roles.includes(role)))
    return refuse(
      'forbidden',
      `${actor.login} may not ${action}${placeText(resource)}; that takes the role ${needed.join(' or ')}`,
    )
  if (resource === null || actor.repositories.length === 0) return null
  return resource.repository !== null && actor.repositories.includes(resource.repository)
    ? null
    : refuse(
        'forbidden',
        `${actor.login} may ${action} only of ${actor.repositories.join(', ')}, not of ${resource.repository ?? 'what belongs to no repository yet'}`,
      )
}

function placeText(resource: Resource | null): string {
  if (!resource || (resource.env === null && resource.app === null)) return ''
  return ` (${resource.app ?? 'every app'} in ${resource.env ?? 'every environment'})`
}

/** Every action that an actor's roles cover somewhere. */
export const actionsOf = (actor: Actor): Action[] =>
  (Object.keys(allowed) as Action[]).filter((action) => authorize(actor, action, null) === null)
