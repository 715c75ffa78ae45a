import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { onTestFinished } from 'vitest'
import { type Later, tempFolder } from './temp.ts'

/** The tables of a GimletD before us. `later` has the columns that its later versions added. */
const tables = (isLater: boolean) => [
  'create table migrations (name varchar(255), unique(name))',
  `create table users (id integer primary key autoincrement, login text, secret text,
     admin boolean, unique(login))`,
  `create table events (id text, created integer, type text, blob text, status text default 'new',
     status_desc text default '', repository text, branch text, event text, source_branch text,
     target_branch text, tag text, sha text, artifact_id text, unique(id))`,
  `alter table events add column gitops_hashes text default '[]'`,
  `create table gitops_commits (id integer primary key autoincrement, sha text, status text,
     status_desc text, unique(id))`,
  `create table key_values (id integer primary key autoincrement, key text, value text, unique(key))`,
  ...(isLater
    ? [
        `alter table events add column results text default '[]'`,
        'alter table gitops_commits add column created integer',
        'alter table gitops_commits add column env text',
      ]
    : []),
]

type EventGiven = {
  readonly id: string
  readonly type: string
  readonly blob: unknown
  readonly created?: number
  readonly status?: string
  readonly statusDesc?: string
  readonly gitopsHashes?: readonly string[]
  readonly results?: readonly unknown[]
}

/** The database file of a GimletD before us, as its own program makes and fills it. */
export async function gimletdDatabase(
  given: { isLater?: boolean } = {},
  later: Later = onTestFinished,
) {
  const { isLater = false } = given
  const file = join(await tempFolder(later), 'gimletd.sqlite')
  const client = createClient({ url: `file:${file}`, intMode: 'number' })
  later(() => client.close())
  await client.batch(tables(isLater), 'write')
  const run = async (sql: string, args: readonly (string | number | null)[] = []) =>
    void (await client.execute({ sql, args: [...args] }))
  return {
    file,
    run,
    close: () => client.close(),
    async event(one: EventGiven): Promise<void> {
      const { id, type, blob, created = 1_622_792_757, status = 'processed', statusDesc = '' } = one
      const text = typeof blob === 'string' ? blob : JSON.stringify(blob)
      const { artifactId, ...columns } = denormalized(type, blob)
      await run(
        `insert into events (id, created, type, blob, status, status_desc, repository, branch, event,
           sha, artifact_id, gitops_hashes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          ...[id, created, type, text, status, statusDesc, columns.repository, columns.branch],
          ...['0', columns.sha, artifactId, JSON.stringify(one.gitopsHashes ?? [])],
        ],
      )
      if (one.results)
        await run('update events set results = ? where id = ?', [JSON.stringify(one.results), id])
    },
    async user(login: string, { admin = false, secret = secretOf(login) } = {}): Promise<string> {
      await run('insert into users (login, secret, admin) values (?, ?, ?)', [
        ...[login, secret, admin ? 1 : 0],
      ])
      return gimletdToken({ sub: login, type: 'user', iat: 1_622_792_757 }, secret)
    },
    commit: (sha: string, status: string, statusDesc = '') =>
      run('insert into gitops_commits (sha, status, status_desc) values (?, ?, ?)', [
        ...[sha, status, statusDesc],
      ]),
  }
}

/** Which columns beside the blob an artifact has. */
function denormalized(type: string, blob: unknown) {
  const { id = '', version = {} } = (type === 'artifact' ? blob : {}) as {
    id?: string
    version?: Record<string, string>
  }
  const { repositoryName: repository = '', branch = '', sha = '' } = version
  return { artifactId: id, repository, branch, sha }
}

/** 32 bytes in base 32: the form of its secrets. */
export const secretOf = (login: string): string =>
  `${createHmac('sha256', login)
    .digest('hex')
    .toUpperCase()
    .replaceAll(/[0189]/g, 'Z')
    .slice(0, 52)}====`

/** A token as it signs them: a JWT with the user's own secret. */
export function gimletdToken(
  claims: Readonly<Record<string, unknown>>,
  secret: string,
  header: Readonly<Record<string, unknown>> = { alg: 'HS256', typ: 'JWT' },
): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** An artifact as it stands in a blob there. */
export const formerArtifact = (app: string, at: number, version: Record<string, unknown> = {}) => ({
  id: `owner/${app}-0000000${at}-1111-4111-8111-111111111111`,
  created: 1_622_792_757 + at,
  version: {
    repositoryName: `owner/${app}`,
    sha: String(at).repeat(40),
    created: 1_622_792_000 + at,
    branch: 'main',
    event: 'push',
    authorName: 'First Last',
    message: `change ${at}`,
    ...version,
  },
  context: { CI: 'true' },
  items: [{ name: 'image', repository: `quay.io/owner/${app}`, tag: `v${at}` }],
})
