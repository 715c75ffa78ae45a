import { setTimeout as pause } from 'node:timers/promises'
import type { GitopsWriter } from './gitops/writer.ts'
import type { Logger } from './logger.ts'
import { type OutrunPorts, outrun } from './release/outrun.ts'
import type { HeldLease } from './servers/candidate.ts'
import { Leader, type Term } from './servers/leader.ts'
import { LeftDeliveries } from './servers/left-deliveries.ts'
import type { Database } from './store/client.ts'
import { DeliveryStore, type LeftDelivery } from './store/deliveries.ts'
import { fenced } from './store/fenced.ts'
import { newServerId } from './store/ids.ts'
import { LeaseStore } from './store/leases.ts'
import type { MessageStore } from './store/messages.ts'

/** How often taking over is tried again while the git host is away. */
const againMs = 2_000

const monotonicMs = () => performance.now()

type LeaderGiven = {
  readonly database: Database
  /** What people call the machine; it may be the name of others, too. */
  readonly host: string
  /** What this server has to itself: see `mayTake`. */
  readonly place: string
  readonly leaseMs: number
  /** Begins what only the server does that leads, on a database that refuses when another does. */
  readonly lead: (lease: HeldLease, own: Database) => Term
  /** Keeps up with the one that leads, now and then. */
  readonly follow: () => Promise<unknown>
  readonly log: Logger
}

/** The lease of this server while it leads, for what is built before there is one. */
export class Led {
  #lease: HeldLease | undefined

  begins(lease: HeldLease): void {
    this.#lease = lease
  }

  /** The number of the lease; nothing while another server leads. */
  get fence(): number | undefined {
    return this.#lease?.isHeld() ? this.#lease.fence : undefined
  }
}

/** Who leads, of the servers on this database. */
export const leaderOf = ({
  database,
  host,
  place,
  leaseMs,
  lead,
  follow,
  log,
}: LeaderGiven): Leader =>
  new Leader(
    {
      ...{ leases: new LeaseStore(database), monotonicMs, follow, log },
      lead: (lease) => lead(lease, fenced(database, lease)),
    },
    {
      name: 'leader',
      by: { holder: `${host} ${newServerId()}`, place, lengthMs: leaseMs },
    },
  )

/** What runs from a start to a stop. */
export type Part = { start(): void; stop(): Promise<void> }

/** A term of parts that run from now on. */
export function termOf(...parts: readonly Part[]): Term {
  for (const part of parts) part.start()
  return together(parts)
}

/** Several terms as one. */
export const together = (terms: readonly Pick<Term, 'stop'>[]): Term => ({
  async stop() {
    await Promise.all(terms.map((term) => term.stop()))
  },
})

/** A push is begun only while the lease is held: between the intent and it there may have been a pause. */
export const heldCommit =
  (writer: GitopsWriter, lease: HeldLease): GitopsWriter['commit'] =>
  (tip, commits, intend) =>
    writer.commit(tip, commits, async (refs) => (await intend(refs)) && lease.isHeld())

/** Ends when nothing of the server that led before can land in a repository any more, or at a stop. */
export function outrunOthers(
  lease: HeldLease,
  ports: Pick<OutrunPorts, 'isIntendedOn'> & {
    readonly writer: GitopsWriter
    readonly log: Logger
  },
): (stop: AbortSignal) => Promise<void> {
  const { writer, isIntendedOn, log } = ports
  const clock = { nowMs: () => Date.now() }
  const isHeld = () => lease.isHeld()
  return async (stop) => {
    while (lease.isOfAnother && !stop.aborted) {
      try {
        if (await outrun({ clock, gitops: writer, isIntendedOn, isHeld }))
          log.info({ url: writer.url }, 'what another server began cannot land any more')
        return
      } catch (error) {
        log.warn({ err: error, url: writer.url }, 'taking over from another server is tried again')
        await pause(againMs, undefined, { signal: stop }).catch(() => undefined)
      }
    }
  }
}

type LeftGiven = {
  readonly database: Database
  readonly server: string
  readonly receiver: { carryOn(delivery: LeftDelivery): void }
  readonly log: Logger
}

/** What a surface sent to servers that are gone. */
export const leftOf = (surface: string, { database, server, receiver, log }: LeftGiven) =>
  new LeftDeliveries(
    {
      ...{ deliveries: new DeliveryStore(database, server), monotonicMs, log },
      carryOn: (delivery: LeftDelivery) => receiver.carryOn(delivery),
    },
    surface,
  )

/** What keeps messages of a surface from being sent. */
export const waitingIn = async (messages: MessageStore, surface: string): Promise<string[]> =>
  (await messages.problems(surface)).map(({ problem, count }) => `${problem} (${count} waiting)`)
