import type { EventStatus } from '../domain/event.ts'
import type { Database, ResultSet } from './client.ts'

/** An open pull request whose branch is in its own repository, with its head's newest artifact. */
type Head = {
  readonly repository: string
  readonly number: number | null
  readonly branch: string
  readonly labels: readonly string[]
  readonly artifact: { readonly id: string; readonly createdUnix: number } | null
}
/** The newest request of a preview; one that was withdrawn counts as `delete`. */
type Asked = {
  readonly id: string
  readonly env: string
  readonly app: string
  readonly repository: string
  readonly branch: string
  readonly kind: 'release' | 'delete'
  readonly status: EventStatus
  readonly artifactId: string | null
  readonly createdMs: number
  /** Of one that no pull request has to stand behind: after how many days it ends. */
  readonly days: number | null
}

/** Both the index of commits and those that are not in it yet, as in `artifacts.ts`. */
const headsSql = `
  with heads as materialized (
    select r.name as repository, p.number, p.head_branch as branch, p.head_sha, p.labels
    from pulls p join repositories r on r.id = p.repository_id
    where p.is_open = 1 and p.is_fork = 0),
  found as (
    select repository, sha, max(seq) as seq from (
      select a.repository, s.sha, a.seq from artifact_shas s
        join artifacts a on a.seq = s.artifact_seq
        where s.sha in (select head_sha from heads)
      union all
      select repository, sha, seq from artifacts
        where seq > (select seq from artifact_shas_upto)
          and sha in (select head_sha from heads))
    group by repository, sha)
  select h.*, a.id as artifact_id, a.created as artifact_created from heads h
    left join found f on f.repository = h.repository and f.sha = h.head_sha
    left join artifacts a on a.seq = f.seq
    order by h.repository, h.number`

/** Where GitHub tells nothing, an artifact of a pull request stands for it until its branch is gone. */
const postedSql = `
  with posted as (
    select max(seq) as seq, repository, 
      coalesce(case when branch = body ->> '$.version.targetBranch' then nullif(source_branch, '') end,
        branch) as head_branch
    from artifacts where event = 'pr' and created >= ?
    group by repository, head_branch)
  select a.repository, null as number, p.head_branch as branch, '[]' as labels,
    a.id as artifact_id, a.created as artifact_created
  from posted p join artifacts a on a.seq = p.seq
  where not exists (
    select 1 from events e where e.about ->> 'on' = 'branchDeleted'
      and e.about ->> 'repository' = a.repository and e.about ->> 'branch' = p.head_branch
      and e.created_ms >= a.created * 1000)
  order by a.repository, p.head_branch`

/** What previews are made of, and what was asked of them. */
export class PreviewStore {
  readonly #database: Database
  /** Otherwise what GitHub told once is not to be relied on. */
  readonly #isGithubOn: boolean

  constructor(database: Database, { isGithubOn }: { isGithubOn: boolean }) {
    this.#database = database
    this.#isGithubOn = isGithubOn
  }

  async pulls(sinceUnix: number): Promise<Head[]> {
    const known = this.#isGithubOn ? await this.#repositories() : new Set()
    const posted = (await this.#database.read(postedSql, [sinceUnix])).map(headOf)
    const told = known.size > 0 ? (await this.#database.read(headsSql)).map(headOf) : []
    return [...told, ...posted.filter(({ repository }) => !known.has(repository))]
  }

  async #repositories(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.read('select name from repositories')
    return new Set(rows.map(({ name }) => String(name)))
  }

  /** Without those that are over: what was deleted may be asked for anew. */
  async asked(): Promise<Asked[]> {
    const rows = await this.#database.read(
      `select * from events where seq in (
         select max(seq) from events where about ->> 'on' = 'preview' group by env, app)
       and not (kind = 'delete' and status = 'processed')`,
    )
    return rows.map(askedOf)
  }

  /** Ends a request that waits, unless its commit is on its way. */
  async withdraw(eventId: string, statusDesc: string): Promise<void> {
    await this.#database.write([
      {
        sql: `update events set status = 'superseded', status_desc = ?,
                about = json_set(about, '$.isWithdrawn', json('true'))
              where id = ? and status in ('new', 'held') and not exists (
                select 1 from commits c where c.event_id = events.id and c.state = 'intended'
                  and c.decision_id = events.decision_id)`,
        args: [statusDesc, eventId],
      },
    ])
  }
}

function headOf(row: ResultSet['rows'][number]): Head {
  const { artifact_id: id, artifact_created: created } = row
  return {
    repository: String(row.repository),
    number: row.number === null ? null : Number(row.number),
    branch: String(row.branch),
    labels: JSON.parse(String(row.labels)) as string[],
    artifact: id === null ? null : { id: String(id), createdUnix: Number(created) },
  }
}

function askedOf(row: ResultSet['rows'][number]): Asked {
  const about = JSON.parse(String(row.about)) as {
    repository: string
    branch: string
    days?: number
    isWithdrawn?: boolean
  }
  const { repository, branch, days = null, isWithdrawn = false } = about
  return {
    ...{ repository, branch, days },
    id: String(row.id),
    env: String(row.env),
    app: String(row.app),
    kind: row.kind === 'delete' || isWithdrawn ? 'delete' : 'release',
    status: String(row.status) as EventStatus,
    artifactId: row.artifact_id === null ? null : String(row.artifact_id),
    createdMs: Number(row.created_ms),
  }
}
