import type { Anchor, AuditFinding, AuditLook } from '../domain/audit.ts'
import { AnchorBook } from './audit-anchors.ts'
import { beginning, digestChars, digestOf, hashOf, type Seal } from './audit-chain.ts'
import { type Read, readRecords, readSeals } from './audit-rows.ts'
import { changedTriggers } from './audit-triggers.ts'
import type { Database } from './client.ts'

/** So many seals are read at once, and the records of one. */
const sealsAtOnce = 20

type Reader = Pick<Database, 'read'>

/**
 * Looks at the whole record: that every seal follows from the one before it, every record is as it was
 * sealed, and the commits of the GitOps repositories name seals that are there. Writes nothing.
 */
export async function checkAudit(
  database: Reader,
  anchors: readonly Anchor[] = [],
): Promise<AuditLook> {
  const book = new AnchorBook(anchors)
  const walked = await walk(database, (seal) => book.pass({ seq: seal.last, hash: seal.hash }))
  const { last, seals } = walked
  const head = last ? { seq: last.last, hash: last.hash } : null
  const rest = await countAfter(database, head?.seq ?? 0)
  // Of what does not fit to itself, it says nothing that commits do not fit to it, either.
  const found = walked.finding ?? rest.finding ?? book.finding(head)
  const triggers = await changedTriggers(database)
  return {
    ...{ records: rest.records, seals, anchors: anchors.length, head },
    // Behind what does not fit, nobody knows what is sealed.
    unsealed: walked.finding ? 0 : rest.unsealed,
    findings: [...(found ? [found] : []), ...triggers],
  }
}

type Walked = {
  readonly seals: number
  readonly last: Seal | undefined
  readonly finding: AuditFinding | undefined
}

/** Goes along the chain up to the first thing that does not fit. */
async function walk(database: Reader, passed: (seal: Seal) => void): Promise<Walked> {
  let last: Seal | undefined
  let seals = 0
  for (;;) {
    const next = await readSeals(database, { after: last?.number, limit: sealsAtOnce })
    for (const seal of next) {
      const finding = badSeal(seal, last) ?? (await badRecord(database, seal))
      if (finding) return { seals, last, finding }
      passed(seal)
      last = seal
      seals++
    }
    if (next.length < sealsAtOnce) return { seals, last, finding: undefined }
  }
}

/** What of a seal does not fit to itself, or to the one before. */
function badSeal(seal: Seal, before: Seal | undefined): AuditFinding | undefined {
  const number = (before?.number ?? 0) + 1
  const at = (name: number, message: string): AuditFinding => ({
    ...{ what: 'seal', name: String(name), message },
  })
  if (seal.number !== number)
    return at(
      number,
      `Seal ${number} is missing: the next one that is there is seal ${seal.number}. Somebody took seals away; without seal ${number}, nothing behind it can be trusted.`,
    )
  const hash = hashOf(seal)
  if (hash !== seal.hash)
    return at(
      number,
      `Seal ${number} was changed: it names the hash ${seal.hash}, and what stands in it has ${hash}.`,
    )
  const previous = before?.hash ?? beginning
  if (seal.previous !== previous)
    return before
      ? at(
          before.number,
          `Seal ${before.number} was made anew: it has the hash ${previous}, and seal ${number} was made after ${seal.previous}. Records up to ${before.last} may have been changed with it.`,
        )
      : at(number, `Seal 1 is not the first that was made: it was made after ${seal.previous}.`)
  const first = (before?.last ?? 0) + 1
  if (seal.first !== first)
    return at(number, `Seal ${number} begins with record ${seal.first}, and not with ${first}.`)
  const count = seal.last - seal.first + 1
  const sealed = seal.digests.length / digestChars
  return sealed === count
    ? undefined
    : at(
        number,
        `Seal ${number} is of the records ${seal.first} to ${seal.last}, and only ${sealed} of those ${count} were there when it was made: records were taken away before they were sealed.`,
      )
}

/** The first record of a seal that is not as it was sealed. */
async function badRecord(database: Reader, seal: Seal): Promise<AuditFinding | undefined> {
  const records = await readRecords(database, seal)
  for (let seq = seal.first; seq <= seal.last; seq++) {
    const read = records.get(seq)
    const from = (seq - seal.first) * digestChars
    const sealed = seal.digests.slice(from, from + digestChars)
    const digest = read?.record && digestOf(read.record)
    if (digest !== sealed) return recordFinding(seq, { read, sealed, digest, seal })
  }
  return undefined
}

type Compared = {
  readonly read: Read | undefined
  readonly sealed: string
  readonly digest: string | undefined
  readonly seal: Seal
}

function recordFinding(seq: number, { read, sealed, digest, seal }: Compared): AuditFinding {
  const since = `since ${new Date(seal.atMs).toISOString()}, when seal ${seal.number} was made`
  const holds = `the seal holds the digest ${sealed}`
  const of = (message: string): AuditFinding => ({ what: 'record', name: String(seq), message })
  if (!read) return of(`Record ${seq} was taken away ${since}: ${holds}.`)
  return read.record
    ? of(
        `Record ${seq} was changed ${since}. It says now: ${JSON.stringify(read.record)}. That has the digest ${digest}, and ${holds}.`,
      )
    : of(`Record ${seq} was changed ${since}. It is no text any more: ${read.hex}; ${holds}.`)
}

/** What is not sealed yet, and what lies where no record can. */
async function countAfter(database: Reader, last: number) {
  const [row] = await database.read(
    `select count(*) as records, count(*) filter (where seq > ?1) as unsealed,
       cast(coalesce(min(seq), 1) as text) as first,
       cast(min(seq) filter (where seq > ?1) as text) as next from audit`,
    [last],
  )
  const [records, unsealed] = [Number(row?.records), Number(row?.unsealed)]
  const [first, next] = [Number(row?.first), Number(row?.next ?? last + 1)]
  const stray = (name: number, message: string): AuditFinding => ({
    ...{ what: 'record', name: String(name), message },
  })
  const finding =
    first < 1
      ? stray(first, `Record ${first} lies before the first one: it was not recorded by a server.`)
      : next > last + 1
        ? stray(
            last + 1,
            `Record ${last + 1} is missing: the next one that is there is ${next}. Somebody took away what was not sealed yet.`,
          )
        : undefined
  return { records, unsealed, finding }
}
