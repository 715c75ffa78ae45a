import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { everyEnvironment } from '../../src/domain/environments.ts'
import type { NewEvent, TargetedEvent } from '../../src/domain/event.ts'
import type { Sha } from '../../src/domain/names.ts'
import type { Sources } from '../../src/domain/sources.ts'
import { History } from '../../src/gitops/history.ts'
import type { LocalWriter } from '../../src/gitops/local.ts'
import { branchSources, folderSources, readFolder } from '../../src/gitops/sources.ts'
import { indexParts } from '../../src/index-parts.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { actorOf } from '../../src/policy/people.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { type BatchResult, runBatch } from '../../src/release/batch.ts'
import { expand } from '../../src/release/expand.ts'
import { Loop, type LoopPorts, type RepositoryPorts } from '../../src/release/loop.ts'
import { Stopwatch } from '../../src/release/stopwatch.ts'
import { asOne, foldersOf, manyOf } from '../../src/repository-parts.ts'
import { ArtifactStore } from '../../src/store/artifacts.ts'
import { AuditStore } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/client.ts'
import { ControlStore } from '../../src/store/controls.ts'
import { EventStore } from '../../src/store/events.ts'
import { PreviewStore } from '../../src/store/previews.ts'
import { firstRepository } from '../../src/store/release-index.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { ScheduleStore } from '../../src/store/schedules.ts'
import { alice, artifact, event, manifest } from './builders.ts'
import { settableClock } from './clock.ts'
import { historyOf } from './readings.ts'
import {
  type Later,
  newWriter,
  putFiles,
  tempDatabase,
  tempFolder,
  tempGitops,
  ways,
} from './temp.ts'

/** The ports of both parts of the loop. */
export type TestPorts = LoopPorts & RepositoryPorts & { readonly audit: AuditStore }
export type TestParts = Awaited<ReturnType<typeof testParts>>

type Given = {
  readonly policies?: Readonly<Record<string, string>>
  readonly manifests?: Readonly<Record<string, string>>
  /** The policies lie in the folder `policies` of the GitOps repository. */
  readonly policiesInGitops?: boolean
  /** What a release over a change by hand does. */
  readonly drift?: 'warn' | 'stop'
  /** A migrated database, where it is not to be one of its own. */
  readonly opened?: { readonly database: Database; readonly url: string }
}

