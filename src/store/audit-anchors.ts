import type { Anchor, AuditFinding, AuditHead } from '../domain/audit.ts'

/** What the commits say of the record, compared with the chain while that is walked. */
export class AnchorBook {
  readonly #open = new Map<number, Anchor[]>()
  readonly #wrong: { anchor: Anchor; hash: string }[] = []
  #fitting: Anchor | undefined

  constructor(anchors: readonly Anchor[]) {
    for (const anchor of anchors)
      this.#open.set(anchor.seq, [...(this.#open.get(anchor.seq) ?? []), anchor])
  }

  /** A seal of the chain, in their order. */
  pass({ seq, hash }: AuditHead): void {
    for (const anchor of this.#open.get(seq) ?? [])
      if (anchor.hash === hash) this.#fitting = anchor
      else this.#wrong.push({ anchor, hash })
    this.#open.delete(seq)
  }

  /** The first commit that the chain does not fit, now that all of it has passed. */
  finding(head: AuditHead | null): AuditFinding | undefined {
    const missing = [...this.#open.values()].flatMap(([anchor]) =>
      anchor ? { anchor, hash: null } : [],
    )
    const [first] = [...missing, ...this.#wrong].sort((a, b) => a.anchor.seq - b.anchor.seq)
    if (!first) return undefined
    const { anchor, hash } = first
    const means = this.#meaning(anchor, { hash, head })
    return {
      what: 'commit',
      name: anchor.commit,
      message: `Commit ${anchor.commit} of ${timeOf(anchor)} was made when records up to ${anchor.seq} were sealed under ${anchor.hash}. ${means} ${this.#since()}`,
    }
  }

  #meaning(
    { seq }: Anchor,
    { hash, head }: { hash: string | null; head: AuditHead | null },
  ): string {
    if (hash !== null)
      return `The seal up to there has the hash ${hash} now: records were changed and the seals after them made anew.`
    if (seq > (head?.seq ?? 0))
      return `The chain ends at record ${head?.seq ?? 0}: the database is another one, was put back to an older state, or its end was cut off.`
    return `No seal ends at record ${seq}: the seals were made anew, or the database is another one.`
  }

  #since(): string {
    const fits = this.#fitting
    return fits
      ? `The last commit that fits is ${fits.commit} of ${timeOf(fits)}: what stands up to record ${fits.seq} is as it was.`
      : 'No commit fits.'
  }
}

const timeOf = ({ unix }: Anchor): string => new Date(unix * 1000).toISOString()
