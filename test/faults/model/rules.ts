import type { Actor, Role } from '../../../src/domain/actor.ts'
import { gate, trigger } from '../../support/builders.ts'
import type { Request } from './folder.ts'

/** Everybody, with what they may do. */
const people = {
  alice: ['releaser'],
  bob: ['releaser'],
  carol: ['approver'],
  dave: ['admin'],
  vera: ['viewer'],
  ci: ['ci'],
} as const satisfies Record<string, readonly Role[]>
export type Login = keyof typeof people
export const logins = Object.keys(people) as Login[]

/** Who may do what; nobody else may. */
const may = {
  post: ['ci', 'dave'],
  release: ['alice', 'bob', 'dave'],
  force: ['dave'],
  approve: ['carol', 'dave'],
  control: ['alice', 'bob', 'carol', 'dave'],
} as const satisfies Record<string, readonly Login[]>

export type Verdict =
  | { readonly kind: 'allow' | 'deny' }
  | { readonly kind: 'hold'; readonly hours: number }

type Lock = {
  readonly kind: 'freeze' | 'rollback'
  /** An environment, or an app in it. */
  readonly where: string
  readonly untilUnix: number
}

/** How long what a policy asks for waits for a lock, and what needs approval for that. */
const lockDays = 7
const approvalHours = 2

/** What people and policies say about requests now. */
export class Rules {
  readonly #nowMs: () => number
  /** What production is guarded by. */
  needsApproval = true
  isClosed = false
  carolApproves = true
  readonly blocked = new Set<string>()
  #locks: Lock[] = []

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get nowUnix(): number {
    return Math.floor(this.#nowMs() / 1000)
  }

  may(login: Login, what: keyof typeof may): boolean {
    if (login === 'carol' && !this.carolApproves) return false
    return (may[what] as readonly Login[]).includes(login)
  }

  /** Freezes a place, unless it is frozen. */
  lock(where: string, hours: number | null): boolean {
    if (this.#in(where).some(({ kind }) => kind === 'freeze')) return false
    const untilUnix = hours === null ? Number.POSITIVE_INFINITY : this.nowUnix + hours * 3600
    this.#locks.push({ kind: 'freeze', where, untilUnix })
    return true
  }

  /** After a rollback nothing goes there by itself. */
  rolledBack(where: string): void {
    this.#locks.push({ kind: 'rollback', where, untilUnix: Number.POSITIVE_INFINITY })
  }

  unlock(where: string): boolean {
    const ended = this.#in(where)
    this.#locks = this.#locks.filter((lock) => !ended.includes(lock))
    return ended.length > 0
  }

  decide(place: string, request: Request): Verdict {
    const { kind, artifact, by, isForced } = request
    if (kind !== 'delete' && this.blocked.has(artifact)) return { kind: 'deny' }
    if (isForced) return { kind: 'allow' }
    const [env = ''] = place.split('/')
    const locks = [...this.#in(env), ...this.#in(place)]
    const isFrozen = locks.some((lock) => lock.kind === 'freeze')
    const isAutomatic = by.startsWith('policy:')
    const isProduction = env === 'production'
    if ((isFrozen && !isAutomatic) || (isProduction && this.isClosed)) return { kind: 'deny' }
    const isApproved = this.carolApproves && request.approvedBy.has('carol')
    const holds = [
      ...(isProduction && this.needsApproval && !isApproved ? [approvalHours] : []),
      ...(isAutomatic && locks.length > 0 ? [lockDays * 24] : []),
    ]
    return holds.length > 0 ? { kind: 'hold', hours: Math.min(...holds) } : { kind: 'allow' }
  }

  /** The policies that say so. */
  files(): Map<string, string> {
    const production = { env: 'production', expires: `${approvalHours}h` }
    const isApproved = { approvedBy: { role: 'approver' } }
    const all = Object.entries(this.#roles()).map(([login, roles]) => ({ login, roles }))
    return new Map([
      ['people.json', JSON.stringify({ people: all })],
      ['to-staging.json', trigger()],
      ...(this.isClosed ? [['closed.json', gate({ env: 'production' })] as const] : []),
      ...(this.needsApproval
        ? [
            [
              'four-eyes.json',
              gate({ ...production, otherwise: 'hold', require: isApproved }),
            ] as const,
          ]
        : []),
    ])
  }

  actor(login: Login): Actor {
    const roles = this.#roles()[login]
    return { login, kind: 'token', roles, teams: [], repositories: [] }
  }

  #roles(): Record<Login, readonly Role[]> {
    return this.carolApproves ? people : { ...people, carol: [] }
  }

  #in(where: string): Lock[] {
    return this.#locks.filter((lock) => lock.where === where && lock.untilUnix > this.nowUnix)
  }
}
