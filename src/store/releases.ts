import type { NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Health, Intent, Landing, Release } from '../domain/release.ts'
import type { Database, InStatement, ResultSet, Value } from './client.ts'
import { controlsChanged, insertLock } from './controls.ts'
import { closeStatements, insertEvent } from './events.ts'

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

/** The index of what the GitOps repository holds; the repository is the truth. */
export class ReleaseStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Keeps which commits are about to be pushed, with their decisions: the trace that a crash leaves.
   * Answers false, and keeps none of the commits, when a lock, a block or an approval has changed since
   * any of them was decided, or any event is over: row F30, one cut.
   */
  async intend(intents: readonly Intent[]): Promise<boolean> {
    const rows = intents.map(({ event, ref, decision, controlVersion }) => [
      ...[event.seq, event.id, ref, decision.tip, decision.id, controlVersion],
      JSON.stringify(decision),
    ])
    const json = JSON.stringify(rows)
    const [intended] = await this.#database.write([
      {
        sql: `insert into commits (ref, event_id, tip, decision_id, state)
              select j.value ->> 2, j.value ->> 1, j.value ->> 3, j.value ->> 4, 'intended'
              from json_each(?1) j
              where not exists (
                select 1 from json_each(?1) k, control_version v
                where k.value ->> 5 <> v.version or not exists (
                  select 1 from events where seq = k.value ->> 0 and status in ('new', 'held')))`,
        args: [json],
      },
      {
        sql: `insert into decisions (id, event_id, body)
              select j.value ->> 4, j.value ->> 1, j.value ->> 6 from json_each(?) j`,
        args: [json],
      },
      {
        sql: `update events set decision_id = j.value ->> 4
              from json_each(?) j where seq = j.value ->> 0`,
        args: [json],
      },
    ])
    return intended?.rowsAffected === intents.length
  }

  /** Marks a push as landed: releases, status and events in one transaction. */
  async land(landings: readonly Landing[]): Promise<void> {
    await this.#database.write([
      ...landings.flatMap(landStatements),
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
    const rows = await this.#database.read(
      `select r.* from running c join releases r on r.seq = c.release_seq
       where (?1 is null or c.env = ?1) and (?2 is null or c.app = ?2) order by c.env, c.app`,
      [where.env ?? null, where.app ?? null],
    )
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

const landStatements = (landing: Landing): InStatement[] => [
  { sql: `update commits set state = 'landed' where ref = ?`, args: [landing.ref] },
  ...(landing.release
    ? releaseStatements(landing.release, landing.repository)
    : forget(landing.event)),
  ...closeStatements(landing.event, { status: 'processed', statusDesc: landing.statusDesc }),
  ...(landing.lock ? [insertLock(landing.lock)] : []),
  ...(landing.follow ? [insertEvent(landing.follow)] : []),
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