/** Everything between a stored event and the GitOps repository, in temporary folders. */
export async function testParts(given: Given = {}, later: Later = onTestFinished) {
  const { database, url } = given.opened ?? (await tempDatabase(later))
  const gitops = await tempGitops(later)
  const folder = await tempFolder(later)
  const { policies = {}, manifests = { 'web.yaml': manifest() } } = given
  await putFiles(folder, { 'policies/.keep': '', 'manifests/.keep': '' })
  await putFiles(join(folder, 'policies'), policies)
  await putFiles(join(folder, 'manifests'), manifests)
  if (given.policiesInGitops)
    await gitops.someoneCommits({ 'policies/.keep': '', ...under('policies', policies) })
  const readPolicies = given.policiesInGitops
    ? branchSources(gitops.git, 'policies')
    : folderSources(join(folder, 'policies'))
  const readManifests = folderSources(join(folder, 'manifests'))
  const stores = {
    artifacts: new ArtifactStore(database),
    events: new EventStore(database),
    releases: new ReleaseStore(database),
    controls: new ControlStore(database),
    schedules: new ScheduleStore(database),
    previews: new PreviewStore(database, { isGithubOn: true }),
  }
  const clock = settableClock()
  // The index of a repository that nobody has released to is there at once.
  await database.write([
    { sql: 'update gitops_indexes set ref = ?', args: [await gitops.tipOfRemote()] },
  ])
  const log = {
    debug: (_: object, text: string) => void logged.push({ level: 'debug', text }),
    info: (_: object, text: string) => void logged.push({ level: 'info', text }),
    warn: (_: object, text: string) => void logged.push({ level: 'warn', text }),
    error: (_: object, text: string) => void logged.push({ level: 'error', text }),
  }
  const history = await historyOf(gitops)
  const indexOf = (
    writer: LocalWriter,
    { git, stream }: Pick<typeof gitops, 'git' | 'stream'> = gitops,
  ) =>
    indexParts({
      history: ways.readsByApi ? history : new History(git, stream),
      ...{ database, of: firstRepository, address: gitops.remote, clock },
      ...{ releases: stores.releases, gitops: writer, log, mode: given.drift ?? 'warn' },
    })
  const seenBy = (...of: Parameters<typeof indexOf>) => {
    const { follower, drift } = indexOf(...of)
    return { follower, drift, many: manyOf({ ...stores, follower }) }
  }
  const { follower, drift, many } = seenBy(gitops.writer)
  const logged: { level: string; text: string }[] = []
  const ports: TestPorts = {
    ...stores,
    clock,
    ids: countingIds(),
    sources: { policies: parsed(readPolicies, loadPolicies), manifests: parsed(readManifests, loadManifests) }, // biome-ignore format: one value
    identify(login, people) {
      const owner = { ...alice, roles: ['releaser'], createdUnix: 0 } as const
      const person = people.ofToken(login)
      return Promise.resolve(actorOf(login === alice.login ? owner : undefined, person))
    },
    charts: () => Promise.reject(new Error('no test here has a chart')),
    landings: stores.releases,
    audit: new AuditStore(database),
    environments: everyEnvironment,
    batchMax: gitops.writer.batchMax,
    many,
    gitops: gitops.writer,
    folders: foldersOf(gitops.writer, readFolder(gitops.git)),
    pause: () => Promise.resolve(),
    log,
    drift,
  }
  return {
    ...stores,
    follower,
    database,
    databaseUrl: url,
    gitops,
    clock,
    logged,
    ports,
    /** The repository as commands see it. */
    commandGitops: asOne([
      {
        ...{ environments: everyEnvironment, writer: gitops.writer, follower, ports },
        files: readFolder(gitops.git),
      },
    ]).gitops,
    putPolicies: (files: Readonly<Record<string, string | null>>) =>
      putFiles(join(folder, 'policies'), files),
    putManifests: (files: Readonly<Record<string, string | null>>) =>
      putFiles(join(folder, 'manifests'), files),
    /** Stores an artifact without asking the triggers about it. */
    async push(body: Record<string, unknown> = {}) {
      const nowMs = clock.nowMs()
      const eventId = `e-${String(body.id ?? 'web-1')}`
      const actor = JSON.stringify(event().actor)
      const result = await stores.artifacts.accept({
        artifact: artifact(body),
        eventId,
        actor,
        nowMs,
      })
      const arrival = await stores.events.find(eventId)
      if (arrival) await stores.events.close(arrival, { status: 'processed', statusDesc: '' })
      return result.artifact
    },
    /** Stores an artifact whose arrival the triggers will be asked about. */
    async arrive(body: Record<string, unknown>) {
      const actor = JSON.stringify(event().actor)
      const arrival = { artifact: artifact(body), actor, nowMs: clock.nowMs() }
      await stores.artifacts.accept({ ...arrival, eventId: `e-${String(body.id)}` })
    },
    /** Keeps an event and answers it as it was stored. */
    async ask(asked: Partial<NewEvent> = {}): Promise<TargetedEvent> {
      const made = event({ createdMs: clock.nowMs(), ...asked })
      await stores.events.add(made)
      return (await stores.events.find(made.id)) as TargetedEvent
    },
    /** What a server with a clone of its own sees of what people changed. */
    seenBy,
    /** A server that has just started on the same database and clone. */
    restarted(changed: Partial<TestPorts> = {}): TestPorts {
      const writer = newWriter(gitops.git, gitops.remote, gitops.cloneFolder)
      return { ...ports, gitops: writer, ...seenBy(writer), ...changed }
    },
  }
}

/** Carries everything out that is due, as the loop does, without its waits and second tries. */
export async function drain(ports: TestPorts): Promise<BatchResult[]> {
  const results: BatchResult[] = []
  for (let step = 0; step < 200; step++) {
    const wide = await ports.events.claimWide(ports.clock.nowMs(), 32)
    if (wide.length > 0)
      await ports.events.closeAll(await expand(ports, wide, await ports.gitops.tip()))
    const targeted = await ports.events.claimTargeted(ports.clock.nowMs(), 100, ports.environments)
    if (targeted.length > 0) results.push(await run(ports, targeted as TargetedEvent[]))
    if (wide.length === 0 && targeted.length === 0) return results
  }
  throw new Error('the queue does not come to an end')
}

/** Carries a batch out; what breaks in it is thrown. */
export async function run(
  ports: TestPorts,
  events: readonly TargetedEvent[],
): Promise<BatchResult> {
  const result = await runBatch({ ...ports, stopwatch: new Stopwatch(ports.clock) }, events)
  const [broken] = result.failed
  if (broken) throw broken[1]
  return result
}

/** A loop that runs until the test is over. */
export function startLoop(ports: TestPorts): Loop {
  const loop = new Loop(ports, [ports])
  loop.start()
  onTestFinished(() => loop.stop())
  return loop
}

const under = (folder: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]))

const parsed =
  <T>(read: (tip: Sha) => Promise<Sources>, parse: (sources: Sources) => T) =>
  async (tip: Sha) =>
    parse(await read(tip))

function countingIds() {
  let count = 0
  return { next: (kind: string) => `${kind === 'event' ? 'r' : 'd'}-made-${++count}` }
}
