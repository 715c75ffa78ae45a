#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openCharts } from './chart-parts.ts'
import type { Config } from './config.ts'
import { type DataFolder, keptText, openDataFolder } from './data-folder.ts'
import { Fault } from './domain/fault.ts'
import type { Sha } from './domain/names.ts'
import type { openByGithub } from './github-access.ts'
import { folderSources } from './gitops/sources.ts'
import { byClone, type GitopsAccess } from './gitops-access.ts'
import { type Gitops, openAllGitops } from './gitops-parts.ts'
import { listen } from './ingress/http/listen.ts'
import type { SetupPorts } from './ingress/http/setup.ts'
import { Led } from './lead-parts.ts'
import { makeLog } from './log.ts'
import type { Logger } from './logger.ts'
import type { ChartRenderer } from './manifest/chart/chart-renderer.ts'
import { welcome } from './messages/welcome.ts'
import { readSettings } from './read-settings.ts'
import { first, serverParts } from './server-parts.ts'
import { type Database, openDatabase } from './store/client.ts'
import { migrate } from './store/migrate.ts'
import { IndexStore } from './store/release-index.ts'
import { newToken } from './store/users.ts'

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
  /** The clones of the GitOps repositories, the first one first; none where GitHub's API is the way. */
  readonly clones: readonly Gitops[]
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
    const isByGit = config.gitops.writer === 'git'
    const clones = isByGit ? await openAllGitops(config, given) : []
    const names = config.gitops.repositories.map(({ name }) => name)
    await IndexStore.keepOnly(database, names)
    const charts = await openCharts(config, given)
    return await serve(config, folder, { ...through({ database, clones }), charts, log })
  } catch (error) {
    folder.release()
    throw error
  }
}

async function serve(config: Config, folder: DataFolder, opened: OnMachine): Promise<Server> {
  const { database, clones, charts, log } = opened
  const token = await adminToken(config, folder)
  const led = new Led()
  const gitops =
    config.gitops.writer === 'git'
      ? clones.map(byClone)
      : await byGithub(config, { database, led, log })
  const server = await serverParts(config, {
    ...{ database, gitops, led, charts, log },
    adminToken: token.text,
    read: ({ kind, folder: name }) =>
      kind === 'folder' ? folderSources(resolve(name)) : first(gitops).sources(name),
    setup: await setupOf(config, log),
    ...{ hasProcess: true, noHelm: null },
    who: { server: folder.id, host: hostname(), place: folder.id },
  })
  const { app, surfaces, followers } = server
  const leader = server.candidacy()
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
      first(clones).git([
        ...['show', '--no-color', '--no-ext-diff', '--format=commit %h%n%n%w(0,4,4)%B'],
        ...(what === 'files' ? ['--stat=80'] : ['--unified=1']),
        ...[ref, '--', ':!*/release.json'],
      ]),
    async stop() {
      const late = new AbortController()
      const deadline = pause(stopMs, undefined, { signal: late.signal }).catch(() => undefined)
      const stops = [listener.close(), leader.stop(), surfaces.stop()]
      stops.push(...followers.map((follower) => follower.stop()))
      await Promise.race([Promise.all([...stops, server.kept()]), deadline])
      late.abort()
      listener.closeNow()
      database.close()
      folder.release()
    },
  }
}

/** Loaded only where it is chosen. */
const byGithub = async (...given: Parameters<typeof openByGithub>): Promise<GitopsAccess[]> =>
  (await import('./github-access.ts')).openByGithub(...given)

/** Loaded only where there is no GitHub App yet. */
const setupOf = async ({ setup, dataDir }: Config, log: Logger): Promise<SetupPorts | null> =>
  setup && (await import('./setup-parts.ts')).setupParts({ ...setup, dataDir, log })

type OnMachine = Ways & { readonly charts: ChartRenderer; readonly log: Logger }

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
