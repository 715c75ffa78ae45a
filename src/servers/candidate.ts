import { type Claimant, isUnchanged, type Lease, type LeaseRow, mayTake } from '../domain/lease.ts'

/** A holder ends by its own clock after this share of the length: clocks do not run quite alike. */
const ownShare = 0.9

export type LeasePorts = {
  readonly leases: {
    look(name: string): Promise<LeaseRow>
    take(name: string, seen: LeaseRow, by: Claimant): Promise<number | undefined>
    renew(held: Pick<Lease, 'name' | 'fence'>): Promise<boolean>
    giveBack(held: Pick<Lease, 'name' | 'fence'>): Promise<void>
  }
  /** Milliseconds that only ever go on, whatever is done to the time of day (row F23). */
  readonly monotonicMs: () => number
}

export type LeaseTerms = {
  readonly name: string
  readonly by: Claimant
}

/** One server's attempts to get a lease. */
export class Candidate {
  readonly #ports: LeasePorts
  readonly #terms: LeaseTerms
  #seen: { readonly row: LeaseRow; readonly sinceMs: number } | undefined

  constructor(ports: LeasePorts, terms: LeaseTerms) {
    this.#ports = ports
    this.#terms = terms
  }

  /** Looks, and takes the lease if that may be. Answers it, or who has it. */
  async try(): Promise<HeldLease | { readonly holder: string | null }> {
    const { leases, monotonicMs } = this.#ports
    const { name, by } = this.#terms
    const row = await leases.look(name)
    const isFirst = this.#seen === undefined
    if (!this.#seen || !isUnchanged(this.#seen.row, row))
      this.#seen = { row, sinceMs: monotonicMs() }
    const forMs = monotonicMs() - this.#seen.sinceMs
    if (!mayTake({ row, forMs, isFirst }, by)) return row
    // Before the statement is sent: whatever time it takes, nobody else counts from earlier.
    const sentMs = monotonicMs()
    const fence = await leases.take(name, row, by)
    if (fence === undefined) return { holder: null }
    const isOfAnother = row.place !== '' && row.place !== by.place
    return new HeldLease(this.#ports, { name, fence, sentMs, lengthMs: by.lengthMs, isOfAnother })
  }
}

type Taken = {
  readonly name: string
  readonly fence: number
  readonly sentMs: number
  readonly lengthMs: number
  /** Another server had it before, which may live and not know yet. */
  readonly isOfAnother: boolean
}

/** A lease while this server has it. Once over it stays over: it can only be taken anew. */
export class HeldLease implements Lease {
  readonly name: string
  readonly fence: number
  readonly isOfAnother: boolean
  readonly #ports: LeasePorts
  readonly #ownMs: number
  #untilMs: number
  #isOver = false

  constructor(ports: LeasePorts, { name, fence, sentMs, lengthMs, isOfAnother }: Taken) {
    this.#ports = ports
    this.name = name
    this.fence = fence
    this.isOfAnother = isOfAnother
    this.#ownMs = lengthMs * ownShare
    this.#untilMs = sentMs + this.#ownMs
  }

  isHeld(): boolean {
    if (this.#ports.monotonicMs() >= this.#untilMs) this.#isOver = true
    return !this.#isOver
  }

  end(): void {
    this.#isOver = true
  }

  /** Says that this server lives. What is heard too late counts as no. */
  async renew(): Promise<void> {
    const sentMs = this.#ports.monotonicMs()
    const isRenewed = await this.#ports.leases.renew(this)
    if (!isRenewed) this.end()
    if (this.isHeld()) this.#untilMs = sentMs + this.#ownMs
  }

  async giveBack(): Promise<void> {
    this.end()
    await this.#ports.leases.giveBack(this)
  }
}
