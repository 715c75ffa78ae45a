import type { Decision } from '../domain/decision.ts'
import type { NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Health, Landing, Release } from '../domain/release.ts'
import type { Database, InStatement, ResultSet, Value } from './client.ts'
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
    const given = [
      { sql: 'c.env = ?', value: where.env },
      { sql: 'c.app = ?', value: where.app },
    ].flatMap(({ sql, value }) => (value === undefined ? [] : [{ sql, value }]))
    const [row] = await this.#database.read(
      runningQuery(given.map(({ sql }) => sql)),
      given.map(({ value }) => value),
    )
    return (JSON.parse(`[${row?.text ?? ''}]`) as RunningRow[]).map(runningOf)
  }

  /** What ran at a moment, by environment and app; both may be left open. */
  async ranAt(where: {
    env?: string | undefined
    app?: string | undefined
    atUnix: number
  }): Promise<Release[]> {
    const rows = await this.#database.read(ranAtQuery(where), [
      where.env ?? null,
      where.app ?? null,
      where.atUnix,
    ])
    return rows.map(releaseOf)
  }

  /** Newest first. */
  async history(filter: HistoryFilter): Promise<Release[]> {
    const { sql, args } = historyQuery(filter)
    return (await this.#database.read(sql, args)).map(releaseOf)
  }

  /** Releases of an app to an environment whose GitOps commit begins with `ref`, newest first. */
  async withRef(target: { env: string; app: string; ref: string }): Promise<Release[]> {
    const rows = await this.#database.read(
      `select * from releases where env = ? and app = ? and substr(gitops_ref, 1, ?) = ?
       order by seq desc`,
      [target.env, target.app, target.ref.length, target.ref],
    )
    return rows.map(releaseOf)
  }

  async ofEvents(eventIds: readonly string[]): Promise<Release[]> {
    const rows = await this.#database.read(
      'select * from releases where id in (select value from json_each(?)) order by seq',
      [JSON.stringify(eventIds)],
    )
    return rows.map(releaseOf)
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
}

type RunningRow = readonly [
  ...columns: readonly [id: string, app: string, env: string, artifactId: string, by: string],
  ...commit: readonly [ref: string, repo: string, created: number, rolledBack: 0 | 1],
  ...decided: readonly [rollbackTo: string | null, decisionId: string, policyVersion: string],
  ...said: readonly [version: Release['version'], health: Health | null],
]

// By its index: to take a row apart costs more than all that SQLite does for it.
const runningOf = (row: RunningRow): Release => ({
  id: row[0],
  app: row[1],
  env: row[2],
  artifactId: row[3],
  triggeredBy: row[4],
  version: row[12],
  gitopsRef: row[5],
  gitopsRepo: row[6],
  created: row[7],
  status: 'pushed',
  rolledBack: row[8] === 1,
  ...(row[9] === null ? null : { rollbackTo: row[9] }),
  decisionId: row[10],
  policyVersion: row[11],
  ...(row[13] === null ? null : { health: row[13] }),
})

/** Everything that runs as one text: thousands of rows would each cost more than what stands in them. */
const runningQuery = (conditions: readonly string[]): string => `
  select group_concat(row) as text from (
    select printf('%s,%s,%s]', rtrim(json_array(r.id, r.app, r.env, r.artifact_id, r.triggered_by,
      r.gitops_ref, r.gitops_repo, r.created, r.rolled_back, r.rollback_to, r.decision_id,
      r.policy_version), ']'), r.version, coalesce(r.health, 'null')) as row
    from running c join releases r on r.seq = c.release_seq
    where ${['true', ...conditions].join(' and ')} order by c.env, c.app)`

/** Jumps from app to app, and takes of each the last release up to then, unless it was taken away. */
function ranAtQuery({ env, app }: { env?: string | undefined; app?: string | undefined }): string {
  const inEnv = env === undefined ? 'true' : 'env = ?1'
  const ofApp = app === undefined ? 'true' : 'app = ?2'
  const nextApp = app === undefined ? 'm.env = p.env and m.app > p.app' : 'false'
  const nextEnv = env === undefined ? `m.env > p.env and ${ofApp}` : 'false'
  return `
    with recursive places (env, app) as (
      select env, app from (select env, app from releases m where ${inEnv} and ${ofApp}
        order by m.env, m.app limit 1)
      union all
      select n.env, n.app from places p, releases n where n.seq = coalesce(
        (select seq from releases m where ${nextApp} order by m.app limit 1),
        (select seq from releases m where ${nextEnv} order by m.env, m.app limit 1))),
    last as (
      select (select r.seq from releases r where r.env = p.env and r.app = p.app
        and r.created <= ?3 order by r.created desc, r.seq desc limit 1) as seq from places p)
    select r.* from last join releases r on r.seq = last.seq
    where not exists (select 1 from removals d where d.env = r.env and d.app = r.app
      and d.after_seq >= r.seq and d.created <= ?3)
    order by r.env, r.app`
}

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

function releaseOf(row: ResultSet['rows'][number]): Release {
  const text = (name: string) => String(row[name])
  return {
    id: text('id'),
    app: text('app'),
    env: text('env'),
    artifactId: text('artifact_id'),
    triggeredBy: text('triggered_by'),
    version: JSON.parse(text('version')) as Release['version'],
    gitopsRef: text('gitops_ref'),
    gitopsRepo: text('gitops_repo'),
    created: Number(row.created),
    status: 'pushed',
    rolledBack: row.rolled_back === 1,
    ...(row.rollback_to === null ? {} : { rollbackTo: text('rollback_to') }),
    decisionId: text('decision_id'),
    policyVersion: text('policy_version'),
    ...(row.health === null ? {} : { health: JSON.parse(text('health')) as Health }),
  }
}
