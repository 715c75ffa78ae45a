#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { admin, authenticator } from './commands/authenticate.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import { type DataFolder, keptText, openDataFolder } from './data-folder.ts'
import type { Sha } from './domain/names.ts'
import { createRepository, openClone } from './gitops/clone.ts'
import { type DirectPush, directPushFrom } from './gitops/direct-push.ts'
import type { Clone } from './gitops/forward.ts'
import type { Git } from './gitops/git.ts'
import { LocalWriter } from './gitops/local.ts'
import { readFolder } from './gitops/sources.ts'
import { healthOf } from './health-parts.ts'
import { httpApp } from './ingress/http/app.ts'
import { listen } from './ingress/http/listen.ts'
import { metricsOf } from './ingress/http/metrics.ts'
import { afterOutrun, heldCommit, leaderOf, type Part, termOf, together } from './lead-parts.ts'
import { makeLog } from './log.ts'
import { welcome } from './messages/welcome.ts'
import { actorOf } from './policy/people.ts'
import { readSettings } from './read-settings.ts'
import { Loop } from './release/loop.ts'
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
 * Throws `database_newer`, when another server has the data folder, and what keeps the database, the clone or the port from being opened.
 */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const folder = await openDataFolder(config.dataDir)
  try {
    return await serve(config, folder, log)
  } catch (error) {
    folder.release()
    throw error
  }
}

async function serve(config: Config, folder: DataFolder, log: Logger): Promise<Server> {
  const token = await adminToken(config, folder)
  const database = await openStore(config, folder)
  const { git, url: gitopsUrl, direct } = await openGitops(config, folder)
  const { commands, loopOn, follow, health, metrics, users, people, gitopsPushed } = partsOf(
    config,
    { database, git, gitopsUrl, direct, log },
  )
  const policies = proposedOf(config, git)
  const surfaces = await openSurfaces(config, {
    ...{ database, server: folder.id, commands, policies, gitopsPushed, log },
  })
  const leader = leaderOf({
    ...{ database, server: folder.id, leaseMs: config.leaseMs, follow, log },
    lead: (lease, own) => together([termOf(loopOn(lease, own)), surfaces.lead(own)]),
  })
  const authenticate = authenticator(
    { clock, hash: tokenHash, users, people },
    { adminHash: tokenHash(token.text) },
  )
  const notice = tellHalt(git, log)
  const problems = async () => [...(await health.problems()), ...(await surfaces.problems())]
  const isLeader = () => leader.isLeading
  const app = httpApp({
    ...{ commands, authenticate, notice, log },
    metrics: () => metrics(isLeader),
    health: { ...health, problems, isLeader },
    ...{ slack: surfaces.slack, github: surfaces.github, setup: surfaces.setup },
  })
  const listener = await listen(app, config)
  leader.start()
  surfaces.start()
  return {
    url: config.url ?? `http://localhost:${listener.port}`,
    adminToken: token.text,
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
      const stops = [listener.close(), leader.stop(), surfaces.stop(), git.memory?.kept()]
      await Promise.race([Promise.all(stops), deadline])
      late.abort()
      listener.closeNow()
      database.close()
      folder.release()
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
  const { events, releases, controls } = storesOn(database, config)
  const artifacts = new ArtifactStore(database)
  const users = new UserStore(database)
  const names = new RepositoryNameStore(database)
  const sources = sourceParts(config, { git, releases, names })
  const { landed, text: metrics } = metricsOf({
    eventsByStatus: () => events.counts(),
    runningByEnv: () => releases.counts(),
  })
  const ids = { next: newId }
  const gitops = { ...followed(writer, config), files: readFolder(git) }
  const identify = identifier(users)
  const shared = { clock, ids, sources, artifacts, gitops, identify }
  const people = async () => (await sources.policies(await writer.lastTip())).people
  let loop: Loop | undefined
  // Where another server leads, it finds what was kept here by looking.
  const wake = () => loop?.wake()
  /** The loop of a term. What it writes goes by the lease; artifacts it only reads. */
  const loopOn = (lease: HeldLease, own: Database): Part => {
    const stores = storesOn(own, config)
    const { releases: landings } = stores
    const held = { ...gitops, commit: heldCommit(writer, lease) }
    loop = new Loop({ ...shared, ...stores, gitops: held, landings, pause, log, landed })
    const intended = (tip: Sha) => isIntendedOn(database, tip)
    return afterOutrun(loop, lease, { writer, isIntendedOn: intended, log })
  }
  const commands: CommandPorts = {
    ...{ ...shared, events, releases, controls, users },
    ...{ tokens: { next: newToken }, source: 'api', wake },
  }
  const health = healthOf(database, writer, sources)
  const gitopsPushed = async () => {
    await writer.refresh()
    // Policies may lie there: what waits may go now.
    await controls.lookAgain()
    wake()
  }
  const follow = () => writer.refresh()
  return { loopOn, follow, commands, users, people, metrics, health, gitopsPushed }
}
/** The stores that both sides use: what people ask, and the loop. */
const storesOn = (database: Database, config: Config) => ({
  events: new EventStore(database),
  releases: new ReleaseStore(database),
  controls: new ControlStore(database),
  schedules: new ScheduleStore(database),
  previews: new PreviewStore(database, { isGithubOn: config.github !== null }),
})

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

/**
 * The writer, as decisions see it. Policies and manifests that lie on the branch are read on the tip
 * that the remote has now: what was pushed a moment ago counts, for a no as well as for a yes.
 */
function followed(writer: LocalWriter, { policies, manifests }: Config) {
  const isOnBranch = [policies, manifests].some(({ kind }) => kind === 'branch')
  return {
    url: writer.url,
    state: writer.state.bind(writer),
    resume: writer.resume.bind(writer),
    tip: () => (isOnBranch ? writer.refresh() : writer.tip()),
    lastTip: () => writer.lastTip(),
    commit: writer.commit.bind(writer),
    landed: writer.landed.bind(writer),
    preview: writer.preview.bind(writer),
    changes: writer.changes.bind(writer),
    within: writer.within.bind(writer),
  }
}

async function openStore({ database }: Config, folder: DataFolder): Promise<Database> {
  const url = database.url ?? `file:${join(folder.path, 'gimlet.db')}`
  const opened = await openDatabase(url, database.token)
  await migrate(opened)
  return opened
}

async function openGitops({ gitops }: Config, folder: DataFolder) {
  const url = gitops.url ?? join(folder.path, 'gitops.git')
  if (gitops.url === null) await createRepository(url, gitops.branch, process.env)
  const remote = { ...gitops, url, isOurs: gitops.url === null }
  const clone = join(folder.path, 'clone.git')
  const git = await openClone(clone, remote, process.env)
  const from = { folder: clone, environment: process.env, ssh: git.ssh }
  return { git, url, direct: directPushFrom(remote, from) }
}

/** Logs a halt of writing and its end once, and answers how to tell of one that stands. */
function tellHalt({ memory }: Clone, log: Logger): () => string | null {
  memory?.tell(({ halt, by }) => {
    if (halt) log.error(halt, 'writing is halted: the GitOps branch was rewritten')
    else log.warn({ by, tip: memory.tip }, 'writing goes on')
  })
  return () =>
    memory?.halt ? 'Writing is halted: the GitOps branch was rewritten. See: gimlet doctor' : null
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
