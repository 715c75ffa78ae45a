import { createClient, type Row } from '@libsql/client'
import type { Decision } from '../../src/domain/decision.ts'
import { git } from './read-git.ts'
import { type AtRest, readAtRest, type SeenAtRest } from './rest-evidence.ts'

/** What is known of a server from outside, after it came to rest. */
export type Evidence = {
  /** What was answered with a 2xx: ids of requests and of artifacts. */
  readonly accepted: readonly string[]
  /** The libSQL file. */
  readonly database: string
  /** The GitOps repository. */
  readonly remote: string
  readonly branch?: string
  /** The address of who commits what the server makes, where that is not the server. */
  readonly committer?: string
  /** Commits that stood on the branch at some time, such as those of other people. */
  readonly seen?: readonly string[]
} & SeenAtRest

/** A commit of the branch's first-parent line. */
export type Commit = {
  readonly ref: string
  readonly parents: readonly string[]
  readonly isOurs: boolean
  readonly releaseId: string
  readonly decisionId: string
  readonly policyVersion: string
  /** What it says of the record of changes: a number and a hash; `''` when it says nothing. */
  readonly auditHead: string
  readonly unix: number
  readonly paths: readonly string[]
  /** The `env/app` that its paths lie in, when it is one. */
  readonly folder: string | undefined
  /** The folder's `release.json` as the commit left it. */
  readonly release: ReleaseFile | undefined
}

export type ReleaseFile = {
  readonly id: string
  readonly artifactId: string
  readonly decisionId: string
  readonly rollbackTo?: string
}

export type EventRow = {
  readonly seq: number
  readonly id: string
  readonly parentId: string | null
  readonly kind: string
  readonly status: string
  readonly statusDesc: string
  /** `env/app`; `null` when it has no target. */
  readonly folder: string | null
  readonly attempts: number
  readonly createdMs: number
}

export type IntentRow = {
  readonly ref: string
  readonly eventId: string
  readonly tip: string
  readonly decisionId: string
  readonly state: string
}

export type ReleaseRow = {
  readonly seq: number
  readonly id: string
  readonly folder: string
  readonly artifactId: string
  readonly ref: string
  readonly decisionId: string
  readonly isRolledBack: boolean
  readonly rollbackTo: string | null
}

/** Both sides of the story: what the database says, and what git holds. */
export type History = {
  /** Ids of events; those of artifacts are their arrivals', or themselves when nobody kept them. */
  readonly accepted: readonly string[]
  readonly seen: readonly string[]
  /** Oldest first. */
  readonly commits: readonly Commit[]
  /** Every commit that the branch holds, those beside the first-parent line with it. */
  readonly held: ReadonlySet<string>
  /** What `release.json` says at the tip, by folder. */
  readonly standing: ReadonlyMap<string, ReleaseFile>
  readonly events: readonly EventRow[]
  readonly decisions: ReadonlyMap<string, Decision>
  readonly intents: readonly IntentRow[]
  /** In the order of the index. */
  readonly releases: readonly ReleaseRow[]
  /** The release that runs, by folder. */
  readonly running: ReadonlyMap<string, ReleaseRow>
} & AtRest

/** Reads everything that the invariants are about. */
export async function readHistory(evidence: Evidence): Promise<History> {
  const [kept, pushed] = await Promise.all([readDatabase(evidence), readBranch(evidence)])
  const accepted = evidence.accepted.map((id) => kept.arrivals.get(id) ?? id)
  const rest = await readAtRest(evidence, pushed.commits)
  return { ...kept, ...pushed, ...rest, accepted, seen: evidence.seen ?? [] }
}

/** What the database says. */
export async function readDatabase({ database }: Pick<Evidence, 'database'>) {
  const client = createClient({ url: `file:${database}`, intMode: 'number' })
  const all = async <T>(sql: string, read: (row: Row) => T) =>
    (await client.execute(sql)).rows.map(read)
  try {
    const releases = await all('select * from releases order by seq', releaseRow)
    const bySeq = new Map(releases.map((release) => [release.seq, release]))
    const running = await all('select * from running', (row) => {
      const release = bySeq.get(Number(row.release_seq))
      return release ? ([[`${row.env}/${row.app}`, release]] as const) : []
    })
    const decisions = await all('select body from decisions', (row) => {
      const decision = JSON.parse(String(row.body)) as Decision
      return [decision.id, decision] as const
    })
    const arrivals = await all(
      'select id, event_id from artifacts',
      (row) => [String(row.id), String(row.event_id)] as const,
    )
    return {
      arrivals: new Map(arrivals),
      events: await all('select * from events order by seq', eventRow),
      decisions: new Map(decisions),
      intents: await all('select * from commits', intentRow),
      releases,
      running: new Map(running.flat()),
    }
  } finally {
    client.close()
  }
}

