import type { Settled, Step } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Database, InStatement } from './client.ts'
import { controlsChanged } from './controls.ts'
import { insertForeign, releaseRow } from './release-index.ts'

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
  readonly #run: string
  /** The newest release when it began: those that land meanwhile are kept. */
  readonly #upto: number
  #seq = 0

  private constructor(database: Database, run: string, upto: number) {
    this.#database = database
    this.#run = run
    this.#upto = upto
  }

  /** Begins at a moment in Unix seconds; `name` tells this making from any other. */
  static async begin(database: Database, { unix, name }: { unix: number; name: string }) {
    const old = runAt(unix - leftSeconds, '')
    await database.write([
      { sql: 'delete from staged_releases where run < ?', args: [old] },
      { sql: 'delete from staged_removals where run < ?', args: [old] },
    ])
    const [row] = await database.read('select coalesce(max(seq), 0) as seq from releases')
    return new Staging(database, runAt(unix, name), Number(row?.seq))
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
    await this.#database.write([
      // Every release has its number anew, and so has what runs: they fit again at the end only.
      'pragma defer_foreign_keys = on',
      ...this.#keepWhatLanded(),
      // The rows of releases go first: a trigger tells of every app that stops running, and none does.
      'delete from releases',
      'delete from running',
      'delete from removals',
      'delete from foreign_commits',
      {
        sql: `insert into releases (seq, id, env, app, artifact_id, triggered_by, version, gitops_ref,
                gitops_repo, created, rolled_back, rollback_to, decision_id, policy_version, health)
              select seq, id, env, app, artifact_id, triggered_by, version, gitops_ref,
                ?2, created, rolled_back, rollback_to, decision_id, policy_version, health
              from staged_releases where run = ?1 order by seq`,
        args: [run, repository],
      },
      {
        sql: `insert into running select value ->> 0, value ->> 1, r.seq from json_each(?)
              join releases r on r.id = value ->> 2`,
        args: [JSON.stringify(running)],
      },
      {
        sql: `insert or replace into running select env, app, max(seq) from releases
              where seq > ? group by env, app`,
        args: [this.#seq],
      },
      {
        sql: `insert into removals
              select env, app, after_seq, ref, created from staged_removals where run = ?`,
        args: [run],
      },
      ...settled.flatMap(({ foreign }) => foreign.map(insertForeign)),
      // An app belongs to the repository that it was released of.
      `insert or ignore into bindings
         select r.app, r.version ->> 'repositoryName' from running c
         join releases r on r.seq = c.release_seq where r.version ->> 'repositoryName' <> ''
         order by r.seq`,
      { sql: 'delete from staged_releases where run = ?', args: [run] },
      { sql: 'delete from staged_removals where run = ?', args: [run] },
      { sql: 'update gitops_index set ref = ?, version = version + 1', args: [tip] },
      ...controlsChanged,
    ])
    return this.#seq
  }

  /** What git does not say, and what landed while it was read. */
  #keepWhatLanded(): InStatement[] {
    const args = [this.#run, this.#upto, this.#seq]
    return [
      {
        sql: `update staged_releases set health = r.health, created = r.created
              from releases r where staged_releases.run = ? and r.id = staged_releases.id`,
        args: [this.#run],
      },
      {
        sql: `insert into staged_releases (run, seq, id, env, app, artifact_id, triggered_by, version,
                gitops_ref, created, rolled_back, rollback_to, decision_id, policy_version, health)
              select ?1, ?3 + row_number() over (order by seq), id, env, app, artifact_id,
                triggered_by, version, gitops_ref, created, rolled_back, rollback_to, decision_id,
                policy_version, health
              from releases where seq > ?2
                and id not in (select id from staged_releases where run = ?1)`,
        args,
      },
    ]
  }
}

/** Names of makings sort by time. */
const runAt = (unix: number, name: string): string => `${String(unix).padStart(12, '0')}-${name}`

/** The parts of a row of JSON. */
const columns = (count: number): string =>
  Array.from({ length: count }, (_, at) => `value ->> ${at}`).join(', ')
