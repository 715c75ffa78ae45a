#!/usr/bin/env node
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { admin, authenticator } from './commands/authenticate.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import type { Sha } from './domain/names.ts'
import { createRepository, openClone } from './gitops/clone.ts'
import { type DirectPush, directPushFrom } from './gitops/direct-push.ts'
import type { Git } from './gitops/git.ts'
import { LocalWriter } from './gitops/local.ts'
import { readFolder } from './gitops/sources.ts'
import { httpApp } from './ingress/http/app.ts'
import type { Health } from './ingress/http/health.ts'
import { listen } from './ingress/http/listen.ts'
import { metricsOf } from './ingress/http/metrics.ts'
import { makeLog } from './log.ts'
import { welcome } from './messages/welcome.ts'
import { actorOf } from './policy/people.ts'
import { readSettings } from './read-settings.ts'
import { Loop } from './release/loop.ts'
import { proposedOf, sourceParts } from './source-parts.ts'
import { ArtifactStore } from './store/artifacts.ts'
import { type Database, openDatabase } from './store/client.ts'
import { ControlStore } from './store/controls.ts'
import { EventStore } from './store/events.ts'
import { newId } from './store/ids.ts'
import { migrate } from './store/migrate.ts'
import { PreviewStore } from './store/previews.ts'
import { ReleaseStore } from './store/releases.ts'
import { RepositoryNameStore } from './store/repository-names.ts'
import { ScheduleStore } from './store/schedules.ts'
import { newToken, tokenHash, UserStore } from './store/users.ts'
import { openSurfaces } from './surfaces.ts'

/** How long a stop may take before what still runs is left for the next start to finish. */
const stopMs = 8_000
/** What a program ends with when its configuration is wrong (sysexits' EX_CONFIG). */
const configExit = 78

export type Server = {
  readonly url: string
  readonly adminToken: string
  /** True when the administrator's token was made by this start. */
  readonly isFirstStart: boolean
  /** A commit of the GitOps repository as git shows it: its message, then its files or its changes. */
  show(ref: Sha, what: 'files' | 'changes'): Promise<string>
  /** Takes nothing new, lets the step in flight end, and closes. Ends within ten seconds. */
  stop(): Promise<void>
}

/**
 * Builds every part once, listens, and carries events out until it is stopped.
 * Throws `database_newer`, and what keeps the database, the clone or the port from being opened.
 */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const dataDir = resolve(config.dataDir)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const token = await adminToken(config, dataDir)
  const database = await openStore(config, dataDir)
  const { git, url: gitopsUrl, direct } = await openGitops(config, dataDir)
  const { commands, loop, health, metrics, users, people, gitopsPushed } = partsOf(config, {
    ...{ database, git, gitopsUrl, direct, log },
  })
  const policies = proposedOf(config, git)
  const surfaces = await openSurfaces(config, {
    ...{ database, commands, policies, gitopsPushed, log },
  })
  const authenticate = authenticator(
    { clock, hash: tokenHash, users, people },
    { adminHash: tokenHash(token.token) },
  )
  const problems = async () => [...(await health.problems()), ...(await surfaces.problems())]
  const app = httpApp({
    ...{ commands, authenticate, metrics, log },
    health: { ...health, problems },
    ...{ slack: surfaces.slack, github: surfaces.github, setup: surfaces.setup },
  })
  const listener = await listen(app, config)
  loop.start()
  surfaces.start()
  return {
    url: config.url ?? `http://localhost:${listener.port}`,
    adminToken: token.token,
    isFirstStart: token.isNew,
    show: (ref, what) =>
      git([
        ...['show', '--no-color', '--no-ext-diff', '--format=commit %h%n%n%w(0,4,4)%B'],
        ...(what === 'files' ? ['--stat=80'] : ['--unified=1']),
        ...[ref, '--', ':!*/release.json'],
      ]),
    async stop() {
      const late = new AbortController()
      const deadline = pause(stopMs, undefined, { signal: late.signal }).catch(() => undefined)
      const stops = [listener.close(), loop.stop(), surfaces.stop()]
      await Promise.race([Promise.all(stops), deadline])
      late.abort()
      listener.closeNow()
      database.close()
    },
  }
}

const clock = { nowMs: () => Date.now() }

type Opened = {
  readonly database: Database
  readonly git: Git
  readonly gitopsUrl: string
  readonly direct: DirectPush | undefined
  readonly log: Logger
}

