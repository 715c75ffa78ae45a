import type { NewEvent } from '../domain/event.ts'
import type { Intent, Landing, Release } from '../domain/release.ts'
import { writeAs } from './audit.ts'
import type { Database, Value } from './client.ts'
import { controlsChanged } from './controls.ts'
import { type HealthChange, healthStatements } from './health-statements.ts'
import { landStatements } from './land-statements.ts'
import { readReleases } from './read-releases.ts'

export type HistoryFilter = {
  readonly env: string
  readonly app?: string | undefined
  readonly sinceUnix?: number | undefined
  readonly untilUnix?: number | undefined
  /** Of the source code. */
  readonly repository?: string | undefined
  /** Text that stands anywhere in the version, the artifact id or who triggered it. */
  readonly filter?: string | undefined
  readonly limit: number
  readonly offset?: number | undefined
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
      ...landStatements(landings),
      // Every hold may wait for just this: another release is a fact that changed.
      ...controlsChanged,
    ])
  }

  /**
   * Keeps what the cluster says of releases, with the events that ask the triggers about it. Answers
   * false, and keeps none of it, when any of them has another health by now than it was concluded from.
   */
  async reportHealth(
    changes: readonly HealthChange[],
    events: readonly NewEvent[],
    by?: string,
  ): Promise<boolean> {
    const [, changed] = await writeAs(this.#database, by, healthStatements(changes, events))
    return changed?.rowsAffected === changes.length
  }

  /** How many apps that run are in which state, by environment, for the metrics. */
  async healthCounts(): Promise<readonly { env: string; state: string; count: number }[]> {
    const rows = await this.#database.read(
      `select c.env, coalesce(r.health ->> 'state', 'unknown') as state, count(*) as n
       from running c join releases r on r.seq = c.release_seq group by 1, 2`,
    )
    return rows.map(({ env, state, n }) => ({
      env: String(env),
      state: String(state),
      count: Number(n),
    }))
  }

  /** What runs where, by environment and app; both may be left open. */
  async running(where: { env?: string | undefined; app?: string | undefined }): Promise<Release[]> {
    // Each of the four questions has its own text: a condition that may be off reads the whole table.
    const named = Object.entries({ env: where.env, app: where.app }).flatMap(([name, value]) =>
      value === undefined ? [] : [{ sql: `c.${name} = ?`, value }],
    )
    const conditions = ['true', ...named.map(({ sql }) => sql)].join(' and ')
    return readReleases(
      this.#database,
      `select r.* from running c join releases r on r.seq = c.release_seq
       where ${conditions} order by c.env, c.app`,
      named.map(({ value }) => value),
    )
  }

  /** What runs of each of these apps, in every environment. */
  async runningOf(apps: readonly string[]): Promise<Release[][]> {
    const all = await readReleases(
      this.#database,
      `select r.* from running c join releases r on r.seq = c.release_seq
       where c.app in (select value from json_each(?)) order by c.env, c.app`,
      [JSON.stringify(apps)],
    )
    const byApp = new Map<string, Release[]>()
    for (const release of all) byApp.set(release.app, [...(byApp.get(release.app) ?? []), release])
    return apps.map((app) => byApp.get(app) ?? [])
  }

  /** What ran at a moment, by environment and app; both may be left open. */
  async ranAt(where: {
    env?: string | undefined
    app?: string | undefined
    atUnix: number
  }): Promise<Release[]> {
    const { env = null, app = null, atUnix } = where
    return readReleases(this.#database, ranAtQuery(where), [env, app, atUnix])
  }

  /** Newest first. */
  async history(filter: HistoryFilter): Promise<Release[]> {
    const { sql, args } = historyQuery(filter)
    return readReleases(this.#database, sql, args)
  }

  /** Releases of an app to an environment whose GitOps commit begins with `ref`, newest first. */
  async withRef(target: { env: string; app: string; ref: string }): Promise<Release[]> {
    return readReleases(
      this.#database,
      `select * from releases where env = ? and app = ? and substr(gitops_ref, 1, ?) = ?
       order by seq desc`,
      [target.env, target.app, target.ref.length, target.ref],
    )
  }

  async ofEvents(eventIds: readonly string[]): Promise<Release[]> {
    return readReleases(
      this.#database,
      'select * from releases where id in (select value from json_each(?)) order by seq',
      [JSON.stringify(eventIds)],
    )
  }

  /** Which repository each app is bound to by its first release; of some apps when they are named. */
  async bindings(apps?: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const [condition, args] =
      apps === undefined
        ? ['true', []]
        : ['app in (select value from json_each(?))', [JSON.stringify(apps)]]
    // As one text: the driver spends far more on thousands of rows than on what stands in them.
    const [row] = await this.#database.read(
      `select json_group_object(app, repository) as packed from bindings where ${condition}`,
      args,
    )
    return new Map(Object.entries(JSON.parse(String(row?.packed)) as Record<string, string>))
  }

  /** How many apps run in each environment, for the metrics. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.read('select env, count(*) as n from running group by env')
    return new Map(rows.map((row) => [String(row.env), Number(row.n)]))
  }
}

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
  add(`version ->> 'repositoryName' = ?`, filter.repository)
  add(
    `instr(lower(version || ' ' || artifact_id || ' ' || triggered_by), ?) > 0`,
    filter.filter?.toLowerCase(),
  )
  const where = parts.join(' and ')
  return {
    sql: `select * from releases where ${where} order by seq desc limit ? offset ?`,
    args: [...args, filter.limit, filter.offset ?? 0],
  }
}
