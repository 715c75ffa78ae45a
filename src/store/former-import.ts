import type { User } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { ClosedEvent } from '../domain/former.ts'
import type { Health } from '../domain/release.ts'
import type { Database, InStatement, Value } from './client.ts'
import { controlsChanged } from './controls.ts'
import { noHashOf } from './former-tokens.ts'

/** What happened at a GimletD before us; `row` is its number there. */
export type FormerFact = {
  readonly row: number
  readonly event: ClosedEvent
  readonly artifact: Artifact | null
}

/** Before every number that is given here, and still a number that JavaScript can hold. */
const farBefore = 9_000_000_000_000_000
const rowsOfSecond = 1_000_000
const secondsMax = 4_000_000_000

/** Takes in what a GimletD before us knew. Everything may be given again: it is there once. */
export class FormerImport {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Which of these events and artifacts are known by their ids. */
  async known(facts: readonly FormerFact[]): Promise<ReadonlySet<FormerFact>> {
    const ids = (all: readonly (string | undefined)[]) => JSON.stringify(all.filter(Boolean))
    const rows = await this.#database.read(
      `select id from events where id in (select value from json_each(?))
       union all select id from artifacts where id in (select value from json_each(?))`,
      [ids(facts.map(({ event }) => event.id)), ids(facts.map(({ artifact }) => artifact?.id))],
    )
    const found = new Set(rows.map(({ id }) => String(id)))
    return new Set(facts.filter(({ event, artifact }) => found.has(artifact?.id ?? event.id)))
  }

  /**
   * Keeps events that are over, and artifacts, in one transaction. They are numbered by their time and
   * before all that is from here, so that the newest of an app stays the newest.
   */
  async keep(facts: readonly FormerFact[]): Promise<void> {
    const posted = facts.filter(({ artifact }) => artifact !== null)
    const requests = facts.filter(({ artifact }) => artifact === null)
    const ids = JSON.stringify(facts.map(({ event }) => event.id))
    await this.#database.write([
      insertArtifacts(posted),
      insertEvents(requests),
      insertArrivals(posted),
      ...indexStatements(posted),
      insertCommits(facts),
      // Nobody is told today of what was then.
      {
        sql: `delete from changes where kind = 'request'
              and id in (select value from json_each(?))`,
        args: [ids],
      },
    ])
  }

  /** Whether a login is free, of a user who came from there, or of one who was made here. */
  async userIs(login: string): Promise<'new' | 'known' | 'taken'> {
    const [row] = await this.#database.read('select token_hash from users where login = ?', [login])
    if (row === undefined) return 'new'
    return row.token_hash === noHashOf(login) ? 'known' : 'taken'
  }

  /** Keeps a user with what its tokens are checked with; one who was made here stays as it is. */
  async keepUser({ login, roles, createdUnix }: User, sealed: string): Promise<void> {
    const noHash = noHashOf(login)
    await this.#database.write([
      {
        sql: `insert into users (login, token_hash, roles, repositories, created)
              values (?, ?, ?, '[]', ?) on conflict do nothing`,
        args: [login, noHash, JSON.stringify(roles), createdUnix],
      },
      {
        sql: `insert into former_tokens select login, ? from users where login = ? and token_hash = ?
              on conflict (login) do update set sealed = excluded.sealed`,
        args: [sealed, login, noHash],
      },
      ...controlsChanged,
    ])
  }

  /** The releases that these commits made, and whether their health is known. */
  async releasesOf(
    refs: readonly string[],
  ): Promise<readonly { id: string; ref: string; created: number; isKnown: boolean }[]> {
    const rows = await this.#database.read(
      `select id, gitops_ref, created, health is not null as is_known from releases
       where gitops_ref in (select value from json_each(?))`,
      [JSON.stringify(refs)],
    )
    return rows.map((row) => ({
      id: String(row.id),
      ref: String(row.gitops_ref),
      created: Number(row.created),
      isKnown: row.is_known === 1,
    }))
  }

  /** Keeps the health of releases of which no cluster has told here. */
  async keepHealth(
    all: readonly { readonly id: string; readonly health: Health }[],
  ): Promise<void> {
    const rows = all.map(({ id, health }) => [id, JSON.stringify(health)])
    const json = JSON.stringify(rows)
    await this.#database.write([
      {
        sql: `update releases set health = j.value ->> 1 from json_each(?) j
              where releases.id = j.value ->> 0 and health is null`,
        args: [json],
      },
      {
        sql: `delete from changes where kind = 'request'
              and id in (select value ->> 0 from json_each(?))`,
        args: [json],
      },
      ...controlsChanged,
    ])
  }
}

