import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Artifact, NewArtifact } from '../domain/artifact.ts'
import { canonicalJson } from '../domain/json.ts'
import type { Database, InStatement, Value } from './client.ts'

/** `stored`: new. `same`: known with this content. `different`: the id is taken by other content. */
export type AcceptResult =
  | { readonly kind: 'stored' | 'same'; readonly artifact: Artifact }
  | { readonly kind: 'different'; readonly artifact: Artifact }

/** An artifact that arrived, with the event that its arrival asks for. */
export type Arrival = {
  readonly artifact: NewArtifact
  readonly eventId: string
  /** The actor of the event, as JSON. */
  readonly actor: string
  readonly nowMs: number
}

export type ArtifactFilter = {
  readonly repository?: string | undefined
  /** `repository`: the one that the app is bound to, or `null` to go by its name. */
  readonly app?: { readonly name: string; readonly repository: string | null } | undefined
  readonly branch?: string | undefined
  readonly sourceBranch?: string | undefined
  readonly event?: string | undefined
  readonly shas?: readonly string[] | undefined
  readonly sinceUnix?: number | undefined
  readonly untilUnix?: number | undefined
  readonly limit: number
  readonly offset: number
}

/** Requests of one burst are read over a few turns of the event loop. */
const gatherTurnsMax = 4
/** So many arrivals may be found by their commit without an index, each a few microseconds. */
const shasBehindMax = 4_096

type Row = {
  readonly id: string
  readonly eventId: string
  readonly artifact: Artifact
  readonly actor: string
  readonly nowMs: number
}

type Waiting = {
  readonly row: Row
  readonly done: (inserted: boolean) => void
  readonly failed: (error: unknown) => void
}

/** What a store of artifacts is told about where it stands. */
type Place = {
  /**
   * False in a stateless Worker: arrivals of several requests are not written together, and the index of
   * commits is left to the server that leads.
   */
  readonly isShared: boolean
}

/** The artifacts. What arrives together is written by one statement and one commit. */
export class ArtifactStore {
  readonly #database: Database
  readonly #isShared: boolean
  #arrived: Waiting[] = []
  /** How many are not in the index of commits; after a start that is not known. */
  #shasBehind = shasBehindMax

  constructor(database: Database, { isShared }: Place = { isShared: true }) {
    this.#database = database
    this.#isShared = isShared
  }

  /** Keeps an artifact and its event, durably, in one transaction; or says that it is known. */
  async accept(arrival: Arrival): Promise<AcceptResult> {
    const row = rowOf(arrival)
    const isInserted = this.#isShared ? await this.#together(row) : await this.#alone(row)
    if (isInserted) return { kind: 'stored', artifact: row.artifact }
    const known = await this.find(row.id)
    if (!known) throw new Error(`artifact ${row.id} was not stored and is not there`)
    return { kind: isSame(known, arrival.artifact) ? 'same' : 'different', artifact: known }
  }

  async find(id: string): Promise<Artifact | undefined> {
    const [row] = await this.#database.read('select body from artifacts where id = ?', [id])
    return row && (JSON.parse(String(row.body)) as Artifact)
  }

