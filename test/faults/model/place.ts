import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { handle } from '../../../src/commands/handle.ts'
import type { CommandPorts } from '../../../src/commands/ports.ts'
import { type Config, readConfig } from '../../../src/config.ts'
import type { Actor } from '../../../src/domain/actor.ts'
import type { Command } from '../../../src/domain/command.ts'
import type { Sources } from '../../../src/domain/sources.ts'
import type { GitopsAccess } from '../../../src/gitops-access.ts'
import { Expander } from '../../../src/release/expander.ts'
import { Releaser } from '../../../src/release/releaser.ts'
import { asOne, manyOf, repositoriesOf } from '../../../src/repository-parts.ts'
import { sourceParts } from '../../../src/source-parts.ts'
import { ArtifactStore } from '../../../src/store/artifacts.ts'
import { AuditStore } from '../../../src/store/audit.ts'
import { type Database, openDatabase } from '../../../src/store/client.ts'
import { ControlStore } from '../../../src/store/controls.ts'
import { EventStore } from '../../../src/store/events.ts'
import { newId } from '../../../src/store/ids.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { PreviewStore } from '../../../src/store/previews.ts'
import { ReleaseStore } from '../../../src/store/releases.ts'
import { RepositoryNameStore } from '../../../src/store/repository-names.ts'
import { ScheduleStore } from '../../../src/store/schedules.ts'
import { TokenStore } from '../../../src/store/tokens.ts'
import { UserStore } from '../../../src/store/users.ts'
import { identifier } from '../../../src/token-parts.ts'
import type { TestClock } from '../../support/clock.ts'

/** What a server of the model stands on; it outlives the server. */
export type Ground = {
  readonly databaseFile: string
  /** A way into the GitOps repository for a server that starts. */
  readonly access: () => GitopsAccess
  readonly clock: TestClock
  /** Policies and manifests, as they stand now. */
  readonly policies: () => Sources
  readonly manifests: () => Sources
}

export type Server = Awaited<ReturnType<typeof serverOn>>

/** A migrated database, to be copied: a copy takes a hundredth of the migrations' time. */
export async function migratedFile(folder: string): Promise<string> {
  const file = join(folder, 'template.db')
  const database = await openDatabase('file::memory:')
  await migrate(database)
  await database.read('vacuum into ?', [file])
  database.close()
  return file
}

export const copyOf = async (template: string, file: string): Promise<string> => {
  await copyFile(template, file)
  return file
}

/**
 * The parts of a server as `server-parts.ts` puts them together, on a clock that can be moved. The test
 * stands in the place of the pumps: it says when the loop steps.
 */
export async function serverOn(ground: Ground) {
  const database = await openDatabase(`file:${ground.databaseFile}`)
  // Nothing here is about power cuts, and no flush makes the runs ten times as many.
  await database.read('pragma synchronous = off')
  const { clock } = ground
  const stores = storesOn(database)
  const ids = { next: newId }
  const sources = sourceParts(config, {
    read:
      ({ folder }) =>
      async () =>
        folder.includes('policies') ? ground.policies() : ground.manifests(),
    ...{ releases: stores.releases, names: new RepositoryNameStore(database) },
  })
  const given = { config, database, clock, releases: stores.releases, sources, log }
  const repositories = repositoriesOf([ground.access()], { ...given, pushEnded: () => undefined })
  const [{ writer, follower, environments, ports }] = repositories
  const { gitops, drift } = asOne(repositories)
  const artifacts = new ArtifactStore(database)
  const users = new UserStore(database)
  const charts = () => Promise.reject(new Error('no app here has a chart'))
  const shared = { clock, ids, artifacts, charts, identify: identifier(users) }
  const audit = new AuditStore(database)
  const pause = () => Promise.resolve()
  const carried = { ...shared, ...stores, audit, pause, log, batchEnded: () => undefined }
  const expander = new Expander({ ...carried, sources, gitops, drift })
  const releaser = new Releaser({
    ...{ ...carried, ...ports, landings: stores.releases, environments },
    ...{ batchMax: writer.batchMax, many: manyOf({ ...carried, follower }) },
  })
  const commands: CommandPorts = {
    ...{ ...shared, sources, gitops, drift, ...stores, users, audit },
    ...{ tokens: new TokenStore(database), source: 'api', wake: () => expander.woken() },
  }
  return {
    ...{ database, commands, follower, ...stores, artifacts },
    ask: (actor: Actor, command: Command) => handle(commands, actor, command),
    /** What the host tells, or a look finds, of a branch that somebody moved. */
    look: async () => void (await follower.upTo(await writer.refresh())),
    /** Carries out what is due, to its end. */
    async step(): Promise<void> {
      for (let turn = 0; turn < turnsMax; turn++)
        if ((await expander.step()) + (await releaser.step()) === 0) return
      throw new Error('the queue does not come to an end')
    },
    stop: () => database.close(),
  }
}

const turnsMax = 500

const storesOn = (database: Database) => ({
  events: new EventStore(database),
  releases: new ReleaseStore(database),
  controls: new ControlStore(database),
  schedules: new ScheduleStore(database),
  previews: new PreviewStore(database, { isGithubOn: true }),
})

const config = readConfig({}, null) as Config
const quiet = () => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
