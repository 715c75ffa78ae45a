#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { openCharts } from './chart-parts.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import { type DataFolder, keptText, openDataFolder } from './data-folder.ts'
import { Fault } from './domain/fault.ts'
import type { Sha } from './domain/names.ts'
import { type Gitops, openAllGitops, tellHalts } from './gitops-parts.ts'
import { healthOf } from './health-parts.ts'
import type { GitopsPushed } from './ingress/github/hooks.ts'
import { httpApp } from './ingress/http/app.ts'
import { listen } from './ingress/http/listen.ts'
import { metricsOf } from './ingress/http/metrics.ts'
import { heldCommit, leaderOf, outrunOthers, termOf, together } from './lead-parts.ts'
import { makeLog } from './log.ts'
import type { ChartRenderer } from './manifest/chart/chart-renderer.ts'
import { welcome } from './messages/welcome.ts'
import { readSettings } from './read-settings.ts'
import { Loop } from './release/loop.ts'
import { asOne, fetchPushed, manyOf, repositoriesOf } from './repository-parts.ts'
import type { HeldLease } from './servers/candidate.ts'
import { proposedOf, sourceParts } from './source-parts.ts'
import { ArtifactStore } from './store/artifacts.ts'
import { type Database, openDatabase } from './store/client.ts'
import { ControlStore } from './store/controls.ts'
import { EventStore } from './store/events.ts'
import { newId } from './store/ids.ts'
import { isIntendedOn } from './store/late-pushes.ts'
import { migrate } from './store/migrate.ts'
import { PreviewStore } from './store/previews.ts'
import { IndexStore } from './store/release-index.ts'
import { ReleaseStore } from './store/releases.ts'
import { RepositoryNameStore } from './store/repository-names.ts'
import { ScheduleStore } from './store/schedules.ts'
import { TokenStore } from './store/tokens.ts'
import { newToken, UserStore } from './store/users.ts'
import { openSurfaces } from './surfaces.ts'
import { identifier, tokenParts } from './token-parts.ts'

/** How long a stop may take before what still runs is left for the next start to finish. */
const stopMs = 8_000
/** How long a start waits for the index of the GitOps repository, should there be none yet. */
const indexWaitMs = 1_000
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

/** The ways by which a server changes anything: whoever stands in them sees every change. */
export type Ways = {
  readonly database: Database
  /** The GitOps repositories, the first one first. */
  readonly gitops: readonly Gitops[]
}

/**
 * Builds every part once, listens, and carries events out until it is stopped. `through` may put
 * something in the ways, such as what ends the process at a numbered step.
 * Throws `database_newer`, when another server has the data folder, and what keeps the database, the
 * clone or the port from being opened.
 */
export async function startServer(
  config: Config,
  log: Logger,
  through: (ways: Ways) => Ways = (ways) => ways,
): Promise<Server> {
  const folder = await openDataFolder(config.dataDir)
  try {
    const database = await openStore(config, folder)
    const given = { dataDir: folder.path, environment: process.env }
    const gitops = await openAllGitops(config, given)
    const names = gitops.map(({ name }) => name)
    await IndexStore.keepOnly(database, names)
    const charts = await openCharts(config, given)
    return await serve(config, folder, { ...through({ database, gitops }), charts, log })
  } catch (error) {
    folder.release()
    throw error
  }
}

async function serve(config: Config, folder: DataFolder, opened: Opened): Promise<Server> {
  const { database, gitops, log } = opened
  const token = await adminToken(config, folder)
  const { repositories, ...parts } = partsOf(config, opened)
  const { commands, loopOn, health, metrics, users, policiesNow, gitopsPushed } = parts
  const followers = repositories.map(({ follower }) => follower)
  const policies = proposedOf(config, first(gitops).git)
  const surfaces = await openSurfaces(config, {
    ...{ database, server: folder.id, commands, policies, gitopsPushed, log },
  })
  const leader = leaderOf({
    ...{ database, server: folder.id, leaseMs: config.leaseMs, log },
    follow: () => Promise.all(repositories.map(({ writer }) => writer.refresh())),
    lead: (lease, own) => together([termOf(loopOn(lease, own)), surfaces.lead(own)]),
  })
  const authenticate = tokenParts(config, {
    ...{ adminToken: token.text, database, clock, users, policies: policiesNow, log },
  })
  const notice = tellHalts(gitops, { log, told: surfaces.halted })
  const problems = async () => [...(await health.problems()), ...(await surfaces.problems())]
  const isLeader = () => leader.isLeading
  const app = httpApp({
    ...{ commands, authenticate, notice, log },
    metrics: () => metrics.text(isLeader),
    health: { ...health, problems, isLeader },
    ...{ slack: surfaces.slack, github: surfaces.github, setup: surfaces.setup },
  })
  for (const follower of followers) follower.start()
  // The index of a small repository is there at once; a large one is read beside the releases.
  await Promise.race([Promise.all(followers.map((one) => one.first())), pause(indexWaitMs)])
  const listener = await listen(app, config)
  leader.start()
  surfaces.start()
  return {
    url: config.url ?? `http://localhost:${listener.port}`,
    adminToken: token.text,
    isFirstStart: token.isNew,
    show: (ref, what) =>
      first(gitops).git([
        ...['show', '--no-color', '--no-ext-diff', '--format=commit %h%n%n%w(0,4,4)%B'],
        ...(what === 'files' ? ['--stat=80'] : ['--unified=1']),
        ...[ref, '--', ':!*/release.json'],
      ]),
    async stop() {
      const late = new AbortController()
      const deadline = pause(stopMs, undefined, { signal: late.signal }).catch(() => undefined)
      const stops = [listener.close(), leader.stop(), surfaces.stop()]
      stops.push(...followers.map((follower) => follower.stop()))
      stops.push(...gitops.map(async ({ git }) => git.memory?.kept()))
      await Promise.race([Promise.all(stops), deadline])
      late.abort()
      listener.closeNow()
      database.close()
      folder.release()
    },
  }
}

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }

