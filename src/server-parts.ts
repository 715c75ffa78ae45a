import { setTimeout as pause } from 'node:timers/promises'
import { noteHalts, sealedAfter } from './audit-parts.ts'
import { handle } from './commands/handle.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import type { Sha } from './domain/names.ts'
import type { GitopsAccess } from './gitops-access.ts'
import { tellHalts } from './halt-parts.ts'
import { healthOf } from './health-parts.ts'
import type { GitopsPushed } from './ingress/github/hooks.ts'
import { httpApp } from './ingress/http/app.ts'
import { metricsOf } from './ingress/http/metrics.ts'
import type { SetupPorts } from './ingress/http/setup.ts'
import { heldCommit, type Led, leaderOf, outrunOthers, termOf, together } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import type { ChartRenderer } from './manifest/chart/chart-renderer.ts'
import type { PolicySet } from './policy/policy.ts'
import type { Follower } from './release/follow.ts'
import { Loop } from './release/loop.ts'
import { asOne, fetchPushed, manyOf, repositoriesOf } from './repository-parts.ts'
import type { HeldLease } from './servers/candidate.ts'
import type { Leader } from './servers/leader.ts'
import { proposedOf, type ReadPlace, sourceParts } from './source-parts.ts'
import { ArtifactStore } from './store/artifacts.ts'
import { AuditStore } from './store/audit.ts'
import type { Database } from './store/client.ts'
import { ControlStore } from './store/controls.ts'
import { EventStore } from './store/events.ts'
import { newId } from './store/ids.ts'
import { type Watched, watched } from './store/last-write.ts'
import { isIntendedOn } from './store/late-pushes.ts'
import { MessageStore } from './store/messages.ts'
import { PreviewStore } from './store/previews.ts'
import { ReleaseStore } from './store/releases.ts'
import { RepositoryNameStore } from './store/repository-names.ts'
import { ScheduleStore } from './store/schedules.ts'
import { TokenStore } from './store/tokens.ts'
import { UserStore } from './store/users.ts'
import { openSurfaces, type Surfaces } from './surfaces.ts'
import { identifier, tokenParts } from './token-parts.ts'

/** What carries requests out. */
export type Core = {
  readonly database: Database
  /** The GitOps repositories, the first one first. */
  readonly gitops: readonly GitopsAccess[]
  readonly charts: ChartRenderer
  /** Why no chart can be rendered here, for its author; `null` where helm can run. */
  readonly noHelm: string | null
  readonly read: ReadPlace
  readonly led: Led
  /** Whether there is a process whose memory and time can be measured. */
  readonly hasProcess: boolean
  readonly log: Logger
}

/** What a server is built of, on a machine or on the edge. */
export type Opened = Core & {
  readonly adminToken: string
  /** Makes the GitHub App on a page of ours, where there is none. */
  readonly setup: SetupPorts | null
  readonly who: {
    /** Names the server over all its starts. */
    readonly server: string
    /** What people call the machine. */
    readonly host: string
    /** What this server has to itself: see `mayTake`. */
    readonly place: string
  }
  /** False where somebody else says when GitHub is compared with. */
  readonly isSweeping?: boolean
}

/** A server without its door. */
export type ServerParts = {
  /** Says that there may be something new to do. */
  readonly wake: () => void
  readonly artifacts: ArtifactStore
  /** Answers every request. */
  readonly app: ReturnType<typeof httpApp>
  readonly surfaces: Surfaces
  /** The policies as they stand now. */
  readonly policiesNow: () => Promise<PolicySet>
  /** What keeps the index of each repository at its branch. */
  readonly followers: readonly Follower[]
  /** A try to lead, from its start to its stop; one at a time. */
  readonly candidacy: () => Leader
  /** What is due next, in Unix milliseconds; nothing when all is done. */
  readonly nextDueMs: () => Promise<number | undefined>
  /** Ends when what is known lies where it outlives the process. */
  readonly kept: () => Promise<unknown>
}

