import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Anchor, AuditFinding } from '../../src/domain/audit.ts'
import { anchorLine } from '../../src/release/commit-message.ts'
import { checkAudit } from '../../src/store/audit-check.ts'
import { type Database, openDatabase } from '../../src/store/client.ts'
import { programsOf } from '../support/processes.ts'
import { git } from './read-git.ts'

/** How long a program may take to end after its server. */
const endMsMax = 2_000

/** What may be known beside the database and the repository; what is not is not looked at. */
export type SeenAtRest = {
  /** The folder of the server's data, whose programs have ended. */
  readonly dataDir?: string
  /** What must be nowhere, by what it is. */
  readonly secrets?: Readonly<Record<string, string>>
  /** What the servers logged. */
  readonly lines?: readonly string[]
  /** What Slack or GitHub holds of the app's own messages. */
  readonly told?: readonly Told[]
}

/** A message as its surface knows it. */
export type Told = { readonly surface: string; readonly ts: string; readonly text: string }

export type MessageRow = {
  readonly key: string
  readonly surface: string
  readonly ts: string | null
  readonly isOpen: boolean
  readonly attempts: number
  readonly problem: string
}

export type AuditRow = {
  readonly actor: string
  readonly action: string
  readonly subject: string
}

/** What the invariants I7 to I10 are about. */
export type AtRest = {
  readonly messages: readonly MessageRow[]
  /** Calls from outside that were taken and are not carried out. */
  readonly openDeliveries: readonly string[]
  readonly programs: readonly string[]
  /** Where a secret stands, in words. */
  readonly leaks: readonly string[]
  /** Nothing where nobody looked at the surfaces. */
  readonly told: readonly Told[] | undefined
  readonly audit: {
    readonly records: readonly AuditRow[]
    readonly findings: readonly AuditFinding[]
    /** Unix milliseconds from which on everything is recorded. */
    readonly sinceMs: number
  }
}

/** What a commit says of the record of changes. */
type Anchoring = {
  readonly ref: string
  readonly isOurs: boolean
  readonly auditHead: string
  readonly unix: number
}

type Evidence = SeenAtRest & { readonly database: string; readonly remote: string }

/** Reads what has to be so once a server rests. */
export async function readAtRest(
  evidence: Evidence,
  commits: readonly Anchoring[],
): Promise<AtRest> {
  const database = await openDatabase(`file:${evidence.database}`)
  try {
    const anchors = commits.flatMap((commit) => anchorOf(commit) ?? [])
    const { findings } = await checkAudit(database, anchors)
    const [begun] = await database.read('select applied from migrations where number = 20')
    const messages = await database.read('select * from messages order by seq')
    const open = await database.read('select key from deliveries where is_done = 0')
    const records = await database.read('select actor, action, subject from audit order by seq')
    return {
      messages: messages.map(messageRow),
      openDeliveries: open.map(({ key }) => String(key)),
      programs: await programsLeft(evidence.dataDir),
      leaks: await leaksIn(database, evidence),
      told: evidence.told,
      audit: {
        records: records.map(({ actor, action, subject }) => ({
          ...{ actor: String(actor), action: String(action), subject: String(subject) },
        })),
        findings,
        // Of the second in which it began, it is not known what came before.
        sinceMs: (Number(begun?.applied) + 1) * 1_000,
      },
    }
  } finally {
    database.close()
  }
}

/** What goes on of a folder's programs: one that was at its last moment may end. */
async function programsLeft(dataDir: string | undefined): Promise<string[]> {
  const late = performance.now() + endMsMax
  for (;;) {
    const programs = dataDir === undefined ? [] : programsOf(dataDir)
    if (programs.length === 0 || performance.now() > late) return programs
    await pause(50)
  }
}

type Row = Awaited<ReturnType<Database['read']>>[number]

const messageRow = (row: Row): MessageRow => ({
  ...{ key: String(row.key), surface: String(row.surface) },
  ts: row.ts === null ? null : String(row.ts),
  isOpen: Number(row.changed) > Number(row.sent),
  attempts: Number(row.attempts),
  problem: String(row.problem ?? 'nobody tried'),
})

function anchorOf({ isOurs, auditHead, ref, unix }: Anchoring): Anchor | undefined {
  const [, seq, hash] = new RegExp(anchorLine).exec(`Audit-Head: ${auditHead}`) ?? []
  return isOurs && hash ? { seq: Number(seq), hash, commit: ref, unix } : undefined
}

async function leaksIn(database: Database, evidence: Evidence): Promise<string[]> {
  const { secrets = {}, lines = [], remote } = evidence
  const found: string[] = []
  const look = (where: string, text: string) => {
    for (const [name, secret] of Object.entries(secrets))
      if (text.includes(secret)) found.push(`${name} stands in ${where}`)
  }
  if (Object.keys(secrets).length === 0) return found
  const tables = await database.read(
    `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`,
  )
  for (const { name } of tables)
    for (const row of await database.read(`select * from "${name}"`))
      for (const [column, value] of Object.entries(row))
        look(`the database, in ${column} of ${name}`, String(value))
  for (const line of lines) look(`the log: ${line.slice(0, 200)}`, line)
  const objects = ['cat-file', '--batch-all-objects', '--unordered', '--batch']
  look('an object of the GitOps repository', await git(remote, objects))
  look('the configuration of the GitOps repository', readFileSync(`${remote}/config`, 'utf8'))
  return found
}