const numberOf = ({ row, event }: FormerFact): number => {
  const seconds = Math.min(Math.max(Math.floor(event.createdMs / 1000), 0), secondsMax)
  return seconds * rowsOfSecond + (row % rowsOfSecond) - farBefore
}

function insertArtifacts(facts: readonly FormerFact[]): InStatement {
  const rows = facts.flatMap((fact) => (fact.artifact ? [artifactRow(fact, fact.artifact)] : []))
  return {
    sql: `insert into artifacts
            (seq, id, event_id, repository, branch, source_branch, event, sha, created, body)
          select ${columns(10)} from json_each(?) j where true on conflict (id) do nothing`,
    args: [JSON.stringify(rows)],
  }
}

function artifactRow(fact: FormerFact, artifact: Artifact): readonly Value[] {
  const { repositoryName, branch, sourceBranch, event, sha } = artifact.version
  return [
    ...[numberOf(fact), artifact.id, fact.event.id, repositoryName, branch, sourceBranch],
    ...[event, sha, artifact.created, JSON.stringify(artifact)],
  ]
}

const eventColumns = `seq, id, kind, status, status_desc, artifact_id, env, app, to_ref, actor, source,
  due_ms, created_ms, about`

function eventRow(fact: FormerFact): readonly Value[] {
  const { id, kind, status, statusDesc, artifactId, env, app, toRef, actor, source } = fact.event
  const { createdMs, about = null } = fact.event
  return [
    ...[numberOf(fact), id, kind, status, statusDesc, artifactId, env, app, toRef],
    ...[JSON.stringify(actor), source, 0, createdMs, about && JSON.stringify(about)],
  ]
}

const insertEvents = (facts: readonly FormerFact[]): InStatement => ({
  sql: `insert into events (${eventColumns})
        select ${columns(14)} from json_each(?) j where true on conflict (id) do nothing`,
  args: [JSON.stringify(facts.map(eventRow))],
})

/** The event of an artifact that is here already, by another event, is not needed. */
const insertArrivals = (facts: readonly FormerFact[]): InStatement => ({
  sql: `insert into events (${eventColumns})
        select ${columns(14)} from json_each(?) j
        join artifacts a on a.id = j.value ->> 5 and a.event_id = j.value ->> 1
        where true on conflict (id) do nothing`,
  args: [JSON.stringify(facts.map(eventRow))],
})

/** What is numbered before the others is not found without the index of commits. */
function indexStatements(facts: readonly FormerFact[]): InStatement[] {
  const apps = facts.flatMap(({ event, artifact }) =>
    (artifact?.environments ?? []).map(({ app }) => [artifact?.id, event.id, app]),
  )
  const ids = facts.map(({ event, artifact }) => [artifact?.id, event.id])
  // By its id, which has an index.
  const isNew = 'join artifacts a on a.id = j.value ->> 0 and a.event_id = j.value ->> 1'
  return [
    {
      sql: `insert or ignore into artifact_shas select a.sha, a.seq from json_each(?) j ${isNew}`,
      args: [JSON.stringify(ids)],
    },
    {
      sql: `insert or ignore into artifact_apps select j.value ->> 2, a.seq from json_each(?) j ${isNew}`,
      args: [JSON.stringify(apps)],
    },
  ]
}

function insertCommits(facts: readonly FormerFact[]): InStatement {
  const rows = facts.flatMap(({ event }) => event.refs.map((ref) => [ref, event.id]))
  return {
    sql: `insert or ignore into commits (ref, event_id, tip, decision_id, state)
          select j.value ->> 0, e.id, '', '', 'landed' from json_each(?) j
          join events e on e.id = j.value ->> 1`,
    args: [JSON.stringify(rows)],
  }
}

const columns = (count: number): string =>
  Array.from({ length: count }, (_, at) => `j.value ->> ${at}`).join(', ')
