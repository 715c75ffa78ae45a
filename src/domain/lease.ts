import { Fault } from './fault.ts'

/** A lease as it is stored. `fence` grows with each new holder, `beat` with each renewal of one. */
export type LeaseRow = {
  /** `null` when it was given back. */
  readonly holder: string | null
  /** The data folder that the holder has to itself. */
  readonly place: string
  readonly fence: number
  readonly beat: number
  /** How long the holder may be silent, in milliseconds: its own setting counts, not that of who looks. */
  readonly lengthMs: number
}

/** Which server takes a lease: this start of it, the data folder that it has to itself, and for how long. */
export type Claimant = {
  readonly holder: string
  readonly place: string
  readonly lengthMs: number
}

/** A row, and how long it has been seen as it is, in milliseconds of the one who looks. */
export type Sighting = { readonly row: LeaseRow; readonly forMs: number; readonly isFirst: boolean }

/**
 * Whether a lease may be taken from whoever has it. No wall clock is asked: one that was not renewed for
 * its length, by the clock of the one who looks, is over, and so is that of a process that is surely dead.
 */
export function mayTake({ row, forMs, isFirst }: Sighting, { holder, place }: Claimant): boolean {
  if (row.holder === null || row.holder === holder) return true
  // Two processes never have one data folder, so the one that had it is dead. Only at the first look:
  // two servers on copies of one folder would take it from each other for ever.
  if (isFirst && row.place === place) return true
  return forMs >= row.lengthMs
}

/** Whether two looks saw the same row. */
export const isUnchanged = (one: LeaseRow, other: LeaseRow): boolean =>
  one.fence === other.fence && one.beat === other.beat

/** What a holder needs to prove that it still is: its name and its fence number. */
export type Lease = {
  readonly name: string
  readonly fence: number
  /** False from the moment on at which another may have it. */
  isHeld(): boolean
  /** Says that another has it. */
  end(): void
}

/** What a write comes to whose lease another has. */
export const leaseLost = (cause?: unknown): Fault =>
  new Fault('lease_lost', 'writing as the server that leads: another one leads now', { cause })
