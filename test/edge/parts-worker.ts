import type { DurableObjectState, SqlStorage } from '@cloudflare/workers-types'
import type { CommandPorts } from '../../src/commands/ports.ts'
import { edgeLog } from '../../src/edge/log.ts'
import { githubParts } from '../../src/github-parts.ts'
import { httpApp } from '../../src/ingress/http/app.ts'
import { metricsOf } from '../../src/ingress/http/metrics.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { slackParts } from '../../src/slack-parts.ts'
import { ArtifactStore } from '../../src/store/artifacts.ts'
import { AuditStore } from '../../src/store/audit.ts'
import type { Database, InStatement, ResultSet } from '../../src/store/client.ts'
import { ControlStore } from '../../src/store/controls.ts'
import { EventStore } from '../../src/store/events.ts'
import { newId } from '../../src/store/ids.ts'
import { migrate } from '../../src/store/migrate.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { TokenStore } from '../../src/store/tokens.ts'
import { newToken, UserStore } from '../../src/store/users.ts'
import { identifier } from '../../src/token-parts.ts'

/** What the test gives the Worker. */
export type PartsSettings = {
  readonly SLACK_API_URL: string
  readonly SLACK_BOT_TOKEN: string
  readonly SLACK_SIGNING_SECRET: string
  readonly GITHUB_API_URL: string
  readonly PRIVATE_KEY: string
  readonly WEBHOOK_SECRET: string
  readonly PEOPLE: string
}
type Env = PartsSettings & {
  readonly SERVER: { getByName(name: string): { fetch(request: Request): Promise<Response> } }
}

const tip = '1'.repeat(40)
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
const nothing = async () => undefined

/** Slack's and GitHub's parts, HTTP and metrics on stores in the object's own SQLite, without a repository. */
export class Server {
  readonly #app: Promise<ReturnType<typeof httpApp>>

  constructor({ storage }: DurableObjectState, env: Env) {
    this.#app = opened(databaseOn(storage.sql, storage.transactionSync.bind(storage)), env)
  }

  async fetch(request: Request): Promise<Response> {
    return (await this.#app).fetch(request)
  }
}

export default {
  fetch: (request: Request, env: Env) => env.SERVER.getByName('one').fetch(request),
}

async function opened(database: Database, env: Env) {
  await migrate(database)
  const log = edgeLog('debug', [env.SLACK_BOT_TOKEN])
  const commands = commandsOn(database, env)
  const slack = slackParts({
    ...{ database, server: 'one', commands, log },
    config: {
      ...{ signingSecrets: [env.SLACK_SIGNING_SECRET], botToken: env.SLACK_BOT_TOKEN },
      ...{ appToken: null, apiUrl: env.SLACK_API_URL, command: '/gimlet', channels: [] },
    },
  })
  const github = await githubParts({
    ...{ database, server: 'one', commands, policies: null, gitopsPushed: nothing, log },
    config: {
      ...{ appId: '1', privateKey: env.PRIVATE_KEY, baseUrl: env.GITHUB_API_URL },
      secrets: [env.WEBHOOK_SECRET],
    },
  })
  for (const part of [slack, github]) {
    part.start()
    part.lead(database)
  }
  const counts = {
    ...{ eventsByStatus: () => commands.store.counts(), runningByEnv: async () => new Map() },
    ...{ healthByEnv: async () => [], oldestUnpushedMs: async () => 0 },
  }
  const metrics = metricsOf(counts, { hasProcess: false })
  return httpApp({
    ...{ clock, log, slack: slack.handle, github: github.handle, setup: null },
    handle: nothing as never,
    authenticate: nothing,
    health: { problems: async () => [], isLeader: () => true } as never,
    metrics: () => metrics.text(() => true),
  })
}

function commandsOn(database: Database, env: Env): CommandPorts & { store: EventStore } {
  const sources = { version: '1', files: new Map([['people.json', env.PEOPLE]]) }
  const users = new UserStore(database)
  const store = new EventStore(database)
  return {
    ...{ clock, ids: { next: newId }, source: 'api', wake: () => undefined, users, store },
    ...{
      artifacts: new ArtifactStore(database),
      events: store,
      controls: new ControlStore(database),
    },
    ...{ releases: new ReleaseStore(database), identify: identifier(users) },
    audit: new AuditStore(database),
    tokens: Object.assign(new TokenStore(database), { next: newToken }),
    sources: {
      policies: async () => loadPolicies(sources),
      manifests: async () => loadManifests({ ...sources, files: new Map() }),
    },
    drift: { of: nothing, here: async () => [], mode: 'warn' } as never,
    charts: { render: nothing } as never,
    gitops: {
      ...{ url: 'https://github.example/gitops', urlOf: () => 'https://github.example/gitops' },
      ...{ tip: async () => tip, lastTip: async () => tip, states: async () => [] },
    } as never,
  }
}

/** The object's SQLite as the stores know a database. */
const databaseOn = (sql: SqlStorage, inTransaction: <T>(work: () => T) => T): Database => ({
  read: async (text, args = []) => run(sql, { sql: text, args: [...args] }).rows,
  write: async (statements) =>
    inTransaction(() => statements.map((statement) => run(sql, statement))),
  close: () => undefined,
})

function run(sql: SqlStorage, statement: InStatement): ResultSet {
  const { sql: text, args = [] } = typeof statement === 'string' ? { sql: statement } : statement
  const cursor = Array.isArray(args) ? sql.exec(text, ...args) : named(sql, text, args as Named)
  const rows = cursor.toArray()
  const rowsAffected = Number(sql.exec('select changes() as n').one().n)
  return { rows, rowsAffected } as unknown as ResultSet
}

type Named = Readonly<Record<string, unknown>>

/** The object's SQLite knows values by their place only. */
function named(sql: SqlStorage, text: string, values: Named) {
  const found: unknown[] = []
  const placed = text.replaceAll(/:(\w+)/g, (_, name: string) => {
    found.push(values[name])
    return '?'
  })
  return sql.exec(placed, ...found)
}
