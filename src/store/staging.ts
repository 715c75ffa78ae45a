import type { Settled, Step } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Database, InStatement } from './client.ts'
import { controlsChanged } from './controls.ts'
import { inEnvironments } from './in-environments.ts'
import { environmentsText, type Indexed, insertForeign, releaseRow } from './release-index.ts'

/** What a making left behind that was ended is thrown away after so long, in seconds. */
const leftSeconds = 24 * 60 * 60

/** What the whole history came to. */
export type Whole = {
  readonly tip: Sha
  readonly repository: string
  readonly settled: readonly Settled[]
}

/**
 * The index while it is made anew, beside the one that is in use: at the end it takes its place in one
 * transaction, so that whoever is ended in between has changed nothing.
 */
export class Staging {
  readonly #database: Database
  readonly #of: Indexed
  readonly #run: string
  /** The newest release when it began: those that land meanwhile are kept. */
  readonly #upto: number
  #seq = 0

  private constructor(
    database: Database,
    of: Indexed,
    { run, upto }: { run: string; upto: number },
  ) {
    this.#database = database
    this.#of = of
    this.#run = run
    this.#upto = upto
  }

  /** Begins at a moment in Unix seconds; `name` tells this making from any other. */
  static async begin(
    database: Database,
    of: Indexed,
    { unix, name }: { unix: number; name: string },
  ) {
    const old = runAt(unix - leftSeconds, '')
    await database.write([
      { sql: 'delete from staged_releases where run < ?', args: [old] },
      { sql: 'delete from staged_removals where run < ?', args: [old] },
    ])
    const here = inEnvironments(of.environments)
    const [row] = await database.read(
      `select coalesce(max(seq), 0) as seq from releases where ${here.sql}`,
      here.args,
    )
    return new Staging(database, of, { run: runAt(unix, name), upto: Number(row?.seq) })
  }

