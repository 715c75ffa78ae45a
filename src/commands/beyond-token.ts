import type { Actor } from '../domain/actor.ts'
import type { Command } from '../domain/command.ts'
import { type Refusal, refuse } from '../domain/fault.ts'
import { actionOf } from './authorize.ts'

/** Why a token may not do this, whatever its owner may; nothing when it may. */
export function beyondToken({ login, run, verbs }: Actor, { verb }: Command): Refusal | null {
  if (run && verb !== 'push-artifact' && actionOf[verb] !== 'look')
    return refuse('forbidden', `A token of a CI run may post artifacts and look, not ${verb}`)
  if (verbs === undefined || verb === 'whoami' || verbs.includes(verb)) return null
  return refuse(
    'forbidden',
    `The token of ${login} is for ${verbs.join(', ')} only, not for ${verb}`,
  )
}
