import { createHash } from 'node:crypto'
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

type Row = {
  readonly id: string
  readonly eventId: string
  readonly digest: string
  readonly artifact: Artifact
  readonly actor: string
  readonly nowMs: number
}

type Waiting = {
  readonly row: Row
  readonly done: (inserted: boolean) => void
  readonly failed: (error: unknown) => void
}

/** The artifacts. What arrives within one turn of the event loop is written by one statement. */
export class ArtifactStore {
  readonly #database: Database
  #arrived: Waiting[] = []

  constructor(database: Database) {
    this.#database = database
  }

  /** Keeps an artifact and its event, durably, in one transaction; or says that it is known. */
  async accept(arrival: Arrival): Promise<AcceptResult> {
    const row = rowOf(arrival)
    const inserted = await new Promise<boolean>((done, failed) => {
      this.#arrived.push({ row, done, failed })
      if (this.#arrived.length === 1) setImmediate(() => void this.#flush())
    })
    if (inserted) return { kind: 'stored', artifact: row.artifact }
    const [known] = await this.#database.read('select digest, body from artifacts where id = ?', [
      row.id,
    ])
    const artifact = JSON.parse(String(known?.body)) as Artifact
    return { kind: known?.digest === row.digest ? 'same' : 'different', artifact }
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

  /** Newest first. */
  async list(filter: ArtifactFilter): Promise<Artifact[]> {
    const { where, args } = conditions(filter)
    const rows = await this.#database.read(
      `select body from artifacts ${where} order by seq desc limit ? offset ?`,
      [...args, filter.limit, filter.offset],
    )
    return rows.map((row) => JSON.parse(String(row.body)) as Artifact)
  }

  async #flush(): Promise<void> {
    const group = this.#arrived
    this.#arrived = []
    try {
      const rows = group.map(({ row }) => row)
      const inserted = await insert(this.#database, rows)
      for (const { row, done } of group) done(inserted.has(row.eventId))
    } catch (error) {
      for (const { failed } of group) failed(error)
    }
  }
}

function rowOf({ artifact: posted, eventId, actor, nowMs }: Arrival): Row {
  const digest = createHash('sha256').update(canonicalJson(posted)).digest('hex')
  const created = Math.floor(nowMs / 1000)
  // Without an id from CI the content names the artifact, so that a repeated post finds it again.
  const id = posted.id ?? `${posted.version.repositoryName}-${digest.slice(0, 40)}`
  const version = { ...posted.version, created: posted.version.created ?? created }
  return { id, eventId, digest, artifact: { ...posted, id, created, version }, actor, nowMs }
}

/** Answers the event ids of the rows that were new: all of them, but for repeats. */
async function insert(database: Database, rows: readonly Row[]): Promise<ReadonlySet<string>> {
  const at = (index: number) => `j.value ->> ${index}`
  const isNew = `join artifacts a on a.id = ${at(0)} and a.event_id = ${at(1)}`
  const events = rows.map(({ id, eventId, actor, nowMs }) => [id, eventId, actor, nowMs])
  const [inserted] = await database.write([
    {
      sql: `insert into artifacts
              (id, event_id, digest, repository, branch, source_branch, event, sha, created, body)
            select ${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(at).join(', ')}
            from json_each(?) j where true order by j.key on conflict (id) do nothing`,
      args: [JSON.stringify(rows.map(columnsOf))],
    },
    {
      sql: `insert into events (id, kind, artifact_id, actor, source, due_ms, created_ms)
            select ${at(1)}, 'artifact', a.id, ${at(2)}, 'api', ${at(3)}, ${at(3)}
            from json_each(?) j ${isNew} order by j.key`,
      args: [JSON.stringify(events)],
    },
    ...appStatements(rows, isNew),
  ])
  if (inserted?.rowsAffected === rows.length) return new Set(rows.map(({ eventId }) => eventId))
  const kept = await database.read(`select event_id from json_each(?) j ${isNew}`, [
    JSON.stringify(events),
  ])
  return new Set(kept.map((row) => String(row.event_id)))
}

function columnsOf({ id, eventId, digest, artifact }: Row) {
  const { repositoryName, branch, sourceBranch, event, sha } = artifact.version
  const version = [repositoryName, branch, sourceBranch, event, sha]
  return [id, eventId, digest, ...version, artifact.created, JSON.stringify(artifact)]
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
  if (shas?.length) add('sha in (select value from json_each(?))', JSON.stringify(shas))
  if (sinceUnix !== undefined) add('created >= ?', sinceUnix)
  if (untilUnix !== undefined) add('created <= ?', untilUnix)
  const fromArtifact = 'seq in (select artifact_seq from artifact_apps where app = ?)'
  if (app?.repository) add(`(${fromArtifact} or repository = ?)`, app.name, app.repository)
  else if (app)
    add(
      `(${fromArtifact} or repository = ? or repository like '%/' || ?)`,
      ...[app.name, app.name, app.name],
    )
  return { where: parts.length > 0 ? `where ${parts.join(' and ')}` : '', args }
}