  /** The artifacts of these ids, as far as they are known. */
  async findAll(ids: readonly string[]): Promise<Artifact[]> {
    const rows = await this.#database.read(
      'select body from artifacts where id in (select value from json_each(?))',
      [JSON.stringify(ids)],
    )
    return rows.map((row) => JSON.parse(String(row.body)) as Artifact)
  }

  /** Those with these ids, in their order. */
  async inOrder(ids: readonly string[]): Promise<(Artifact | undefined)[]> {
    const found = new Map((await this.findAll(ids)).map((artifact) => [artifact.id, artifact]))
    return ids.map((id) => found.get(id))
  }

  /** Newest first. */
  async list(filter: ArtifactFilter): Promise<Artifact[]> {
    const { where, args } = conditions(filter)
    const rows = await this.#database.read(
      `select body from artifacts ${where} order by seq desc limit ? offset ?`,
      [...args, filter.limit, filter.offset],
    )
    return rows.map((row) => JSON.parse(String(row.body)) as Artifact)
  }

  /** The newest artifact of a commit of a repository. */
  async ofCommit({
    repository,
    sha,
  }: {
    repository: string
    sha: string
  }): Promise<Artifact | undefined> {
    const [found] = await this.list({ repository, shas: [sha], limit: 1, offset: 0 })
    return found
  }

  /** The newest artifact that was built of a branch: by `builtBranch`, in SQL. */
  async ofBranch({
    repository,
    branch,
  }: {
    repository: string
    branch: string
  }): Promise<Artifact | undefined> {
    const [row] = await this.#database.read(
      `select body from artifacts where repository = ? and (branch = ? or source_branch = ?)
         and coalesce(case when event = 'pr' and branch = body ->> '$.version.targetBranch'
           then nullif(source_branch, '') end, branch) = ?
       order by seq desc limit 1`,
      [repository, branch, branch, branch],
    )
    return row && (JSON.parse(String(row.body)) as Artifact)
  }

  async #alone(row: Row): Promise<boolean> {
    return (await insert(this.#database, [row])).has(row.eventId)
  }

  #together(row: Row): Promise<boolean> {
    return new Promise((done, failed) => {
      this.#arrived.push({ row, done, failed })
      if (this.#arrived.length === 1) void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    let known = 0
    for (let turn = 0; turn < gatherTurnsMax && known < this.#arrived.length; turn++) {
      known = this.#arrived.length
      await nextTurn()
    }
    const group = this.#arrived
    this.#arrived = []
    try {
      const rows = group.map(({ row }) => row)
      const inserted = await insert(this.#database, rows)
      for (const { row, done } of group) done(inserted.has(row.eventId))
      this.#shasBehind += inserted.size
      if (this.#shasBehind >= shasBehindMax) await this.indexCommits()
    } catch (error) {
      for (const { failed } of group) failed(error)
    }
  }

  /**
   * Takes what arrived since the last time into the index of commits. What a failure leaves out is found
   * without the index, and indexed the next time.
   */
  async indexCommits(): Promise<void> {
    this.#shasBehind = 0
    await this.#database.write(
      [
        `insert or ignore into artifact_shas select sha, seq from artifacts
         where seq > (select seq from artifact_shas_upto) order by sha`,
        'update artifact_shas_upto set seq = (select coalesce(max(seq), 0) from artifacts)',
      ],
      { isRepeatable: true },
    )
  }
}

function rowOf({ artifact: posted, eventId, actor, nowMs }: Arrival): Row {
  const created = Math.floor(nowMs / 1000)
  const version = { ...posted.version, created: posted.version.created ?? created }
  const id = posted.id ?? nameOf(posted)
  return { id, eventId, artifact: { ...posted, id, created, version }, actor, nowMs }
}

/** Without an id from CI the content names the artifact, so that a repeated post finds it again. */
function nameOf(posted: NewArtifact): string {
  const digest = createHash('sha256').update(canonicalJson(posted)).digest('hex')
  return `${posted.version.repositoryName}-${digest.slice(0, 40)}`
}

/** Whether a post says what is known, but for the times that the server adds. */
function isSame(known: Artifact, posted: NewArtifact): boolean {
  const { id, created } = known
  const version = { ...posted.version, created: posted.version.created ?? known.version.created }
  return canonicalJson({ ...posted, id, created, version }) === canonicalJson(known)
}

/** Numbers of ours are positive: those that came from a GimletD before us lie below zero. */
const nextSeq = '(select max(coalesce(max(seq), 0), 0) + 1 from artifacts)'

/** Answers the event ids of the rows that were new: all of them, but for repeats. */
async function insert(database: Database, rows: readonly Row[]): Promise<ReadonlySet<string>> {
  const at = (index: number) => `j.value ->> ${index}`
  const isNew = `join artifacts a on a.id = ${at(0)} and a.event_id = ${at(1)}`
  const events = rows.map(({ id, eventId, actor, nowMs }) => [id, eventId, actor, nowMs])
  const statements = [
    {
      sql: `insert into artifacts
              (seq, id, event_id, repository, branch, source_branch, event, sha, created, body)
            select ${nextSeq} + j.key, ${[0, 1, 2, 3, 4, 5, 6, 7, 8].map(at).join(', ')}
            from json_each(?) j where true order by j.key on conflict (id) do nothing`,
      args: [JSON.stringify(rows.map(columnsOf))],
    },
    {
      sql: `insert into events (id, kind, artifact_id, actor, source, due_ms, created_ms)
            select ${at(1)}, 'artifact', a.id, ${at(2)}, 'api', 0, ${at(3)}
            from json_each(?) j ${isNew} order by j.key on conflict (id) do nothing`,
      args: [JSON.stringify(events)],
    },
    ...appStatements(rows, isNew),
  ]
  // Whose a row is says its event id, however often it is written.
  const [inserted] = await database.write(statements, { isRepeatable: true })
  if (inserted?.rowsAffected === rows.length) return new Set(rows.map(({ eventId }) => eventId))
  const kept = await database.read(`select event_id from json_each(?) j ${isNew}`, [
    JSON.stringify(events),
  ])
  return new Set(kept.map((row) => String(row.event_id)))
}

function columnsOf({ id, eventId, artifact }: Row) {
  const { repositoryName, branch, sourceBranch, event, sha } = artifact.version
  const version = [repositoryName, branch, sourceBranch, event, sha]
  return [id, eventId, ...version, artifact.created, JSON.stringify(artifact)]
}

function appStatements(rows: readonly Row[], isNew: string): InStatement[] {
  const apps = rows.flatMap(({ id, eventId, artifact }) =>
    artifact.environments.map(({ app }) => [id, eventId, app]),
  )
  if (apps.length === 0) return []
  const sql = `insert or ignore into artifact_apps (app, artifact_seq)
               select j.value ->> 2, a.seq from json_each(?) j ${isNew}`
  return [{ sql, args: [JSON.stringify(apps)] }]
}

/** By the index of commits, and by a look at those that are not in it yet. */
const hasSha = `(seq in (select artifact_seq from artifact_shas where sha in
                   (select value from json_each(?)))
                 or seq > (select seq from artifact_shas_upto) and sha in
                   (select value from json_each(?)))`

function conditions(filter: ArtifactFilter): { where: string; args: Value[] } {
  const parts: string[] = []
  const args: Value[] = []
  const add = (sql: string, ...values: readonly Value[]) => {
    parts.push(sql)
    args.push(...values)
  }
  const { repository, app, branch, sourceBranch, event, shas, sinceUnix, untilUnix } = filter
  if (repository !== undefined) add('repository = ?', repository)
  if (branch !== undefined) add('branch = ?', branch)
  if (sourceBranch !== undefined) add('source_branch = ?', sourceBranch)
  if (event !== undefined) add('event = ?', event)
  if (shas?.length) add(hasSha, JSON.stringify(shas), JSON.stringify(shas))
  if (sinceUnix !== undefined) add('created >= ?', sinceUnix)
  if (untilUnix !== undefined) add('created <= ?', untilUnix)
  const fromArtifact = 'seq in (select artifact_seq from artifact_apps where app = ?)'
  if (app?.repository) add(`(${fromArtifact} or repository = ?)`, app.name, app.repository)
  else if (app)
    add(
      `(${fromArtifact} or repository = ? or substr(repository, -length(?) - 1) = '/' || ?)`,
      ...[app.name, app.name, app.name, app.name],
    )
  return { where: parts.length > 0 ? `where ${parts.join(' and ')}` : '', args }
}
