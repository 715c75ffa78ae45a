import type { Database } from './client.ts'

/** So many of each kind are named. */
const namedMax = 200

/** Something that the database before had and the backup has not, and what to do about it. */
export type Lost = { readonly what: string; readonly name: string; readonly next: string }

type Kind = {
  readonly what: string
  /** Answers `name`; `f` is the database before. */
  readonly sql: string
  readonly next: (name: string) => string
}

const place = `l.env || coalesce(' ' || l.app, '')`

/** What is not in git, in the order in which it is told: what opens a door first. */
const kinds: readonly Kind[] = [
  {
    what: 'user removed',
    sql: 'select login as name from main.users where login not in (select login from f.users)',
    next: (name) => `the token works again; remove it with: gimlet user remove ${name}`,
  },
  {
    what: 'user given a new token',
    sql: `select u.login as name from main.users u join f.users g on g.login = u.login
          where g.token_hash <> u.token_hash`,
    next: (name) => `the old token works again; give a new one with: gimlet user renew ${name}`,
  },
  {
    what: 'user made',
    sql: 'select login as name from f.users where login not in (select login from main.users)',
    next: (name) => `make it again with: gimlet user add --login ${name}`,
  },
  {
    what: 'lock made',
    sql: `select ${place} as name from f.locks l where l.kind = 'freeze' and l.ended is null
          and l.id not in (select id from main.locks)`,
    next: (name) => `lock it again with: gimlet lock ${name} --reason TEXT`,
  },
  {
    what: 'lock ended',
    sql: `select ${place} as name from main.locks l join f.locks g on g.id = l.id
          where l.ended is null and g.ended is not null`,
    next: (name) => `it holds again; end it with: gimlet unlock ${name}`,
  },
  {
    what: 'artifact blocked',
    sql: `select artifact_id as name from f.blocks
          where artifact_id not in (select artifact_id from main.blocks)`,
    next: (name) => `block it again with: gimlet block ${name} --reason TEXT`,
  },
  {
    what: 'artifact unblocked',
    sql: `select artifact_id as name from main.blocks
          where artifact_id not in (select artifact_id from f.blocks)`,
    next: (name) => `it is blocked again; end that with: gimlet unblock ${name}`,
  },
  {
    what: 'approval',
    sql: `select event_id || ' by ' || login as name from f.approvals
          where (event_id, login) not in (select event_id, login from main.approvals)`,
    next: () => 'it is gone',
  },
  {
    what: 'artifact posted',
    sql: 'select id as name from f.artifacts where id not in (select id from main.artifacts)',
    next: () => 'what runs of it is known from git; to release it again let CI post it again',
  },
  {
    what: 'request',
    sql: `select id || ' (' || kind || coalesce(' ' || env || '/' || app, '') || ', ' || status || ')'
            as name from f.events
          where kind in ('release', 'rollback', 'delete') and (env is not null or status <> 'processed')
            and id not in (select id from main.events)
            and id not in (select id from main.releases)`,
    next: () => 'ask again if it is still wanted',
  },
]

/** What was lost: so many, with names for the first of them. */
export type LostKind = {
  readonly what: string
  readonly count: number
  readonly lost: readonly Lost[]
}

/** What a database before this one had that this one has not; nothing when it cannot be read. */
export async function lostSince(database: Database, before: string): Promise<LostKind[] | null> {
  try {
    await database.read('attach database ? as f', [before])
    const all: LostKind[] = []
    for (const { what, sql, next } of kinds) {
      const [row] = await database.read(`select count(*) as n from (${sql})`)
      const count = Number(row?.n)
      const named = count > 0 ? await database.read(`${sql} limit ${namedMax}`) : []
      const lost = named.map(({ name }) => ({ what, name: String(name), next: next(String(name)) }))
      if (count > 0) all.push({ what, count, lost })
    }
    return all
  } catch {
    // It may be damaged, which is why there is a restore, or of another schema.
    return null
  } finally {
    await database.read('detach database f').catch(() => undefined)
  }
}
