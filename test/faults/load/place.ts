import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { expect, onTestFinished } from 'vitest'
import { broken } from '../../crash/checker.ts'
import { manifest, trigger } from '../../support/builders.ts'
import { githubStandIn } from '../../support/github.ts'
import { githubSecret } from '../../support/github-server.ts'
import { type Program, startProgram, until } from '../../support/program.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import type { Mix } from './requests.ts'

type Given = {
  readonly apps?: number
  readonly environment?: Readonly<Record<string, string>>
}

/** A server under load, as its process and its port. */
export type Loaded = Program & { readonly pid: number; readonly port: number }
export type Place = Awaited<ReturnType<typeof place>>

/** Where a server of some apps runs, whose artifacts of `main` are released to staging, with GitHub set up. */
export async function place({ apps: count = 20, environment = {} }: Given = {}) {
  const folder = tempFolder()
  const apps = Array.from({ length: count }, (_, at) => `app-${at}`)
  for (const name of ['policies', 'manifests']) mkdirSync(join(folder, name))
  const isMain = { '==': [{ var: 'artifact.version.branch' }, 'main'] }
  writeFileSync(join(folder, 'policies/main.json'), trigger({ when: isMain }))
  for (const app of apps)
    writeFileSync(join(folder, 'manifests', `${app}.yaml`), manifest({ app, env: 'staging' }))
  const github = await githubStandIn(onTestFinished)
  const dataDir = join(folder, 'data')
  const [database, remote] = [join(dataDir, 'gimlet.db'), join(dataDir, 'gitops.git')]
  const rows = async (sql: string) => {
    const client = createClient({ url: `file:${database}`, intMode: 'number', timeout: 5_000 })
    try {
      return (await client.execute(sql)).rows
    } finally {
      client.close()
    }
  }
  return {
    ...{ folder, dataDir, database, remote, rows },
    /** Requests to this place, none of which were made before. */
    mix: (given: Pick<Mix, 'kind' | 'count'> & Partial<Mix>, token = adminToken): Mix => ({
      ...{ token, secret: githubSecret, apps, releasedOneIn: 0, run: newRun() },
      ...given,
    }),
    async start(more: Readonly<Record<string, string>> = {}): Promise<Loaded> {
      const program = await startProgram(dataDir, {
        ...{ HOST: '127.0.0.1', GIMLET_ADMIN_TOKEN: adminToken },
        ...{ POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests') },
        ...{ APP_ID: '1', PRIVATE_KEY: github.privateKey, WEBHOOK_SECRET: githubSecret },
        ...{ GHE_HOST: github.host, GHE_PROTOCOL: 'http' },
        ...environment,
        ...more,
      })
      const { pid } = JSON.parse(program.lines.find(isListening) ?? '') as { pid: number }
      return { ...program, pid, port: Number(new URL(program.url).port) }
    },
    /** What was accepted and is not in the database, by the name that requests have. */
    async missing(accepted: readonly string[]): Promise<string[]> {
      const kept = await rows(`select id from artifacts union all
        select body ->> '$.payload.after' from deliveries where surface = 'github' and body <> ''`)
      const ids = new Set(kept.map(({ id }) => id))
      return accepted.filter((id) => !ids.has(id))
    },
    /** Ends when nothing is new any more. */
    settled: () =>
      until(async () => {
        const [open] = await rows(`select count(*) as n from events where status = 'new'`)
        return open?.n === 0
      }),
    /** The invariants hold, of all artifacts among what was accepted. */
    async holds(accepted: readonly string[], of = remote): Promise<void> {
      const artifacts = accepted.filter((id) => id.startsWith('run'))
      expect(await broken({ accepted: artifacts, database, remote: of })).toEqual([])
    },
  }
}

const adminToken = 'a-token-of-the-load-tests'
const isListening = (line: string): boolean => line.includes('"listening"')

let runs = 0
const newRun = () => `run${(++runs).toString().padStart(2, '0')}`
