#!/usr/bin/env node
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Logger } from 'pino'
import { authenticator } from './commands/authenticate.ts'
import type { CommandPorts } from './commands/ports.ts'
import { type Config, type Place, readConfig } from './config.ts'
import type { Sha } from './domain/names.ts'
import type { Sources } from './domain/sources.ts'
import { createRepository, openClone } from './gitops/clone.ts'
import type { Git } from './gitops/git.ts'
import { LocalWriter } from './gitops/local.ts'
import { branchSources, folderSources } from './gitops/sources.ts'
import { httpApp } from './ingress/http/app.ts'
import { metricsOf } from './ingress/http/metrics.ts'
import { makeLog } from './log.ts'
import { loadManifests } from './manifest/manifest.ts'
import { loadPolicies } from './policy/policy.ts'
import { Loop } from './release/loop.ts'
import { ArtifactStore } from './store/artifacts.ts'
import { type Database, openDatabase } from './store/client.ts'
import { EventStore } from './store/events.ts'
import { migrate } from './store/migrate.ts'
import { ReleaseStore } from './store/releases.ts'
import { newToken, tokenHash, UserStore } from './store/users.ts'

/** How long a stop may take before what still runs is left for the next start to finish. */
const stopMs = 8_000
/** Slow senders are cut off: fault F34. */
const headersMs = 10_000
const requestMs = 30_000
const connectionsMax = 4_096

export type Server = {
  readonly url: string
  readonly adminToken: string
  /** True when the administrator's token was made by this start. */
  readonly isFirstStart: boolean
  stop(): Promise<void>
}

/** Builds every part once, listens, and carries events out until `stop`. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const dataDir = resolve(config.dataDir)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const admin = await adminToken(config, dataDir)
  const database = await openDatabase(
    config.database.url ?? `file:${join(dataDir, 'gimlet.db')}`,
    config.database.token,
  )
  await migrate(database)
  const { git, url } = await openGitops(config, dataDir)
  const parts = partsOf(config, { database, git, gitopsUrl: url, log })
  const app = httpApp({
    commands: parts.commands,
    authenticate: authenticator(
      { clock, hash: tokenHash, users: parts.commands.users as UserStore },
      { adminHash: tokenHash(admin.token) },
    ),
    health: parts.health,
    metrics: parts.metrics,
    log,
  })
  const server = await listen(app.fetch, config)
  parts.loop.start()
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  return {
    url: config.url ?? `http://localhost:${port}`,
    adminToken: admin.token,
    isFirstStart: admin.isNew,
    stop: () => stop(server, parts.loop, database),
  }
}

const clock = { nowMs: () => Date.now() }

function partsOf(
  config: Config,
  made: { database: Database; git: Git; gitopsUrl: string; log: Logger },
) {
  const { database, git, log } = made
  const writer = new LocalWriter(git, config.gitops.branch)
  const gitops = Object.assign(writer, { url: made.gitopsUrl })
  const artifacts = new ArtifactStore(database)
  const events = new EventStore(database)
  const releases = new ReleaseStore(database)
  const users = new UserStore(database)
  const sources = {
    policies: parsedOnce(sourcesOf(config.policies, git), loadPolicies),
    manifests: parsedOnce(sourcesOf(config.manifests, git), loadManifests),
  }
  const metrics = metricsOf({
    eventsByStatus: () => events.counts(),
    runningByEnv: () => releases.counts(),
  })
  const shared = { clock, ids, sources, artifacts, events, releases, gitops }
  const { landed } = metrics
  const loop = new Loop({ ...shared, landings: releases, pause, log, landed })
  const tokens = {
    next() {
      const token = newToken()
      return { token, hash: tokenHash(token) }
    },
  }
  const commands: CommandPorts = { ...shared, users, tokens, wake: () => loop.wake() }
  const health = {
    database: () => database.read('select 1'),
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const { invalid } = await sources.policies(tip)
      const { problems } = await sources.manifests(tip)
      const policyProblems = invalid.map(
        (one) => `policy ${one.file}: ${one.problems[0]?.pointer} ${one.problems[0]?.message}`,
      )
      return [...policyProblems, ...problems.map(({ message }) => `manifest ${message}`)]
    },
  }
  return { loop, commands, health, metrics: metrics.text }
}

const sourcesOf = ({ kind, folder }: Place, git: Git) =>
  kind === 'folder' ? folderSources(resolve(folder)) : branchSources(git, folder)

/** Reads sources as often as asked, and parses them again only when they changed. */
function parsedOnce<T>(
  read: (tip: Sha) => Promise<Sources>,
  parse: (sources: Sources) => T,
): (tip: Sha) => Promise<T> {
  let last: { sources: Sources; parsed: T } | undefined
  return async (tip) => {
    const sources = await read(tip)
    if (last?.sources !== sources) last = { sources, parsed: parse(sources) }
    return last.parsed
  }
}

