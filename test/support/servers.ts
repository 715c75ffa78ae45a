import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import { createRepository } from '../../src/gitops/clone.ts'
import { manifest } from './builders.ts'
import { git, type Program, startProgram, until } from './program.ts'
import { tempFolder } from './temp-folder.ts'

export const leaseSeconds = 2
export const apps = ['one', 'two', 'three', 'four', 'five', 'six'] as const

/** Several compiled servers on one database and one GitOps repository, a data folder each. */
export async function someServers() {
  const folder = tempFolder()
  const [remote, databaseUrl] = [join(folder, 'remote.git'), `file:${join(folder, 'shared.db')}`]
  await createRepository(remote, 'main', process.env)
  for (const place of ['policies', 'manifests']) mkdirSync(join(folder, place))
  const trigger = { kind: 'trigger', on: 'artifact', env: 'staging', when: true }
  writeFileSync(join(folder, 'policies/all.json'), JSON.stringify(trigger))
  for (const app of apps)
    writeFileSync(join(folder, 'manifests', `${app}.yaml`), manifest({ app, env: 'staging' }))
  const database = createClient({ url: databaseUrl })
  const rows = async (sql: string) => (await database.execute(sql)).rows.map((row) => ({ ...row }))
  return {
    remote,
    databaseUrl,
    rows,
    start: (name: string, environment: Readonly<Record<string, string>> = {}) =>
      startProgram(join(folder, name), {
        GIMLET_DB_URL: databaseUrl,
        GITOPS_REPO: remote,
        GIMLET_ADMIN_TOKEN: 'a-token-of-all-the-servers',
        GIMLET_LEASE_SECONDS: String(leaseSeconds),
        HOST: '127.0.0.1',
        POLICIES: join(folder, 'policies'),
        MANIFESTS: join(folder, 'manifests'),
        ...environment,
      }),
    /** Puts a server to sleep. One that sleeps inside a transaction locks the file: it is woken again. */
    async sleep(server: Program) {
      for (;;) {
        server.signal('SIGSTOP')
        await pause(20)
        if (await isWritable(databaseUrl)) return
        server.signal('SIGCONT')
        await pause(20)
      }
    },
    /** Every artifact that the branch has a release of, oldest first. */
    async released(): Promise<string[]> {
      const format = '--format=%(trailers:key=Artifact-Id,valueonly,separator=%x2C)'
      const log = await git(remote, 'log', '--first-parent', '--reverse', format, 'main')
      return log.split('\n').filter(Boolean)
    },
    /** Everything that a server may change, as it is now. */
    async everything() {
      const tables = ['events', 'decisions', 'commits', 'releases', 'running', 'artifacts']
      const all = await Promise.all(tables.map((table) => rows(`select * from ${table}`)))
      return { tip: await git(remote, 'rev-parse', 'main'), all }
    },
    close: () => database.close(),
  }
}

async function isWritable(url: string): Promise<boolean> {
  const client = createClient({ url, timeout: 500 })
  try {
    await (await client.transaction('write')).rollback()
    return true
  } catch {
    return false
  } finally {
    client.close()
  }
}

let count = 0

/** Posts an artifact of an app, until it is taken, and answers its id. */
export async function post(server: Program, app: string): Promise<string> {
  const number = ++count
  const sha = number.toString(16).padStart(40, '0')
  const body = {
    id: `${app}-${number}`,
    version: { repositoryName: `acme/${app}`, sha, branch: 'main', event: 'push' },
    items: [{ name: 'image', repository: `registry.example.com/acme/${app}`, tag: `v${number}` }],
  }
  const { status } = await server.call('POST', '/api/artifact', body)
  if (status !== 201 && status !== 200) throw new Error(`an artifact was answered with ${status}`)
  return body.id
}

export async function isLeader(server: Program): Promise<boolean> {
  const { status, json } = await server.call('GET', '/readyz')
  if (status !== 200) throw new Error(`not ready: ${JSON.stringify(json)}`)
  return (json as { leader: boolean }).leader
}

export const leads = (server: Program) => until(() => isLeader(server))

/** Lines of a server's log with this text. */
export const said = (server: Program, text: string) =>
  server.lines.filter((line) => (JSON.parse(line) as { msg: string }).msg.includes(text))
