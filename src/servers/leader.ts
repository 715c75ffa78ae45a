import { setTimeout as pause } from 'node:timers/promises'
import { Candidate, HeldLease, type LeasePorts, type LeaseTerms } from './candidate.ts'

/** How often a server looks whether it may lead, at most: a lease that is given back is taken that soon. */
const lookMs = 500
/** How often a leader sees whether it still is. */
const tickMs = 250
/** A lease is renewed this often in its length. */
const renewals = 3
/** How often one that does not lead keeps up with what the leader wrote. */
const followMs = 15_000
/** How long the next leader waits, when this server stops, for what is under way. */
const graceMs = 500

/** What only one server may do, while this one does it. */
export type Term = {
  /** Begins nothing new and waits for what is under way. */
  readonly stop: () => Promise<void>
}

export type LeaderPorts = LeasePorts & {
  /** Begins a term. What it writes must go by the lease. */
  readonly lead: (lease: HeldLease) => Term
  /** Keeps up with what another server writes. */
  readonly follow: () => Promise<unknown>
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/**
 * Leads while it has the lease, and tries to get it while it has not. Of several servers one leads, and
 * when that is gone, another does within the lease's length; a server that stops gives it back at once.
 */
export class Leader {
  readonly #ports: LeaderPorts
  readonly #terms: LeaseTerms
  readonly #candidate: Candidate
  readonly #stopping = new AbortController()
  #lease: HeldLease | undefined
  #followedMs = Number.NEGATIVE_INFINITY
  /** Who leads, as the log was told. */
  #told: string | undefined
  #running: Promise<void> | undefined

  constructor(ports: LeaderPorts, terms: LeaseTerms) {
    this.#ports = ports
    this.#terms = terms
    this.#candidate = new Candidate(ports, terms)
  }

  get isLeading(): boolean {
    return this.#lease?.isHeld() ?? false
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the term, if there is one, and lets another server lead. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const lease = await this.#try()
      if (lease) await this.#lead(lease)
      else await this.#sleep(Math.min(lookMs, this.#terms.by.lengthMs / 4))
    }
  }

  async #try(): Promise<HeldLease | undefined> {
    try {
      const found = await this.#candidate.try()
      if (found instanceof HeldLease) return found
      this.#tell(found.holder)
      this.#follow()
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'who leads could not be looked at')
      await this.#sleep(lookMs)
    }
    return undefined
  }

  /** Beside everything else: whoever may lead must see it whatever the git host does. */
  #follow(): void {
    const { monotonicMs, follow, log } = this.#ports
    if (monotonicMs() < this.#followedMs + followMs) return
    this.#followedMs = monotonicMs()
    follow().catch((error: unknown) =>
      log.warn({ err: error }, 'what the leader wrote could not be fetched'),
    )
  }

  #tell(holder: string | null): void {
    if (holder === null || holder === this.#told) return
    this.#told = holder
    this.#ports.log.info({ holder }, 'another server leads; this one accepts and answers')
  }

  async #lead(lease: HeldLease): Promise<void> {
    const { log, lead } = this.#ports
    const { fence } = lease
    log.info({ fence }, 'this server leads')
    this.#lease = lease
    const term = lead(lease)
    await this.#hold(lease)
    const ended = term
      .stop()
      .catch((error: unknown) => log.error({ err: error, fence }, 'a term did not end well'))
    if (!lease.isHeld())
      log.warn({ fence }, 'this server leads no more: its lease ran out, or another took it')
    if (this.#stopping.signal.aborted) await this.#giveBack(lease, ended)
    // What is under way is refused by the database; but nothing new begins beside it in this process.
    await ended
    this.#lease = undefined
    this.#told = undefined
  }

  /** Renews until the server is to stop, or the lease is over. */
  async #hold(lease: HeldLease): Promise<void> {
    const { monotonicMs, log } = this.#ports
    const everyMs = this.#terms.by.lengthMs / renewals
    let dueMs = monotonicMs() + everyMs
    let isRenewing = false
    while (!this.#stopping.signal.aborted && lease.isHeld()) {
      await this.#sleep(Math.min(tickMs, everyMs / 4))
      if (isRenewing || monotonicMs() < dueMs) continue
      // Beside this loop: a database that does not answer must not hold up the end.
      isRenewing = true
      dueMs = monotonicMs() + everyMs
      void lease
        .renew()
        .catch((error: unknown) => {
          dueMs = 0
          log.warn({ err: error }, 'the lease could not be renewed')
        })
        .finally(() => {
          isRenewing = false
        })
    }
  }

  async #giveBack(lease: HeldLease, ended: Promise<void>): Promise<void> {
    await Promise.race([ended, pause(graceMs, undefined, { ref: false })])
    try {
      await lease.giveBack()
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'the lease could not be given back: it has to run out')
    }
  }

  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#stopping
    await pause(ms, undefined, { signal }).catch(() => undefined)
  }
}