async function openGitops({ gitops }: Config, dataDir: string): Promise<{ git: Git; url: string }> {
  const url = gitops.url ?? join(dataDir, 'gitops.git')
  if (gitops.url === null) await createRepository(url, gitops.branch, process.env)
  const git = await openClone(join(dataDir, 'clone.git'), { ...gitops, url }, process.env)
  return { git, url }
}

async function adminToken(
  config: Config,
  dataDir: string,
): Promise<{ token: string; isNew: boolean }> {
  if (config.adminToken !== null) return { token: config.adminToken, isNew: false }
  const file = join(dataDir, 'admin.token')
  if (existsSync(file)) return { token: readFileSync(file, 'utf8').trim(), isNew: false }
  const token = newToken()
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  return { token, isNew: true }
}

function listen(
  fetch: Parameters<typeof createAdaptorServer>[0]['fetch'],
  { port, host }: Config,
): Promise<ServerType> {
  const server = createAdaptorServer({
    fetch,
    serverOptions: { headersTimeout: headersMs, requestTimeout: requestMs },
  })
  if ('maxConnections' in server) server.maxConnections = connectionsMax
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(port, host, () => done(server))
  })
}

/** Takes no new work; the step in flight ends, or is left as a crash would leave it. */
async function stop(server: ServerType, loop: Loop, database: Database): Promise<void> {
  const closed = new Promise<void>((done) => {
    server.close(() => done())
  })
  const late = new AbortController()
  const deadline = pause(stopMs, undefined, { signal: late.signal }).catch(() => undefined)
  if ('closeIdleConnections' in server) server.closeIdleConnections()
  await Promise.race([Promise.all([closed, loop.stop()]), deadline])
  late.abort()
  if ('closeAllConnections' in server) server.closeAllConnections()
  database.close()
}

const idLetters = '0123456789abcdefghjkmnpqrstvwxyz'
const idChars = 12

/** Short names that people can say: 60 random bits behind `r-` for requests, `d-` for decisions. */
const ids = {
  next(kind: 'event' | 'decision'): string {
    const bytes = crypto.getRandomValues(new Uint8Array(idChars))
    const letters = Array.from(bytes, (byte) => idLetters[byte % idLetters.length])
    return `${kind === 'event' ? 'r' : 'd'}-${letters.join('')}`
  },
}

/** The program `gimletd`: reads the configuration, starts, and stops on SIGTERM or SIGINT. */
export async function runServer(): Promise<void> {
  const file = resolve('gimlet.yaml')
  const config = readConfig(process.env, existsSync(file) ? readFileSync(file, 'utf8') : null)
  if (Array.isArray(config)) {
    process.stderr.write(`gimletd cannot start:\n${config.map((one) => `  ${one}\n`).join('')}`)
    process.exit(78)
  }
  const log = makeLog((config as Config).logLevel, (config as Config).secrets)
  const server = await startServer(config as Config, log)
  for (const key of (config as Config).unused)
    log.warn({ key }, 'this version does not have the part that this setting is for')
  log.info({ url: server.url, pid: process.pid }, 'listening')
  if (server.isFirstStart) process.stderr.write(welcome(server, config as Config))
  let isStopping = false
  const end = async () => {
    if (isStopping) process.exit(1)
    isStopping = true
    await server.stop()
    log.info({}, 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', () => void end())
  process.on('SIGINT', () => void end())
}

const welcome = ({ url, adminToken: token }: Server, { dataDir }: Config): string => `
GimletD is ready at ${url}. Nothing is released yet. Try, from another terminal in this folder:

  npx gimlet artifact push -f examples/artifact.json --wait
  npx gimlet status
  npx gimlet release web production

The administrator's token, shown this once and kept in ${join(dataDir, 'admin.token')}:
  ${token}

`

const startedFile = process.argv[1]
if (startedFile && realpathSync(startedFile) === fileURLToPath(import.meta.url))
  runServer().catch((error: unknown) => {
    process.stderr.write(
      `gimletd cannot start: ${error instanceof Error ? error.message : error}\n`,
    )
    process.exit(1)
  })
