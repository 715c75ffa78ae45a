import { type Environments, everyEnvironment } from '../domain/environments.ts'
import type { Resumption } from '../domain/halt.ts'
import type { ForeignCommit, IndexPosition, Place, Settled, Step } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import type { Database, InStatement, ResultSet } from './client.ts'
import { controlsChanged } from './controls.ts'

/** So far back the index looks for the commit that it stands at among those that this server made. */
const ownCommitsMax = 1_000

/** What a walk brings to the index. */
export type Walked = {
  /** Where the walk began: when the index has been moved since, it goes on from there. */
  readonly from: IndexPosition
  readonly tip: Sha
  readonly steps: readonly Step[]
  readonly settled: readonly Settled[]
}

/** The place of a release and its commit. */
export type KnownRelease = Place & { readonly id: string; readonly ref: Sha }

/** Which repository an index is of: its name, empty for the first, and what it has. */
export type Indexed = { readonly repository: string; readonly environments: Environments }

export const firstRepository: Indexed = { repository: '', environments: everyEnvironment }

/** Where the index of a repository stands, and what reading the repository adds to it. */
export class IndexStore {
  readonly #database: Database
  readonly #of: Indexed

  constructor(database: Database, of: Indexed = firstRepository) {
    this.#database = database
    this.#of = of
  }

  /** Forgets where repositories stand that are not among these: they are read anew when they are back. */
  static async keepOnly(database: Database, repositories: readonly string[]): Promise<void> {
    await database.write([
      {
        sql: `delete from gitops_indexes
              where repository not in (select value from json_each(?))`,
        args: [JSON.stringify(repositories)],
      },
    ])
  }

  /** The commit is `null` when the repository has to be read anew. */
  async position(): Promise<IndexPosition> {
    const { repository, environments } = this.#of
    const [row] = await this.#database.read(
      'select ref, version, environments from gitops_indexes where repository = ?',
      [repository],
    )
    const isOfThese = row?.environments === environmentsText(environments)
    const ref = isOfThese && row.ref !== null ? String(row.ref) : null
    return { ref, version: Number(row?.version ?? 0) }
  }

  /** Keeps what a person has accepted, and that the repository has to be read anew. */
  async resume({ lostTip, tip, by }: Resumption): Promise<void> {
    await this.#database.write([
      {
        sql: `update gitops_indexes set lost = ?, resumed = ?, resumed_by = ?, ref = null,
                version = version + 1 where repository = ?`,
        args: [lostTip, tip, by, this.#of.repository],
      },
    ])
  }

  /** What a person has accepted last, on whichever server. */
  async resumed(): Promise<Resumption | undefined> {
    const [row] = await this.#database.read(
      'select lost, resumed, resumed_by from gitops_indexes where repository = ? and lost is not null',
      [this.#of.repository],
    )
    return (
      row && { lostTip: String(row.lost), tip: String(row.resumed), by: String(row.resumed_by) }
    )
  }

  /** How many commits lie between two, when this server made all of them; else nothing. */
  async ownCommitsBetween(from: Sha, tip: Sha): Promise<number | undefined> {
    if (from === tip) return 0
    const [row] = await this.#database.read(
      `with recursive back (ref, steps) as (
         select ?1, 0 union all
         select c.tip, back.steps + 1 from commits c join back on c.ref = back.ref
         where back.ref <> ?2 limit ${ownCommitsMax})
       select steps from back where ref = ?2`,
      [tip, from],
    )
    return row && Number(row.steps)
  }

  /** Moves on over commits that are in the index already. */
  async advance({ version }: IndexPosition, tip: Sha): Promise<void> {
    await this.#database.write([this.#moveOn(version, tip)])
  }

  #moveOn(version: number, tip: Sha): InStatement {
    return {
      sql: 'update gitops_indexes set ref = ? where repository = ? and version = ?',
      args: [tip, this.#of.repository, version],
    }
  }

  /** Those of these ids that are releases. */
  async known(ids: readonly string[]): Promise<KnownRelease[]> {
    const rows = await this.#database.read(
      `select id, env, app, gitops_ref from releases
       where id in (select value from json_each(?))`,
      [JSON.stringify(ids)],
    )
    return rows.map((row) => ({ ...placeOf(row), id: String(row.id), ref: String(row.gitops_ref) }))
  }

  /** Those of these ids that belong to events which are not closed yet. */
  async open(ids: readonly string[]): Promise<string[]> {
    const rows = await this.#database.read(
      `select id from events where status in ('new', 'held')
       and id in (select value from json_each(?))`,
      [JSON.stringify(ids)],
    )
    return rows.map((row) => String(row.id))
  }

  /** Those of these commits that this server made for events which are not closed yet. */
  async pending(refs: readonly Sha[]): Promise<Sha[]> {
    const rows = await this.#database.read(
      `select c.ref from json_each(?) wanted join commits c on c.ref = wanted.value
       join events e on e.id = c.event_id where e.status in ('new', 'held')`,
      [JSON.stringify(refs)],
    )
    return rows.map((row) => String(row.ref))
  }

  /** What people committed to the folders of apps since they were released, oldest first. */
  async foreign(where: Partial<Place>): Promise<ForeignCommit[]> {
    const rows = await this.#database.read(
      `select * from foreign_commits
       where (?1 is null or env = ?1) and (?2 is null or app = ?2) order by seq`,
      [where.env ?? null, where.app ?? null],
    )
    return rows.map(foreignOf)
  }

  /** The same of many places. */
  async foreignAt(places: readonly Place[]): Promise<ForeignCommit[]> {
    const rows = await this.#database.read(
      `select * from foreign_commits where (env, app) in
         (select value ->> 0, value ->> 1 from json_each(?)) order by seq`,
      [JSON.stringify(places.map(({ env, app }) => [env, app]))],
    )
    return rows.map(foreignOf)
  }

  /** Puts into the index what a walk has brought; nothing when the index was moved meanwhile. */
  async apply({ from, tip, steps, settled }: Walked): Promise<boolean> {
    if ((await this.position()).version !== from.version) return false
    await this.#database.write([
      ...steps.flatMap(stepStatements),
      ...settled.flatMap(settledStatements),
      this.#moveOn(from.version, tip),
      ...(steps.length + settled.length > 0 ? controlsChanged : []),
    ])
    return true
  }
}