type Opened = Ways & { readonly charts: ChartRenderer; readonly log: Logger }

function first(gitops: readonly Gitops[]): Gitops {
  const [one] = gitops
  if (one === undefined) throw new Error('there is no GitOps repository')
  return one
}

function partsOf(config: Config, { database, gitops: opened, charts, log }: Opened) {
  const { events, releases, controls } = storesOn(database, config)
  const metrics = metricsOf({
    eventsByStatus: () => events.counts(),
    runningByEnv: () => releases.counts(),
    healthByEnv: () => releases.healthCounts(),
    oldestUnpushedMs: () => events.oldestNewMs(clock.nowMs()),
  })
  const { batchEnded, pushEnded } = metrics
  const artifacts = new ArtifactStore(database)
  const users = new UserStore(database)
  const names = new RepositoryNameStore(database)
  const sources = sourceParts(config, { git: first(opened).git, releases, names })
  const ids = { next: newId }
  const given = { config, database, clock, releases, sources, log, pushEnded }
  const repositories = repositoriesOf(opened, given)
  const { gitops, drift } = asOne(repositories)
  const shared = { clock, ids, artifacts, charts, identify: identifier(users) }
  const policiesNow = async () => sources.policies(await gitops.lastTip())
  let loop: Loop | undefined
  // Where another server leads, it finds what was kept here by looking.
  const wake = () => loop?.wake()
  /** The loop of a term. What it writes goes by the lease; artifacts it only reads. */
  const loopOn = (lease: HeldLease, own: Database): Loop => {
    const stores = { ...shared, ...storesOn(own, config), pause, log, batchEnded }
    const landings = stores.releases
    const isIntended = (tip: Sha) => isIntendedOn(database, tip)
    loop = new Loop(
      { ...stores, sources, gitops, drift },
      repositories.map(({ writer, follower, environments, ports }) => ({
        ...{ ...stores, ...ports, landings, environments, batchMax: writer.batchMax },
        many: manyOf({ ...stores, follower }),
        gitops: { ...ports.gitops, commit: heldCommit(writer, lease) },
        ready: outrunOthers(lease, { writer, isIntendedOn: isIntended, log }),
      })),
    )
    return loop
  }
  const commands: CommandPorts = {
    ...{ ...shared, sources, gitops, drift, events, releases, controls, users },
    ...{ tokens: new TokenStore(database), source: 'api', wake },
  }
  const health = healthOf({ database, repositories, sources })
  const gitopsPushed: GitopsPushed = async (push) => {
    if (!(await fetchPushed(repositories, push))) return
    // Policies may lie there: what waits may go now.
    await controls.lookAgain()
    wake()
  }
  return { loopOn, repositories, commands, users, policiesNow, metrics, health, gitopsPushed }
}
/** The stores that both sides use: what people ask, and the loop. */
const storesOn = (database: Database, config: Config) => ({
  events: new EventStore(database),
  releases: new ReleaseStore(database),
  controls: new ControlStore(database),
  schedules: new ScheduleStore(database),
  previews: new PreviewStore(database, { isGithubOn: config.github !== null }),
})

async function openStore({ database }: Config, folder: DataFolder): Promise<Database> {
  const url = database.url ?? `file:${join(folder.path, 'gimlet.db')}`
  const opened = await openDatabase(url, database.token)
  await migrate(opened)
  return opened
}

const adminToken = async (
  { adminToken: configured }: Config,
  folder: DataFolder,
): Promise<{ text: string; isNew: boolean }> =>
  configured === null
    ? keptText(join(folder.path, 'admin.token'), () => newToken().token)
    : { text: configured, isNew: false }

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
  const server = await startServer(config, log).catch(endOnSetting)
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

/** What is wrong with some settings shows only when they are used. */
function endOnSetting(error: unknown): never {
  if (!(error instanceof Fault) || error.code !== 'setting_wrong') throw error
  process.stderr.write(`gimletd cannot start: ${error.message}\n`)
  process.exit(configExit)
}

const started = process.argv[1]
if (started && realpathSync(started) === fileURLToPath(import.meta.url))
  runServer().catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    process.stderr.write(`gimletd cannot start: ${why}\n`)
    process.exit(1)
  })