function partsOf(config: Config, { database, git, gitopsUrl, direct, log }: Opened) {
  const writer = new LocalWriter(git, { url: gitopsUrl, branch: config.gitops.branch }, direct)
  const artifacts = new ArtifactStore(database)
  const events = new EventStore(database)
  const releases = new ReleaseStore(database)
  const users = new UserStore(database)
  const names = new RepositoryNameStore(database)
  const sources = sourceParts(config, { git, releases, names })
  const { landed, text: metrics } = metricsOf({
    eventsByStatus: () => events.counts(),
    runningByEnv: () => releases.counts(),
  })
  const ids = { next: newId }
  const gitops = { ...followed(writer, config), files: readFolder(git) }
  const controls = new ControlStore(database)
  const schedules = new ScheduleStore(database)
  const previews = new PreviewStore(database, { isGithubOn: config.github !== null })
  const identify = identifier(users)
  const shared = { clock, ids, sources, artifacts, events, releases, gitops, controls, identify }
  const people = async () => (await sources.policies(await writer.lastTip())).people
  const loop = new Loop({ ...shared, schedules, previews, landings: releases, pause, log, landed })
  const tokens = { next: newToken }
  const commands: CommandPorts = {
    ...{ ...shared, users, tokens, source: 'api' },
    wake: () => loop.wake(),
  }
  const health = healthOf(database, writer, sources)
  const gitopsPushed = async () => {
    await writer.refresh()
    // Policies may lie there: what waits may go now.
    await controls.lookAgain()
    loop.wake()
  }
  return { loop, commands, users, people, metrics, health, gitopsPushed }
}

/** Who someone is now: the person of `people.json` with every token of theirs, or a token's owner. */
const identifier =
  (users: UserStore): CommandPorts['identify'] =>
  async (login, people) => {
    if (login === admin.login) return admin
    const person = people.ofToken(login)
    const owners = await Promise.all(
      [login, ...(person?.tokens ?? [])].map((one) => users.find(one)),
    )
    const known = owners.flatMap((user) => user ?? [])
    const [first] = known
    const roles = [...new Set(known.flatMap((user) => user.roles))]
    return actorOf(first && { ...first, roles }, person)
  }

function healthOf(
  database: Database,
  writer: LocalWriter,
  sources: CommandPorts['sources'],
): Health {
  return {
    database: () => database.read('select 1'),
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const { invalid } = await sources.policies(tip)
      const { problems } = await sources.manifests(tip)
      return [
        ...invalid.flatMap(({ file, problems: found }) =>
          found.map(({ pointer, message }) => `policy ${file} ${pointer}: ${message}`),
        ),
        ...problems.map(({ message }) => `manifest ${message}`),
      ]
    },
  }
}

/**
 * The writer, as decisions see it. Policies and manifests that lie on the branch are read on the tip
 * that the remote has now: what was pushed a moment ago counts, for a no as well as for a yes.
 */
function followed(writer: LocalWriter, { policies, manifests }: Config) {
  const isOnBranch = [policies, manifests].some(({ kind }) => kind === 'branch')
  return {
    url: writer.url,
    tip: () => (isOnBranch ? writer.refresh() : writer.tip()),
    lastTip: () => writer.lastTip(),
    commit: writer.commit.bind(writer),
    landed: writer.landed.bind(writer),
    preview: writer.preview.bind(writer),
    changes: writer.changes.bind(writer),
    within: writer.within.bind(writer),
  }
}

async function openStore({ database }: Config, dataDir: string): Promise<Database> {
  const url = database.url ?? `file:${join(dataDir, 'gimlet.db')}`
  const opened = await openDatabase(url, database.token)
  await migrate(opened)
  return opened
}

async function openGitops({ gitops }: Config, dataDir: string) {
  const url = gitops.url ?? join(dataDir, 'gitops.git')
  if (gitops.url === null) await createRepository(url, gitops.branch, process.env)
  const folder = join(dataDir, 'clone.git')
  const remote = { ...gitops, url }
  const git = await openClone(folder, remote, process.env)
  return { git, url, direct: directPushFrom(remote, { folder, environment: process.env }) }
}

async function adminToken(
  { adminToken: configured }: Config,
  dataDir: string,
): Promise<{ token: string; isNew: boolean }> {
  if (configured !== null) return { token: configured, isNew: false }
  const file = join(dataDir, 'admin.token')
  if (existsSync(file)) return { token: readFileSync(file, 'utf8').trim(), isNew: false }
  const { token } = newToken()
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  return { token, isNew: true }
}

/**
 * The program `gimletd`: reads its settings, serves, and stops on SIGTERM or
 * SIGINT; a second one ends it at once. Ends with 78 when the configuration is wrong.
 */
export async function runServer(): Promise<void> {
  const config = readSettings(process.env)
  if ('problems' in config) {
    const lines = config.problems.map((problem) => `  ${problem}\n`)
    process.stderr.write(`gimletd cannot start; correct these settings:\n${lines.join('')}`)
    process.exit(configExit)
  }
  const log = makeLog(config.logLevel, config.secrets)
  const server = await startServer(config, log)
  for (const warning of config.warnings) log.warn({}, warning)
  log.info({ url: server.url, pid: process.pid }, 'listening')
  if (server.isFirstStart) {
    const { url, adminToken: first } = server
    const isDefault = url === 'http://localhost:8888' && resolve(config.dataDir) === resolve('data')
    const tokenFile = join(config.dataDir, 'admin.token')
    process.stderr.write(welcome({ url, token: first, tokenFile, isDefault }))
  }
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

const started = process.argv[1]
if (started && realpathSync(started) === fileURLToPath(import.meta.url))
  runServer().catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    process.stderr.write(`gimletd cannot start: ${why}\n`)
    process.exit(1)
  })