function stepStatements(step: Step): InStatement[] {
  if (step.kind === 'removal') {
    const { env, app, ref, created } = step.removal
    return [
      {
        sql: `insert or ignore into removals
              select ?1, ?2, coalesce((select max(seq) from releases where env = ?1 and app = ?2), 0), ?3, ?4
              where not exists (select 1 from removals where env = ?1 and app = ?2 and ref = ?3)`,
        args: [env, app, ref, created],
      },
    ]
  }
  const { release } = step
  const { id, env, app, rollbackTo } = release
  return [
    {
      sql: `insert or ignore into releases (id, env, app, artifact_id, triggered_by, version,
              gitops_ref, gitops_repo, created, rollback_to, decision_id, policy_version)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      args: [
        ...[id, env, app, release.artifactId, release.triggeredBy],
        ...[JSON.stringify(release.version), release.gitopsRef, release.gitopsRepo],
        ...[release.created, rollbackTo ?? null, release.decisionId, release.policyVersion],
      ],
    },
    ...(rollbackTo === undefined
      ? []
      : [
          {
            sql: `update releases set rolled_back = 1
                  where env = ?1 and app = ?2 and rolled_back = 0
                    and seq < (select seq from releases where id = ?3) and seq > (
                      select max(seq) from releases where env = ?1 and app = ?2 and gitops_ref = ?4)`,
            args: [env, app, id, rollbackTo],
          },
        ]),
  ]
}

function settledStatements({ env, app, releaseId, foreign }: Settled): InStatement[] {
  const running: InStatement[] =
    releaseId === null
      ? [{ sql: 'delete from running where env = ? and app = ?', args: [env, app] }]
      : [
          {
            sql: `insert into running (env, app, release_seq)
                  select env, app, seq from releases where id = ? and env = ? and app = ?
                  on conflict (env, app) do update set release_seq = excluded.release_seq
                    where release_seq <> excluded.release_seq`,
            args: [releaseId, env, app],
          },
        ]
  return [
    ...running,
    {
      sql: `delete from foreign_commits where env = ? and app = ?
            and ref not in (select value from json_each(?))`,
      args: [env, app, JSON.stringify(foreign.map(({ ref }) => ref))],
    },
    ...foreign.map(insertForeign),
  ]
}

/** The statement that keeps a person's commit, unless it is kept already. */
export const insertForeign = (commit: ForeignCommit): InStatement => ({
  sql: `insert or ignore into foreign_commits
          (env, app, ref, author_name, author_email, subject, created)
        values (?, ?, ?, ?, ?, ?, ?)`,
  args: [
    ...[commit.env, commit.app, commit.ref, commit.authorName, commit.authorEmail],
    ...[commit.subject, commit.created],
  ],
})

const foreignOf = (row: ResultSet['rows'][number]): ForeignCommit => ({
  ...placeOf(row),
  ref: String(row.ref),
  authorName: String(row.author_name),
  authorEmail: String(row.author_email),
  subject: String(row.subject),
  created: Number(row.created),
})

const placeOf = (row: ResultSet['rows'][number]): Place => ({
  env: String(row.env),
  app: String(row.app),
})

/** The environments of a repository as they are kept. */
export const environmentsText = ({ names, isAllBut }: Environments): string =>
  [isAllBut ? 'all but' : 'only', ...[...names].sort()].join(' ')

/** A release as a row of JSON, in the order of the columns that are staged. */
export const releaseRow = (release: Release, seq: number): readonly unknown[] => [
  ...[seq, release.id, release.env, release.app, release.artifactId, release.triggeredBy],
  ...[JSON.stringify(release.version), release.gitopsRef, release.created],
  ...[release.rollbackTo ?? null, release.decisionId, release.policyVersion],
]
