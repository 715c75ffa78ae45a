import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Problems } from './backup-parts.ts'
import type { Config } from './config.ts'
import { endOf, type RestoredEnd } from './domain/restored.ts'
import { byClone, type GitopsAccess } from './gitops-access.ts'
import { openAllGitops, placeOf } from './gitops-parts.ts'
import { reindexPorts } from './index-parts.ts'
import { Led } from './lead-parts.ts'
import { makeLog } from './log.ts'
import { shellUser } from './reindex-parts.ts'
import { outrun } from './release/outrun.ts'
import { type Reindexed, reindex } from './release/reindex.ts'
import { AuditStore, actingAs } from './store/audit.ts'
import type { Database } from './store/client.ts'
import { IndexStore } from './store/release-index.ts'
import { RestoredStore } from './store/restored.ts'

export type Told = (progress: { url: string; commits: number; of: number }) => void

/** What the GitOps branches told the database of a backup. */
export type Caught = {
  readonly repositories: readonly (Reindexed & {
    readonly url: string
    /** The commit up to which the backup had read the branch, when the branch no longer holds it. */
    readonly rewoundFrom: string | null
  })[]
  /** Releases that went out after the backup was made. */
  readonly newReleases: number
  /** The requests that were not over when it was made. */
  readonly ended: readonly RestoredEnd[]
  /** What surfaces had sent and told that was not over. */
  readonly waiting: { readonly deliveries: number; readonly messages: number }
}

type Given = {
  readonly database: Database
  readonly dataDir: string
  readonly environment: Readonly<NodeJS.ProcessEnv>
  readonly madeMs: number | null
  readonly told: Told
}

const clock = { nowMs: () => Date.now() }

/**
 * Brings the database of a backup up to what the GitOps branches hold: what was carried out since is in
 * its index, and nothing that was open is carried out again.
 */
export async function catchUp(config: Config, asked: Given): Promise<Caught | Problems> {
  const given = { ...asked, database: actingAs(asked.database, shellUser()) }
  const { database, dataDir } = given
  for (const repository of config.gitops.repositories) {
    const { url } = placeOf(repository, dataDir)
    if (repository.url === null && !existsSync(join(url, 'HEAD')))
      return {
        problems: [
          `Nothing was restored: there is no GitOps repository ${url}; put it back there first, since it says what was released`,
        ],
      }
  }
  const store = new RestoredStore(database)
  const [open, waiting] = [await store.open(), await store.waiting()]
  // What is open would be left to the loop by whoever reads the branch.
  await store.begin(open.map((request) => endOf(request, undefined)))
  await IndexStore.keepOnly(
    database,
    config.gitops.repositories.map(({ name }) => name),
  )
  const repositories: Caught['repositories'][number][] = []
  for (const access of await waysTo(config, given)) repositories.push(await read(access, given))
  const newReleases = await store.newReleases()
  const carriedOut = await store.carriedOut(open)
  const ended = open.map((request) => endOf(request, carriedOut.get(request.id)))
  await store.finish(ended, clock.nowMs())
  await record(repositories, given)
  return { repositories, newReleases, ended, waiting }
}

/** From here on the record goes on behind other commits than those that are on the branches. */
async function record(repositories: Caught['repositories'], { database, madeMs }: Given) {
  const audit = new AuditStore(database)
  const branches = repositories.map(({ url, tip }) => ({ url, tip }))
  const detail = JSON.stringify({ madeMs, branches })
  const [action, subject] = ['database.restored', 'database']
  await audit.note({ actor: shellUser(), action, subject, detail })
  await audit.seal()
}

/** As a server reaches them. */
async function waysTo(config: Config, given: Given): Promise<GitopsAccess[]> {
  if (config.gitops.writer === 'git') return (await openAllGitops(config, given)).map(byClone)
  const { openByGithub } = await import('./github-access.ts')
  const { database } = given
  return openByGithub(config, { database, led: new Led(), log: makeLog('silent', []) })
}

async function read(access: GitopsAccess, { database, madeMs, told }: Given) {
  const { name, environments } = access.config
  const of = { repository: name, environments }
  const writer = access.writer(() => undefined)
  const { ref } = await new IndexStore(database, of).position()
  // What a server had begun that is gone now can still be under way to the host.
  const made = madeMs === null ? 'an unknown time' : new Date(madeMs).toISOString()
  const why = `the database was restored from a backup of ${made}`
  const always = { isIntendedOn: async () => true, isHeld: () => true }
  await outrun({ clock, gitops: writer, why, ...always })
  const tip = await writer.refresh()
  const isKnown = ref === null || (await writer.landed([ref])).has(ref)
  const { url } = writer
  const ports = reindexPorts({ database, history: access.history, of, address: url, clock })
  const index = await reindex(ports, tip, (commits, total) => told({ url, commits, of: total }))
  await access.memory?.kept()
  return { url, rewoundFrom: isKnown ? null : ref, ...index }
}