  /** Adds what history says next. */
  async add(steps: readonly Step[]): Promise<void> {
    const releases: (readonly unknown[])[] = []
    const removals: (readonly unknown[])[] = []
    const rollbacks: InStatement[] = []
    for (const step of steps) {
      if (step.kind === 'removal') {
        const { env, app, ref, created } = step.removal
        removals.push([env, app, this.#seq, ref, created])
        continue
      }
      const { release } = step
      releases.push(releaseRow(release, ++this.#seq))
      if (release.rollbackTo) rollbacks.push(this.#rolledBack(release.id, release.rollbackTo))
    }
    if (steps.length === 0) return
    await this.#database.write([
      {
        sql: `insert into staged_releases (run, seq, id, env, app, artifact_id, triggered_by, version,
                gitops_ref, created, rollback_to, decision_id, policy_version)
              select ?, ${columns(12)} from json_each(?)`,
        args: [this.#run, JSON.stringify(releases)],
      },
      {
        sql: `insert or ignore into staged_removals select ?, ${columns(5)} from json_each(?)`,
        args: [this.#run, JSON.stringify(removals)],
      },
      ...rollbacks,
    ])
  }

  #rolledBack(id: string, to: Sha): InStatement {
    return {
      sql: `update staged_releases as old set rolled_back = 1
            from (select env, app, seq from staged_releases where run = ?1 and id = ?2) back
            where old.run = ?1 and old.env = back.env and old.app = back.app
              and old.seq < back.seq and old.seq > (
                select max(seq) from staged_releases t where t.run = ?1 and t.env = back.env
                  and t.app = back.app and t.gitops_ref = ?3 and t.seq < back.seq)`,
      args: [this.#run, id, to],
    }
  }

  /** Puts it in the place of the index that is in use, and answers how many releases it has. */
  async finish({ tip, repository, settled }: Whole): Promise<number> {
    const run = this.#run
    const running = settled.flatMap(({ env, app, releaseId }) =>
      releaseId === null ? [] : [[env, app, releaseId]],
    )
    const here = inEnvironments(this.#of.environments)
    const clear = (table: string) => ({
      sql: `delete from ${table} where ${here.sql}`,
      args: [...here.args],
    })
    await this.#database.write([
      // Every release has its number anew, and so has what runs: they fit again at the end only.
      'pragma defer_foreign_keys = on',
      ...this.#keepWhatLanded(),
      // The rows of releases go first: a trigger tells of every app that stops running, and none does.
      ...['releases', 'running', 'removals', 'foreign_commits'].map(clear),
      this.#stand(tip),
      {
        sql: `insert or ignore into releases (seq, id, env, app, artifact_id, triggered_by, version, gitops_ref,
                gitops_repo, created, rolled_back, rollback_to, decision_id, policy_version, health)
              select seq + ${base}, id, env, app, artifact_id, triggered_by, version, gitops_ref,
                ?2, created, rolled_back, rollback_to, decision_id, policy_version, health
              from staged_releases where run = ?1 order by seq`,
        args: [run, repository, this.#of.repository],
      },
      {
        sql: `insert into running select value ->> 0, value ->> 1, r.seq from json_each(?)
              join releases r on r.id = value ->> 2`,
        args: [JSON.stringify(running)],
      },
      {
        sql: `insert or replace into running select r.env, r.app, max(r.seq) from staged_releases s
              join releases r on r.id = s.id where s.run = ? and s.seq > ? group by r.env, r.app`,
        args: [run, this.#seq],
      },
      {
        sql: `insert into removals
              select env, app, after_seq + ${base}, ref, created from staged_removals where run = ?1`,
        args: [run, null, this.#of.repository],
      },
      ...settled.flatMap(({ foreign }) => foreign.map(insertForeign)),
      // An app belongs to the repository that it was released of.
      `insert or ignore into bindings
         select r.app, r.version ->> 'repositoryName' from running c
         join releases r on r.seq = c.release_seq where r.version ->> 'repositoryName' <> ''
         order by r.seq`,
      { sql: 'delete from staged_releases where run = ?', args: [run] },
      { sql: 'delete from staged_removals where run = ?', args: [run] },
      ...controlsChanged,
    ])
    return this.#seq
  }

  /** Where the index stands from now on; its releases are numbered behind those of the others. */
  #stand(tip: Sha): InStatement {
    const { repository, environments } = this.#of
    return {
      sql: `insert into gitops_indexes (repository, environments, ref, version, base)
            values (?, ?, ?, 1, (select coalesce(max(seq), 0) from releases))
            on conflict (repository) do update set environments = excluded.environments,
              ref = excluded.ref, version = gitops_indexes.version + 1, base = excluded.base`,
      args: [repository, environmentsText(environments), tip],
    }
  }

  /** What git does not say, and what landed while it was read. */
  #keepWhatLanded(): InStatement[] {
    const here = inEnvironments(this.#of.environments)
    const [run, upto, seq] = [this.#run, this.#upto, this.#seq]
    return [
      {
        sql: `update staged_releases set health = r.health, created = r.created
              from releases r where staged_releases.run = ? and r.id = staged_releases.id`,
        args: [this.#run],
      },
      {
        sql: `insert into staged_releases (run, seq, id, env, app, artifact_id, triggered_by, version,
                gitops_ref, created, rolled_back, rollback_to, decision_id, policy_version, health)
              select ?, ? + row_number() over (order by seq), id, env, app, artifact_id,
                triggered_by, version, gitops_ref, created, rolled_back, rollback_to, decision_id,
                policy_version, health
              from releases where seq > ? and ${here.sql}
                and id not in (select id from staged_releases where run = ?)`,
        args: [run, seq, upto, ...here.args, run],
      },
    ]
  }
}

/** The number of the last release that belongs to another repository than the third argument. */
const base = '(select base from gitops_indexes where repository = ?3)'

/** Names of makings sort by time. */
const runAt = (unix: number, name: string): string => `${String(unix).padStart(12, '0')}-${name}`

/** The parts of a row of JSON. */
const columns = (count: number): string =>
  Array.from({ length: count }, (_, at) => `value ->> ${at}`).join(', ')