const eventRow = (row: Row): EventRow => ({
  seq: Number(row.seq),
  id: String(row.id),
  parentId: row.parent_id === null ? null : String(row.parent_id),
  kind: String(row.kind),
  status: String(row.status),
  statusDesc: String(row.status_desc),
  folder: row.env === null || row.app === null ? null : `${row.env}/${row.app}`,
  attempts: Number(row.attempts),
  createdMs: Number(row.created_ms),
})

const intentRow = (row: Row): IntentRow => ({
  ref: String(row.ref),
  eventId: String(row.event_id),
  tip: String(row.tip),
  decisionId: String(row.decision_id),
  state: String(row.state),
})

const releaseRow = (row: Row): ReleaseRow => ({
  seq: Number(row.seq),
  id: String(row.id),
  folder: `${row.env}/${row.app}`,
  artifactId: String(row.artifact_id),
  ref: String(row.gitops_ref),
  decisionId: String(row.decision_id),
  isRolledBack: row.rolled_back === 1,
  rollbackTo: row.rollback_to === null ? null : String(row.rollback_to),
})

/** The committer of every commit that the server makes. */
const ours = 'gimlet@localhost'
const trailer = (name: string) => `%(trailers:key=${name},valueonly,separator=%x20)`
const format = [
  ...['%x01%H', '%P', '%ce', '%ct'],
  ...['Release-Id', 'Decision-Id', 'Policy-Version', 'Audit-Head'].map(trailer),
].join('%x02')

async function readBranch({ remote, branch = 'main', committer = ours }: Evidence) {
  const range = ['--end-of-options', `refs/heads/${branch}`, '--']
  const files = ['--name-only', '--no-renames', '--diff-merges=first-parent', '--root']
  const log = ['log', '--first-parent', '--reverse', `--format=${format}`, ...files, ...range]
  const bare = (await git(remote, ['-c', 'core.quotePath=off', ...log]))
    .split('\x01')
    .slice(1)
    .map((text) => commitOf(text, committer))
  const own = bare.map(({ ref, folder }) => `${ref}:${folder ?? 'none'}/release.json`)
  const releases = await releaseFiles(remote, own)
  const tree = await git(remote, ['ls-tree', '-r', '-z', '--name-only', `refs/heads/${branch}`])
  const paths = tree.split('\0').filter((path) => /^[^/]+\/[^/]+\/release\.json$/.test(path))
  const atTip = await releaseFiles(
    remote,
    paths.map((path) => `refs/heads/${branch}:${path}`),
  )
  const held = await git(remote, ['rev-list', ...range])
  return {
    commits: bare.map((commit, at) => ({ ...commit, release: releases[at] })),
    held: new Set(held.split('\n').filter(Boolean)),
    standing: new Map(
      paths.flatMap((path, at) => {
        const release = atTip[at]
        return release ? [[path.slice(0, -'/release.json'.length), release] as const] : []
      }),
    ),
  }
}

function commitOf(text: string, committer: string): Omit<Commit, 'release'> {
  const [head = '', ...paths] = text.split('\n').filter(Boolean)
  const [ref = '', parents = '', email, unix, ...trailers] = head.split('\x02')
  const [releaseId = '', decisionId = '', policyVersion = '', auditHead = ''] = trailers
  const folders = new Set(paths.map((path) => path.split('/').slice(0, 2).join('/')))
  const [folder] = folders
  return {
    ...{ ref, releaseId, decisionId, policyVersion, auditHead, paths },
    unix: Number(unix),
    parents: parents.split(' ').filter(Boolean),
    isOurs: email === committer,
    folder: folders.size === 1 ? folder : undefined,
  }
}

/** The release files of these names, in their order; nothing for one that is not there or no JSON. */
async function releaseFiles(remote: string, names: readonly string[]) {
  if (names.length === 0) return []
  const printed = Buffer.from(
    await git(remote, ['cat-file', '--batch'], `${names.join('\n')}\n`),
    'utf8',
  )
  let at = 0
  return names.map((): ReleaseFile | undefined => {
    const end = printed.indexOf('\n', at)
    const [, type, size] = printed.toString('utf8', at, end).split(' ')
    at = end + 1
    if (type !== 'blob') return undefined
    const text = printed.toString('utf8', at, at + Number(size))
    at += Number(size) + 1
    try {
      return JSON.parse(text) as ReleaseFile
    } catch {
      return undefined
    }
  })
}
