import type { Decision } from '../domain/decision.ts'
import type { NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Health, Landing, Release } from '../domain/release.ts'
import type { Database, InStatement, Value } from './client.ts'
import { controlsChanged, insertLock } from './controls.ts'
import { closeStatements, insertDecision, insertEvent } from './events.ts'

export type HistoryFilter = {
  readonly env: string
  readonly app?: string | undefined
  readonly sinceUnix?: number | undefined
  readonly untilUnix?: number | undefined
  readonly gitopsRepo?: string | undefined
  /** Text that stands anywhere in the version, the artifact id or who triggered it. */
  readonly filter?: string | undefined
  readonly limit: number
}

type Intent = {
  readonly ref: Sha
  readonly decision: Decision
  /** The version of the controls that it was decided on. */
  readonly controlVersion: number
}

/** The index of what the GitOps repository holds; the repository is the truth. */
export class ReleaseStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Keeps which commit is about to be pushed, with its decision: the trace that a crash leaves. Answers
   * false when a lock, a block or an approval has changed since it was decided: row F30, one cut.
   */
  async intend(event: ReleaseEvent, intent: Intent): Promise<boolean> {
    const { ref, decision, controlVersion } = intent
    const [intended] = await this.#database.write([
      {
        sql: `insert into commits (ref, event_id, tip, decision_id, state)
              select ?, ?, ?, ?, 'intended' from control_version
              where version = ? and exists (
                select 1 from events where seq = ? and status in ('new', 'held'))`,
        args: [ref, event.id, decision.tip, decision.id, controlVersion, event.seq],
      },
      insertDecision(decision),
      { sql: 'update events set decision_id = ? where seq = ?', args: [decision.id, event.seq] },
    ])
    return intended?.rowsAffected === 1
  }

  /** Marks a push as landed: release, status and event in one transaction. */
  async land(landing: Landing): Promise<void> {
    const { event, ref, release } = landing
    await this.#database.write([
      { sql: `update commits set state = 'landed' where ref = ?`, args: [ref] },
      ...(release ? releaseStatements(release, landing.repository) : forget(event)),
      ...closeStatements(event, { status: 'processed', statusDesc: landing.statusDesc }),
      ...(landing.lock ? [insertLock(landing.lock)] : []),
      ...(landing.follow ? [insertEvent(landing.follow)] : []),
      // Every hold may wait for just this: another release is a fact that changed.
      ...controlsChanged,
    ])
  }

  /** Keeps what the cluster says of releases, with the events that ask the triggers about it. */
  async reportHealth(
    reports: readonly { readonly id: string; readonly health: Health }[],
    events: readonly NewEvent[],
  ): Promise<void> {
    await this.#database.write([
      ...reports.map(({ id, health }) => ({
        sql: 'update releases set health = ? where id = ?',
        args: [JSON.stringify(health), id],
      })),
      ...events.map(insertEvent),
      ...controlsChanged,
    ])
  }

  /** What runs where, by environment and app; both may be left open. */
  async running(where: { env?: string | undefined; app?: string | undefined }): Promise<Release[]> {
    // Each of the four questions has its own text: a condition that may be off reads the whole table.
    const named = Object.entries({ env: where.env, app: where.app }).flatMap(([name, value]) =>
      value === undefined ? [] : [{ sql: `c.${name} = ?`, value }],
    )
    const conditions = ['true', ...named.map(({ sql }) => sql)].join(' and ')
    return this.#read(
      `select r.* from running c join releases r on r.seq = c.release_seq
       where ${conditions} order by c.env, c.app`,
      named.map(({ value }) => value),
    )
  }

  /** Newest first. */
  async history(filter: HistoryFilter): Promise<Release[]> {
    const { sql, args } = historyQuery(filter)
    return this.#read(sql, args)
  }

  /** Releases of an app to an environment whose GitOps commit begins with `ref`, newest first. */
  async withRef(target: { env: string; app: string; ref: string }): Promise<Release[]> {
    return this.#read(
      `select * from releases where env = ? and app = ? and substr(gitops_ref, 1, ?) = ?
       order by seq desc`,
      [target.env, target.app, target.ref.length, target.ref],
    )
  }

  async ofEvents(eventIds: readonly string[]): Promise<Release[]> {
    return this.#read(
      'select * from releases where id in (select value from json_each(?)) order by seq',
      [JSON.stringify(eventIds)],
    )
  }

  /** Which repository each app is bound to by its first release. */
  async bindings(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.read('select app, repository from bindings')
    return new Map(rows.map((row) => [String(row.app), String(row.repository)]))
  }

  /** How many apps run in each environment, for the metrics. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.read('select env, count(*) as n from running group by env')
    return new Map(rows.map((row) => [String(row.env), Number(row.n)]))
  }

  /**
   * The releases of a query for their rows, in its order. They come as one text: the driver spends more
   * on the values of a row than the database on finding it, and an environment can have 5,000.
   */
  async #read(query: string, args: readonly Value[]): Promise<Release[]> {
    const [row] = await this.#database.read(
      `select json_group_array(${packed}) as packed from (${query})`,
      args,
    )
    return (JSON.parse(String(row?.packed)) as Packed[]).map(releaseOf)
  }
}

