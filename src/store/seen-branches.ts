import { type Halt, type HaltTold, haltAt } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import type { Database, ResultSet } from './client.ts'

/** Which branch of which repository it is about. `repository` is its name here, empty for the first. */
export type BranchPlace = {
  readonly repository: string
  readonly url: string
  readonly branch: string
}

type Ports = {
  readonly database: Database
  /**
   * The fence number of the lease by which this server leads; nothing while it does not. What an older
   * leader saw is not put over what a newer one did.
   */
  readonly fence: () => number | undefined
}

type Seen = { readonly tip: Sha | undefined; readonly halt: Halt | null }

/** The newest tip that was seen of a branch, by whichever server: for one that only reads. */
export async function seenTip(
  database: Pick<Database, 'read'>,
  place: BranchPlace,
): Promise<Sha | undefined> {
  const row = await rowOf(database, place)
  return row && isOf(row, place) ? seenIn(row).tip : undefined
}

/**
 * What was seen of the branch, kept in the database: as `BranchMemory` of `gitops/` keeps it beside a
 * clone. It is read once; what changes is written behind, in its order.
 */
export class SeenBranches {
  readonly #ports: Ports
  readonly #place: BranchPlace
  #seen: Seen
  #told: HaltTold = () => undefined
  #isWritten = true
  #writing: Promise<void> | undefined
  /** True when another repository or branch was written before. */
  readonly isOfAnother: boolean

  private constructor(ports: Ports, place: BranchPlace, row: Row | undefined) {
    this.#ports = ports
    this.#place = place
    this.isOfAnother = row !== undefined && !isOf(row, place)
    this.#seen = row && !this.isOfAnother ? seenIn(row) : { tip: undefined, halt: null }
  }

  static async load(ports: Ports, place: BranchPlace): Promise<SeenBranches> {
    return new SeenBranches(ports, place, await rowOf(ports.database, place))
  }

  get tip(): Sha | undefined {
    return this.#seen.tip
  }

  get halt(): Halt | null {
    return this.#seen.halt
  }

  /** Says whom to tell of a halt, of its end, and at once of one that stands. */
  tell(told: HaltTold): void {
    this.#told = told
    if (this.halt) told({ halt: this.halt, by: null })
  }

  /** The branch holds this tip, and what was seen before. `by` is the person who says so. */
  sees(tip: Sha, by: string | null = null): void {
    const wasHalted = this.halt !== null
    if (tip !== this.tip || wasHalted) {
      this.#seen = { tip, halt: null }
      this.#isWritten = false
    }
    this.#write()
    if (wasHalted) this.#told({ halt: null, by })
  }

  /** The branch no longer holds what was seen. */
  loses(lost: { seenTip: Sha; foundTip: Sha }): Halt {
    const halt = haltAt(lost, this.halt, Math.floor(Date.now() / 1000))
    const isNews = this.halt?.foundTip !== halt.foundTip
    this.#seen = { ...this.#seen, halt }
    if (isNews) {
      this.#isWritten = false
      this.#write()
      this.#told({ halt, by: null })
    }
    return halt
  }

  /** Ends when what is known lies in the database, or could not be put there. */
  async kept(): Promise<void> {
    await this.#writing
  }

  /** Nobody waits for it; what could not be written is written with the next look. */
  #write(): void {
    if (this.#isWritten) return
    this.#writing ??= this.#writeAll()
      .catch(() => {
        this.#isWritten = false
      })
      .finally(() => {
        this.#writing = undefined
      })
  }

  async #writeAll(): Promise<void> {
    while (!this.#isWritten) {
      const fence = this.#ports.fence()
      if (fence === undefined) return
      this.#isWritten = true
      const { repository, url, branch } = this.#place
      const { tip = null, halt } = this.#seen
      const keep = {
        sql: `insert into seen_branches (repository, url, branch, tip, halt, fence)
              values (?, ?, ?, ?, ?, ?)
              on conflict (repository) do update set url = excluded.url, branch = excluded.branch,
                tip = excluded.tip, halt = excluded.halt, fence = excluded.fence
              where fence <= excluded.fence`,
        args: [repository, url, branch, tip, halt && JSON.stringify(halt), fence],
      }
      const [kept] = await this.#ports.database.write([keep])
      if (kept?.rowsAffected === 0) await this.#follow()
    }
  }

  /** A newer leader has seen more. */
  async #follow(): Promise<void> {
    const row = await rowOf(this.#ports.database, this.#place)
    if (row && isOf(row, this.#place)) this.#seen = seenIn(row)
  }
}

type Row = ResultSet['rows'][number]

async function rowOf(database: Pick<Database, 'read'>, { repository }: BranchPlace) {
  const [row] = await database.read('select * from seen_branches where repository = ?', [
    repository,
  ])
  return row
}

const isOf = (row: Row, { url, branch }: BranchPlace) => row.url === url && row.branch === branch

const seenIn = (row: Row): Seen => ({
  tip: row.tip === null ? undefined : String(row.tip),
  halt: row.halt === null ? null : (JSON.parse(String(row.halt)) as Halt),
})
