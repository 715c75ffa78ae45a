import type { Actor } from '../domain/actor.ts'
import type { Lock } from '../domain/control.ts'
import { refuse } from '../domain/fault.ts'
import type { Outcome } from '../domain/outcome.ts'
import { nowUnix } from './ask.ts'
import type { CommandPorts } from './ports.ts'

type Place = { readonly env: string; readonly app?: string }

/** Freezes an environment, or one app in it, for everyone. */
export async function lock(
  ports: CommandPorts,
  actor: Actor,
  { env, app, reason, untilUnix }: Place & { reason: string; untilUnix?: number },
): Promise<Outcome> {
  const createdUnix = nowUnix(ports)
  if (untilUnix !== undefined && untilUnix <= createdUnix)
    return refuse('invalid', 'until: must be a time to come')
  const wanted: Lock = {
    id: ports.ids.next('lock'),
    kind: 'freeze',
    env,
    app: app ?? null,
    reason,
    by: actor.login,
    createdUnix,
    untilUnix: untilUnix ?? null,
  }
  if (await ports.controls.lock(wanted)) return { kind: 'locked', lock: wanted }
  const stands = (await locksAt(ports, { env, ...(app ? { app } : {}) })).find(
    ({ kind }) => kind === 'freeze',
  )
  return refuse('conflict', `${placeOf(wanted)} is locked by ${stands?.by}: ${stands?.reason}`)
}

/** The locks in force. */
export async function locks(ports: CommandPorts): Promise<Outcome> {
  return { kind: 'locks', locks: await ports.controls.locks(nowUnix(ports)) }
}

/** Ends a lock by its id, or every lock on exactly this environment or app. */
export async function unlock(
  ports: CommandPorts,
  actor: Actor,
  asked: { id: string } | Place,
): Promise<Outcome> {
  const found =
    'id' in asked
      ? (await ports.controls.locks(nowUnix(ports))).filter(({ id }) => id === asked.id)
      : await locksAt(ports, asked)
  if (found.length === 0) return notLocked(ports, asked)
  const ids = found.map(({ id }) => id)
  await ports.controls.unlock(ids, { login: actor.login, unix: nowUnix(ports) })
  ports.wake()
  return { kind: 'unlocked', locks: found }
}

async function locksAt(ports: CommandPorts, { env, app }: Place): Promise<Lock[]> {
  const all = await ports.controls.locks(nowUnix(ports))
  return all.filter((one) => one.env === env && one.app === (app ?? null))
}

async function notLocked(ports: CommandPorts, asked: { id: string } | Place): Promise<Outcome> {
  if ('id' in asked) return refuse('not_found', `There is no lock ${asked.id}`)
  const near = (await ports.controls.locks(nowUnix(ports))).filter(({ env }) => env === asked.env)
  const others = near.map((one) => `unlock ${one.env}${one.app === null ? '' : ` ${one.app}`}`)
  const hint = others.length > 0 ? `; there are: ${others.join(', ')}` : ''
  return refuse(
    'not_found',
    `${placeOf({ env: asked.env, app: asked.app ?? null })} is not locked${hint}`,
  )
}

const placeOf = ({ env, app }: Pick<Lock, 'env' | 'app'>) =>
  app === null ? env : `${app} in ${env}`