/** What is read of each release, in the order of `Packed`. */
const packed = `json_array(id, app, env, artifact_id, triggered_by, json(version), gitops_ref,
  gitops_repo, created, rolled_back, decision_id, policy_version, rollback_to, json(health))`

type Packed = readonly [
  id: string,
  app: string,
  env: string,
  artifactId: string,
  triggeredBy: string,
  version: Release['version'],
  gitopsRef: Sha,
  gitopsRepo: string,
  created: number,
  rolledBack: 0 | 1,
  decisionId: string,
  policyVersion: string,
  rollbackTo: Sha | null,
  health: Health | null,
]

function releaseStatements(release: Release, repository: string | undefined): InStatement[] {
  const { id, env, app, rollbackTo } = release
  return [
    {
      sql: `insert into releases (id, env, app, artifact_id, triggered_by, version, gitops_ref,
              gitops_repo, created, rollback_to, decision_id, policy_version)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      args: [
        ...[id, env, app, release.artifactId, release.triggeredBy],
        ...[JSON.stringify(release.version), release.gitopsRef, release.gitopsRepo],
        ...[release.created, rollbackTo ?? null, release.decisionId, release.policyVersion],
      ],
    },
    {
      sql: `insert into running (env, app, release_seq)
            select env, app, seq from releases where id = ?
            on conflict (env, app) do update set release_seq = excluded.release_seq`,
      args: [id],
    },
    ...(rollbackTo ? [markRolledBack({ env, app, id, rollbackTo })] : []),
    ...(repository
      ? [{ sql: 'insert or ignore into bindings values (?, ?)', args: [app, repository] }]
      : []),
  ]
}

/** Everything that was released after the commit that was gone back to counts as rolled back. */
const markRolledBack = (to: {
  env: string
  app: string
  id: string
  rollbackTo: Sha
}): InStatement => ({
  sql: `update releases set rolled_back = 1
        where env = ?1 and app = ?2 and id <> ?3 and seq > (
          select max(seq) from releases where env = ?1 and app = ?2 and gitops_ref = ?4)`,
  args: [to.env, to.app, to.id, to.rollbackTo],
})

const forget = (event: ReleaseEvent): InStatement[] => [
  { sql: 'delete from running where env = ? and app = ?', args: [event.env, event.app] },
]

function historyQuery(filter: HistoryFilter): { sql: string; args: Value[] } {
  const parts = ['env = ?']
  const args: Value[] = [filter.env]
  const add = (sql: string, value: Value | undefined) => {
    if (value === undefined) return
    parts.push(sql)
    args.push(value)
  }
  add('app = ?', filter.app)
  add('created >= ?', filter.sinceUnix)
  add('created <= ?', filter.untilUnix)
  add('gitops_repo = ?', filter.gitopsRepo)
  add(
    `instr(lower(version || ' ' || artifact_id || ' ' || triggered_by), ?) > 0`,
    filter.filter?.toLowerCase(),
  )
  const where = parts.join(' and ')
  return {
    sql: `select * from releases where ${where} order by seq desc limit ?`,
    args: [...args, filter.limit],
  }
}

function releaseOf(read: Packed): Release {
  const [id, app, env, artifactId, triggeredBy, version, gitopsRef, gitopsRepo, created, ...more] =
    read
  const [rolledBack, decisionId, policyVersion, rollbackTo, health] = more
  const release: Release = {
    id,
    app,
    env,
    artifactId,
    triggeredBy,
    version,
    gitopsRef,
    gitopsRepo,
    created,
    status: 'pushed',
    rolledBack: rolledBack === 1,
    decisionId,
    policyVersion,
  }
  // Few have more, and a copy of 5,000 takes longer than to find them.
  if (rollbackTo === null && health === null) return release
  return {
    ...release,
    ...(rollbackTo === null ? {} : { rollbackTo }),
    ...(health === null ? {} : { health }),
  }
}