/** Builds every part of a server once and hands it on. Starts nothing. */
export async function serverParts(config: Config, given: Opened): Promise<ServerParts> {
  const { database, check } = watched(given.database)
  const opened = { ...given, database }
  const { gitops, led, adminToken, setup, who, isSweeping = true, log } = opened
  const { repositories, ...parts } = partsOf(config, { ...opened, check })
  const { commands, loopOn, health, metrics, artifacts, users, policiesNow, gitopsPushed } = parts
  const surfaces = await openSurfaces(config, {
    ...{ database, server: who.server, commands, gitopsPushed, isSweeping, log },
    policies: proposedOf(config, first(gitops)),
  })
  let leader: Leader | undefined
  const candidacy = () => {
    leader = leaderOf({
      ...{ database, host: who.host, place: who.place, leaseMs: config.leaseMs, log },
      follow: () => Promise.all(repositories.map(({ writer }) => writer.refresh())),
      lead(lease, own) {
        led.begins(lease)
        const loop = sealedAfter(loopOn(lease, own), { audit: new AuditStore(own), log })
        return together([termOf(loop), surfaces.lead(own)])
      },
    })
    return leader
  }
  const authenticate = tokenParts(config, {
    ...{ adminToken, database, clock, users, policies: policiesNow, log },
  })
  const recorded = noteHalts(new AuditStore(database), log)
  const notice = tellHalts(gitops, {
    log,
    told(change) {
      surfaces.halted(change)
      recorded(change)
    },
  })
  const problems = async () => [...(await health.problems()), ...(await surfaces.problems())]
  const isLeader = () => leader?.isLeading ?? false
  const app = httpApp({
    handle: (actor, command) => handle(commands, actor, command),
    ...{ clock, authenticate, notice, log },
    metrics: () => metrics.text(isLeader),
    health: { ...health, problems, isLeader },
    ...{ slack: surfaces.slack, github: surfaces.github, setup },
  })
  return {
    ...{ app, surfaces, candidacy, artifacts, wake: commands.wake, policiesNow },
    followers: repositories.map(({ follower }) => follower),
    nextDueMs: dueOf(database, [
      ...(config.slack ? ['slack'] : []),
      ...(config.github ? ['github'] : []),
    ]),
    kept: () => Promise.all(gitops.map(({ memory }) => memory?.kept())),
  }
}

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }

/** The first of the GitOps repositories, which there always is. */
export function first<T>(all: readonly T[]): T {
  const [one] = all
  if (one === undefined) throw new Error('there is no GitOps repository')
  return one
}

/** When the loop, or who tells people, has something to do. */
function dueOf(database: Database, surfaces: readonly string[]) {
  const [events, messages] = [new EventStore(database), new MessageStore(database)]
  const ofSurface = async (name: string) =>
    (await messages.changes(name, 1)).subjects.length > 0 ? 0 : messages.nextDueMs(name)
  return async () => {
    const all = [events.nextWideMs(), events.nextTargetedMs(), ...surfaces.map(ofSurface)]
    const due = (await Promise.all(all)).flatMap((ms) => ms ?? [])
    return due.length === 0 ? undefined : Math.min(...due)
  }
}

/** What answers and carries out requests, without anybody to send them. */
function partsOf(config: Config, core: Core & Pick<Watched, 'check'>) {
  const { database, check, gitops: opened, charts, noHelm, read, hasProcess, log } = core
  const { events, releases, controls } = storesOn(database, config)
  const metrics = metricsOf(countsOf({ events, releases }), { hasProcess })
  const { batchEnded, pushEnded } = metrics
  const artifacts = new ArtifactStore(database)
  const users = new UserStore(database)
  const names = new RepositoryNameStore(database)
  const sources = sourceParts(config, { read, releases, names })
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
    const audit = new AuditStore(own)
    const stores = { ...shared, ...storesOn(own, config), audit, pause, log, batchEnded }
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
    ...{ tokens: new TokenStore(database), audit: new AuditStore(database), source: 'api', wake },
  }
  const health = healthOf({ check, repositories, sources, noHelm })
  const gitopsPushed: GitopsPushed = async (push) => {
    if (!(await fetchPushed(repositories, push))) return
    // Policies may lie there: what waits may go now.
    await controls.lookAgain()
    wake()
  }
  const asked = { commands, artifacts, users, policiesNow, health, gitopsPushed }
  return { ...asked, loopOn, repositories, metrics }
}

const countsOf = ({ events, releases }: { events: EventStore; releases: ReleaseStore }) => ({
  eventsByStatus: () => events.counts(),
  runningByEnv: () => releases.counts(),
  healthByEnv: () => releases.healthCounts(),
  oldestUnpushedMs: () => events.oldestNewMs(clock.nowMs()),
})

/** The stores that both sides use: what people ask, and the loop. */
const storesOn = (database: Database, config: Config) => ({
  events: new EventStore(database),
  releases: new ReleaseStore(database),
  controls: new ControlStore(database),
  schedules: new ScheduleStore(database),
  previews: new PreviewStore(database, { isGithubOn: config.github !== null }),
})
